"""Documents from the PACS whose patient's identity was removed: their Patient ID may be somebody else's number."""

from __future__ import annotations

from bridge.model.dataset import DataSet
from bridge.sync.basis.held import Held
from bridge.sync.basis.route import Route
from bridge.translate.header.identity import is_pseudonym


def is_left_alone(route: Route, header: DataSet) -> bool:
    """Whether the route skips this document, because its patient's identity was removed. Raises Held where a person
    decides."""
    if route.identity_removed == "carry" or not is_pseudonym(header, route.known(header)):
        return False
    if route.identity_removed == "hold":
        raise Held(
            f"{route.dicom.name}: Patient Identity Removed (0012,0062) is YES, and its Patient ID would be taken for "
            f"one of {route.issuer}; store it with the issuer of the pseudonym, or set `identity_removed` of the route "
            "to skip or carry, then `fhir-dicom retry`"
        )
    return True
