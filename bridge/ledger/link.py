"""What both sides agreed on last about one document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_WARNINGS = 20  # that are kept of one document


@dataclass(frozen=True, slots=True)
class Link:
    document: str
    route: str
    born: str  # fhir or dicom
    root: str
    versions: dict[str, str]
    fhir_digest: str  # state of the side: digest, `retracted` or `gone`
    instance: str
    dicom_digest: str  # state of the side
    chain: list[list[str]]  # study, series, class, instance of every version, head last
    revision: str = ""  # of the mapping that the two were translated by
    reading: str = ""  # born in DICOM: digest of what the head was read as, whoever has edited that since
    warnings: str = ""  # of the translation of the head, a line each

    @property
    def first(self) -> str:
        """SOP Instance UID of the first version."""
        return self.chain[0][3]

    @property
    def head(self) -> str:
        """SOP Instance UID of the newest version."""
        return self.chain[-1][3]


class Intent(NamedTuple):
    """What was begun and is not agreed yet: nothing, where it is empty."""

    act: str = ""  # its kind, and what it is of
    keys: Sequence[str] = ()

    @property
    def kind(self) -> str:
        return self.act.partition(":")[0]

    @property
    def of(self) -> str:
        return self.act.partition(":")[2]


def lines_of(warnings: Iterable[str]) -> str:
    """Of one translation, for `Link.warnings`: each once, and of very many the first."""
    said = list(dict.fromkeys(warnings))
    more = [f"and {len(said) - _WARNINGS} more"] if len(said) > _WARNINGS else []
    return "\n".join([*said[:_WARNINGS], *more])


def extended(chain: Sequence[list[str]], version: Sequence[str]) -> list[list[str]]:
    """The chain with that version as its head, unless it is in it already."""
    return list(chain) if list(version) in chain else [*chain, list(version)]
