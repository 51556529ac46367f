"""A document as it was made, with what its report is about."""

from __future__ import annotations

from re import compile as compiled
from typing import NamedTuple

from bridge.model.content import Path
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.private import Piece
from bridge.translate.report.report import Report


class Made(NamedTuple):
    group: Group
    document: Document
    homes: dict[Path, Json]  # element of each item
    image: FhirImage  # the document, read natively
    pieces: dict[Path, Piece]  # what its items do not say of the group
    report: Report


def taken_away(places: list[str]) -> list[str]:
    """Warnings: text removed in FHIR equals the Code Meaning, and will come back; or items make a narrative, of which
    nobody knows whether there was one before they were edited."""
    return [f"{place}: {_NARRATIVE if _NARRATIVES.fullmatch(place) else _WORDS}" for place in places]


_WORDS = "taken away; its code says the words, and brings them back"
_NARRATIVE, _NARRATIVES = "not there; it repeats items, and comes with them", compiled(r"\w+\.text")
