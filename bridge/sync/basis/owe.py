"""Makes items of a route owed: they will be looked at again."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.sync.basis.route import Route


def owe_fhir(route: Route, ledger: Ledger, *keys: str) -> None:
    """These resources, by `Type/id`."""
    ledger.work.owe(route.name, route.fhir.name, *keys)


def owe_dicom(route: Route, ledger: Ledger, *keys: str) -> None:
    """These instances or studies, by the keys that their store gives them."""
    ledger.work.owe(route.name, route.dicom.name, *keys)
