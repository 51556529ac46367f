"""Routes: what is kept in step, and by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bridge.settings.only import Only
from bridge.settings.stores import StoreSettings, holds
from bridge.settings.strict import Strict


class RouteSettings(Strict):
    between: tuple[str, str]  # names of two stores, one of each world
    direction: Literal["both", "to-fhir", "to-dicom"] = "both"
    deleted: Literal["mark", "delete", "ignore"] = "mark"  # what was deleted on one side, on the other
    superseded: Literal["keep", "delete"] = "keep"  # SR instances that a newer version of ours replaces
    demographics: Literal["new-only", "propagate", "from-dicom"] = "new-only"  # where a corrected Patient goes
    merges: Literal["hold", "follow"] = "hold"  # what a Patient that another replaces means for the documents
    identity_removed: Literal["hold", "skip", "carry"] = "hold"  # pseudonyms among the Patient IDs of the archive
    imaging_studies: bool = True  # each study of the PACS as ImagingStudy
    conflicts: Literal["hold", "fhir", "dicom"] = "hold"  # whose news hold where both sides have some
    only: Only = Only()


def route_of(stores: Mapping[str, StoreSettings]) -> RouteSettings:
    """Between the one FHIR store and the one DICOM store that there are, or those of several that are called so. Raises
    ValueError where it takes a choice."""
    if [holds(stores[name]) for name in ("fhir", "dicom") if name in stores] == ["fhir", "dicom"]:
        return RouteSettings(between=("fhir", "dicom"))
    fhir, dicom = ([name for name, store in stores.items() if holds(store) == world] for world in ("fhir", "dicom"))
    if len(fhir) != 1 or len(dicom) != 1:
        raise ValueError(
            f"routes: nothing says which of the stores {', '.join(stores)} are kept in step; write "
            "`routes: [{between: [NAME, NAME]}]`, one of each world"
        )
    return RouteSettings(between=(fhir[0], dicom[0]))
