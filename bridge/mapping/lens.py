"""A lens: one leaf, seen from both sides. Put is derived from it and never written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from bridge.errors import MappingError
from bridge.mapping.codings import concept_to_dicom, concept_to_fhir
from bridge.mapping.dates import (
    date_to_dicom,
    date_to_fhir,
    datetime_to_dicom,
    datetime_to_fhir,
    time_to_dicom,
    time_to_fhir,
)
from bridge.mapping.numbers import quantity_to_dicom, quantity_to_fhir
from bridge.mapping.people import (
    names_to_dicom,
    names_to_fhir,
    person_of_string,
    person_string,
    sex_to_dicom,
    sex_to_fhir,
)
from bridge.mapping.texts import (
    dicom_text,
    fhir_string,
    token_to_dicom,
    token_to_fhir,
    uid_identifier,
    uid_of,
    uid_to_dicom,
    uid_to_fhir,
)
from bridge.model.content import Code
from bridge.model.group import Json

D = TypeVar("D")
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Lens(Generic[D, F]):
    """Law: `to_fhir(to_dicom(f)) == f` for what `to_dicom` accepts; where that is rounded, the remainder keeps
    the rest.

    Both raise ValueError on what they cannot hold.
    """

    to_fhir: Callable[[D], F]
    to_dicom: Callable[[F], D]
    takes: frozenset[str] = frozenset()  # VRs (PS3.5 6.2), and the value types NUM and CODE; empty: any
    gives: frozenset[str] = frozenset()  # types of the FHIR element, `*` where it repeats; empty: any


def lenses() -> dict[str, Lens[Any, Any]]:
    """Ours, and those of other packages by entry point `fhir_dicom.lenses`. A taken name is a MappingError."""
    found = dict(LENSES)
    for point in entry_points(group="fhir_dicom.lenses"):
        if point.name in found:
            raise MappingError([f"{point.value}: lens {point.name!r} is there already; give it another name"])
        found[point.name] = point.load()
    return found


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXTS = _words("LO SH ST LT UC UT")
CONCEPT: Lens[Code | None, dict[str, Json]] = Lens(
    concept_to_fhir, concept_to_dicom, _words("CODE"), _words("CodeableConcept")
)
DATETIME = Lens(datetime_to_fhir, datetime_to_dicom, _words("DT"), _words("dateTime instant"))
LENSES: dict[str, Lens[Any, Any]] = {
    "string": Lens(fhir_string, dicom_text, _TEXTS, _words("string markdown")),
    "uid-string": Lens(uid_to_fhir, uid_to_dicom, _words("UI"), _words("string uri")),
    "token": Lens(token_to_fhir, token_to_dicom, _TEXTS, _words("Identifier")),
    "uid-identifier": Lens(uid_identifier, uid_of, _words("UI"), _words("Identifier*")),
    "date": Lens(date_to_fhir, date_to_dicom, _words("DA"), _words("date dateTime")),
    "time": Lens(time_to_fhir, time_to_dicom, _words("TM"), _words("time")),
    "datetime": DATETIME,
    "concept": CONCEPT,
    "quantity": Lens(quantity_to_fhir, quantity_to_dicom, _words("NUM"), _words("Quantity")),
    "person-name": Lens(names_to_fhir, names_to_dicom, _words("PN"), _words("HumanName*")),
    "person-string": Lens(person_string, person_of_string, _words("PN"), _words("string")),
    "sex": Lens(sex_to_fhir, sex_to_dicom, _words("CS"), _words("code")),
}
