"""Two stores, and in which direction documents go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge.model.dataset import DataSet
from bridge.stores.store import InstanceStore, ResourceStore
from bridge.sync.decision.decide import Policy
from bridge.sync.decision.filter import Filter
from bridge.translate.basis.ids import Known
from bridge.translate.basis.times import zone_of

Demographics = Literal["new-only", "propagate", "from-dicom"]
"""Where a corrected Patient goes: into documents to come, into those that are there too, or from the PACS to FHIR."""
Merges = Literal["hold", "follow"]
"""Documents of a Patient that another replaces: a person decides, or they are the survivor's."""
Pseudonyms = Literal["hold", "skip", "carry"]
"""What comes from the PACS without its patient's identity: a person decides, it is left alone, or the Patient ID is one
like any other."""
Direction = Literal["both", "to-fhir", "to-dicom"]


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    fhir: ResourceStore
    dicom: InstanceStore
    direction: Direction
    system: str  # identity of the FHIR store, part of every derived id
    issuer: str | None  # of Patient IDs that name none
    timezone: str  # IANA name, or `+hh:mm`, of DICOM times that name none
    policy: Policy = Policy()
    only: Filter = Filter()
    demographics: Demographics = "new-only"
    merges: Merges = "hold"
    identity_removed: Pseudonyms = "hold"
    imaging_studies: bool = True  # studies of the PACS become ImagingStudies
    beside: tuple[tuple[str, str], ...] = ()  # names of other routes of the FHIR store, and of their PACS
    settle: float = 0  # seconds that what is new in the FHIR store waits for what belongs to it

    @property
    def writes_fhir(self) -> bool:
        """Whether news of the PACS go to the FHIR store."""
        return self.direction != "to-dicom"

    @property
    def writes_dicom(self) -> bool:
        """Whether news of the FHIR store go to the PACS."""
        return self.direction != "to-fhir"

    def known(self, header: DataSet = (), first: str | None = None) -> Known:
        """What translation has to know. `first`: SOP Instance UID of the first version of the document."""
        return Known(self.system, self.issuer, zone_of(header, self.timezone), document=first)
