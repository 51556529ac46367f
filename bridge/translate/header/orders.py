"""Accession Number (PS3.3 C.7.2.1) and orders (Referenced Request Sequence, C.17.2) <-> identifiers of an ImagingStudy
or a report, and DiagnosticReport.basedOn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bridge.model.dataset import UNICODE, Charset, DataSet, Element, items, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Resource
from bridge.translate.basis.node import Home
from bridge.translate.header.identity import TYPE_SYSTEM, is_of_type, issuer_elements, issuer_of

ACCESSION, ACCESSION_ISSUER = 0x00080050, 0x00080051
REQUESTS, PLACER_ORDER, PLACER = 0x0040A370, 0x00402016, 0x00400026  # Order Placer Identifier Sequence
_ACCESSION_TYPE = {"coding": [{"system": TYPE_SYSTEM, "code": "ACSN"}]}
_PLACER_TYPE = {"coding": [{"system": TYPE_SYSTEM, "code": "PLAC"}]}
_SH = re.compile(r"[^\x00-\x1f\x7f\\]{1,16}")


# -- to FHIR --------------------------------------------------------------------------------------------------------
def orders_of(document: Document) -> list[Home]:
    """What the document answers (R4 DiagnosticReport.basedOn): of each request (Referenced Request Sequence, PS3.3
    C.17.2) the accession number, else the number of who placed it; the accession number of the study (C.7.2.1) where
    that is no request's. References by identifier, as no ServiceRequest is known here."""
    charset = document.charset
    said = [
        accession_in(one, charset) or _number_in(one, charset, PLACER_ORDER, PLACER, _PLACER_TYPE)
        for one in items(document.header, REQUESTS)
    ]
    found = [one for one in said if one is not None]
    of_study = accession_in(document.header, charset)
    if of_study is not None and of_study["value"] not in [one["value"] for one in found]:
        found.insert(0, of_study)
    distinct = [one for index, one in enumerate(found) if one not in found[:index]]
    return [{"type": "ServiceRequest", "identifier": one} for one in distinct]


def accession_in(data: DataSet, charset: Charset) -> Home | None:
    return _number_in(data, charset, ACCESSION, ACCESSION_ISSUER, _ACCESSION_TYPE)


def _number_in(data: DataSet, charset: Charset, tag: int, issuers: int, kind: Home) -> Home | None:
    number = text_of(data, tag, charset)
    if not number:
        return None
    issuer = next((issuer_of(one, charset) for one in items(data, issuers)), None)
    return {"type": kind, **({"system": issuer} if issuer is not None else {}), "value": number}


# -- to DICOM -------------------------------------------------------------------------------------------------------
def accession_elements(ordered: Resource) -> Iterator[Element]:
    """Of a study or a report: by its own identifier, or by that of the order it is based on."""
    _, found = _first_accessions(ordered)
    if len(found) != 1:  # of two, nobody knows which one it is
        return
    ((number, issuers),) = found.items()
    yield text_element(ACCESSION, "SH", number, UNICODE)
    if len(issuers) == 1:
        (issuer,) = issuers
        yield Element(ACCESSION_ISSUER, "SQ", (issuer_elements(issuer),))


def unfit_accessions(ordered: Resource) -> list[str]:
    """Elements of a study or a report with an accession number that `accession_elements` cannot say."""
    return [name for name, identifiers in _ordered(ordered) if not all(map(_fits, _numbered(identifiers)))]


def several_accessions(ordered: Resource) -> str | None:
    """The element that says more than one, so that `accession_elements` says none; None where none does."""
    name, found = _first_accessions(ordered)
    return name if len(found) > 1 else None


def _first_accessions(ordered: Resource) -> tuple[str, dict[str, set[str]]]:
    """Of the first element that says any, with its name."""
    said = ((name, _accessions(identifiers)) for name, identifiers in _ordered(ordered))
    return next((one for one in said if one[1]), ("", {}))


def _ordered(ordered: Resource) -> Iterator[tuple[str, list[Home]]]:
    yield "identifier", ordered.get("identifier", [])
    yield "basedOn", [one.get("identifier", {}) for one in ordered.get("basedOn", ())]


def _numbered(identifiers: Iterable[Home]) -> list[Home]:
    said = [one for one in identifiers if is_of_type(one, "ACSN") and one.get("use") != "old"]
    return [one for one in said if one.get("value", "").strip()]


def _fits(identifier: Home) -> bool:
    return _SH.fullmatch(identifier["value"].strip()) is not None


def _accessions(identifiers: Iterable[Home]) -> dict[str, set[str]]:
    """Those that fit, with the systems that they are of: cut, it would be another order."""
    found: dict[str, set[str]] = {}
    for one in filter(_fits, _numbered(identifiers)):
        found.setdefault(one["value"].strip(), set()).update([one["system"]] if one.get("system") else [])
    return found
