"""A worker asks for another look at items of its route, on either side."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.sync.basis.route import Route


def owe_fhir(route: Route, ledger: Ledger, *keys: str) -> None:
    """These resources, by `Type/id`."""
    ledger.work.owe(route.name, route.fhir.name, *keys)


def owe_dicom(route: Route, ledger: Ledger, *keys: str) -> None:
    """These instances or studies, by what their store names them."""
    ledger.work.owe(route.name, route.dicom.name, *keys)
