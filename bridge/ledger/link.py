"""What both sides agreed on last about one document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from bridge.model.version import Version
from bridge.model.world import World

Kind = Literal[
    "to-dicom",  # an instance is stored; of the key by which the store will name it
    "to-fhir",  # resources are written; of the key of the instance that says them
    "reject",  # a rejection note is stored; this and the next three: of the state of the other side
    "remove-instances",
    "retract",  # resources are entered in error
    "remove-resources",
    "demographics",  # the newest instance is replaced; of nothing
    "merge",  # instances are filed under the survivor, or back; of the state of the FHIR side that is agreed on then
    "unmerge",
    "imaging-study",  # an ImagingStudy is written; of nothing
]
"""What an intent is about to do. These words are stored in ledgers: to change one takes a migration."""

RETRACTED = "retracted"
"""State of a side: entered in error, or rejected by a note (IHE RAD TF IOCM), whatever its content still says."""
GONE = "gone"
"""State of a side: deleted; the store was asked directly, and it is certain."""
VOID = (RETRACTED, GONE)
"""The states in which a side says nothing any more."""
UNKNOWN = "unknown"
"""State of a side on which nothing is known to be agreed: the link was built again from the instances
(`bridge.sync.lost`), or what the side says has to be looked at anew."""
STRANGE = "strange"
"""State of the PACS side: nothing shows yet that the resource in the place that it names was made from it, or it from
that resource."""
OUTDATED = "of an earlier translation"
"""State of the PACS side, never stored: the mapping of now would make other resources of it than were made."""
UNDONE = "of a survivor"
"""State of the PACS side, never stored: it is filed under the Patient who replaced its own, and the replacement has
been undone."""

_WARNINGS = 20  # that are kept of one document


@dataclass(frozen=True, slots=True)
class Link:
    document: str
    route: str
    born: World
    root: str
    versions: dict[str, str]
    fhir_digest: str  # state of the side: its digest, or one of the names above
    instance: str
    dicom_digest: str  # state of the side
    chain: tuple[Version, ...]  # head last
    revision: str = ""  # of the mapping that the two were translated by
    reading: str = ""  # born in DICOM: digest of what the head was read as, whoever has edited that since
    warnings: str = ""  # of the translation of the head, a line each
    carried: str = ""  # digests of what later versions of the PACS said, a word each, as they were carried

    @classmethod
    def unremembered(
        cls, *, document: str, route: str, born: World, root: str, instance: str, version: Version
    ) -> Link:
        """Of a document that is there, and on which no agreement is remembered."""
        return cls(
            document=document,
            route=route,
            born=born,
            root=root,
            versions={},
            fhir_digest=UNKNOWN,
            instance=instance,
            dicom_digest=UNKNOWN,
            chain=(version,),
        )

    @property
    def first(self) -> str:
        """SOP Instance UID of the first version."""
        return self.chain[0].sop_instance

    @property
    def head(self) -> str:
        """SOP Instance UID of the newest version."""
        return self.chain[-1].sop_instance


class Intent(NamedTuple):
    """What was begun and is not agreed on yet; empty where nothing was begun."""

    act: str = ""  # as `act_of` makes it
    keys: Sequence[str] = ()

    @property
    def kind(self) -> Kind | None:
        return parts_of(self.act)[0] if self.act else None

    @property
    def of(self) -> str:
        return parts_of(self.act)[1]


def act_of(kind: Kind, of: str = "") -> str:
    """The act as the ledger has it: `kind:of`, or the kind alone."""
    return f"{kind}:{of}" if of else kind


def parts_of(act: str) -> tuple[Kind, str]:
    """The kind of an act, and what it is of, which may be empty."""
    kind, _, of = act.partition(":")
    return cast(Kind, kind), of


def lines_of(warnings: Iterable[str]) -> str:
    """The warnings of one translation, for `Link.warnings`: each once, and no more than the first 20."""
    said = list(dict.fromkeys(warnings))
    more = [f"and {len(said) - _WARNINGS} more"] if len(said) > _WARNINGS else []
    return "\n".join([*said[:_WARNINGS], *more])


def extended(chain: Sequence[Version], version: Version) -> tuple[Version, ...]:
    """The chain with that version as its head, unless it is in it already."""
    return tuple(chain) if version in chain else (*chain, version)
