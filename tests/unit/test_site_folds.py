"""A site's row for an element that a shipped row reads, too: the site's writes what was born in FHIR, both are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Coded, Container, ContentItem, Num
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone, measured

KNOWN = Known()
SHIPPED = load()
METHOD, SITE = Code("370129005", "SCT", "Measurement Method"), Code("363698007", "SCT", "Finding Site")
OWN, ISE = Code("OWN", "99LOCAL", "Own"), Code("703690001", "SCT", "Ion selective")
ELECTRODE = {"coding": [{"system": "http://snomed.info/sct", "code": "703690001", "display": "Ion selective"}]}
SAID: dict[str, Any] = {
    "method": ELECTRODE,
    "bodySite": {"coding": [{"system": "http://snomed.info/sct", "code": "368209003", "display": "Right arm"}]},
    "interpretation": [{"coding": [{"system": "http://snomed.info/sct", "code": "371879000", "display": "High"}]}],
    "category": [{"coding": [{"system": "urn:lab:categories", "code": "A", "display": "A"}]}],
    "identifier": [{"system": "urn:lab:numbers", "value": "4711"}],
    "note": [{"text": "Hemolytic"}],
}
FOLDS = {
    "method": "CODE, method, concept",
    "bodySite": "CODE, bodySite, concept",
    "interpretation": "CODE, interpretation, concept",
    "category": "CODE, category, concept",
    "identifier": "TEXT, identifier, token",
    "note": "TEXT, note.text, string",
}


def by_row(folder: Path, row: str) -> Mapping:
    relations = "relationships:\n  HAS CONCEPT MOD: [99LOCAL OWN]\n"
    (folder / "site.yaml").write_text(f"shape: observation\nfhir: Observation\nfolds:\n  - [{row}]\n{relations}")
    return load(folder)


def of_method(folder: Path) -> Mapping:
    return by_row(folder, f"99LOCAL OWN, Own, {FOLDS['method']}")


def walk(item: ContentItem) -> Iterator[ContentItem]:
    yield item
    for child in item.children:
        yield from walk(child)


def concepts(document: Document) -> list[str]:
    return [one.concept.value for one in walk(document.root) if one.concept is not None]


def number_in(group: Group) -> Resource:
    (found,) = (one for one in group.resources() if "valueQuantity" in one)
    return found


def of_the_pacs(method: Code) -> Document:
    header = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()).header
    below = (ContentItem("HAS CONCEPT MOD", method, Coded(ISE), (), ()),)
    unit = Num(("4.1",), Code("mmol/L", "UCUM", "mmol/L"), None)
    number = ContentItem("CONTAINS", Code("2823-3", "LN", "Potassium"), unit, below, ())
    return Document(
        header, ContentItem(None, Code("11502-2", "LN", "Laboratory report"), Container("SEPARATE"), (number,), ())
    )


@pytest.mark.parametrize("element", FOLDS)
def test_what_was_born_in_fhir_is_written_by_the_site_s_row_and_comes_back(tmp_path: Path, element: str) -> None:
    mapping = by_row(tmp_path, f"99LOCAL OWN, Own, {FOLDS[element]}")
    resource = measured(**{element: SAID[element]})
    document = checked_to_dicom(alone(resource), mapping, KNOWN).result
    assert "OWN" in concepts(document)
    assert number_in(to_fhir(document, mapping, KNOWN).result) == resource


@pytest.mark.parametrize("element", FOLDS)
def test_what_the_shipped_row_wrote_before_is_still_what_it_was_made_of(tmp_path: Path, element: str) -> None:
    resource = measured(**{element: SAID[element]})
    document = checked_to_dicom(alone(resource), SHIPPED, KNOWN).result
    found = to_fhir(document, by_row(tmp_path, f"99LOCAL OWN, Own, {FOLDS[element]}"), KNOWN)
    assert stripped(number_in(found.result)) == resource and not found.report.warnings


@pytest.mark.parametrize("method", [METHOD, OWN])
def test_a_document_of_the_pacs_goes_back_as_it_was(tmp_path: Path, method: Code) -> None:
    mapping, document = of_method(tmp_path), of_the_pacs(method)
    group = to_fhir(document, mapping, KNOWN).result
    assert "method" in number_in(group)
    assert checked_to_dicom(group, mapping, KNOWN).result == document


def test_what_was_read_before_the_row_came_goes_back_as_it_was(tmp_path: Path) -> None:
    document = of_the_pacs(METHOD)
    group = to_fhir(document, SHIPPED, KNOWN).result
    assert checked_to_dicom(group, of_method(tmp_path), KNOWN).result == document


def test_what_the_pacs_adds_by_the_shipped_name_is_the_element(tmp_path: Path) -> None:
    mapping = of_method(tmp_path)
    document = checked_to_dicom(alone(measured()), mapping, KNOWN).result
    added = ContentItem("HAS CONCEPT MOD", METHOD, Coded(ISE), (), ())
    (number,) = document.root.children
    root = replace(document.root, children=(replace(number, children=(*number.children, added)),))
    found = number_in(to_fhir(Document(document.header, root), mapping, KNOWN).result)
    assert found["method"]["coding"][0]["code"] == ISE.value and found["id"] == measured()["id"]


def test_no_retired_code_is_written_where_the_site_gave_away_that_of_today(tmp_path: Path) -> None:
    mapping = by_row(tmp_path, "SCT 363698007, Finding Site, CODE, method, concept")
    resource = measured(bodySite=SAID["bodySite"])
    document = checked_to_dicom(alone(resource), mapping, KNOWN).result
    assert not {"G-C0E3", SITE.value} & {*concepts(document)}
    assert number_in(to_fhir(document, mapping, KNOWN).result) == resource


def test_a_site_s_retired_row_leaves_the_shipped_one_to_write(tmp_path: Path) -> None:
    mapping = by_row(tmp_path, "SRT G-C036, Measurement Method, CODE, method, concept")
    document = checked_to_dicom(alone(measured(method=ELECTRODE)), mapping, KNOWN).result
    assert METHOD.value in concepts(document)
