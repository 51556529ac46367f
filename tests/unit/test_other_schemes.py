"""Private designators that a document identifies as something else than a site's mapping means: PS3.3 C.12.1.1.1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs.dicom.structured_report import read
from bridge.mapping.load import load
from bridge.model.content import Code, ContentItem, Num
from bridge.model.dataset import UNICODE, DataSet, Element, items, merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Number, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native.private_schemes import SEQUENCE
from bridge.translate.remainder.private import taken_out
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone

SITE = """
concepts:
  - {fhir: http://lab.example/codes 4711, dicom: 99LAB K, name: Kalium, category: vital-signs, unit: mmol/L}
"""
SCHEMES = "schemes:\n  - {designator: 99LAB, uri: 'urn:oid:1.2.3.7'}\n"
KAPPA = Code("K", "99LAB", "Kappa light chains")
UID, NAME = text_element(0x0008010C, "UI", "1.2.3.7"), text_element(0x00080115, "ST", "Other vendor")
URL = Element(
    0x00080109,
    "SQ",
    ((text_element(0x0008010A, "CS", "FHIR"), text_element(0x0008010E, "UR", "http://vendor.example", UNICODE)),),
)


def said(*identification: Element) -> Document:
    """One number of 99LAB, whose scheme the document identifies so."""
    document = read((FIXTURES / "dicom" / "2000-imaging-report.dcm").read_bytes())
    number = Num(("12",), Code("mg/L", "UCUM", "mg/L"), None)
    item = ContentItem("CONTAINS", KAPPA, number, (), ())
    one: DataSet = (text_element(0x00080102, "SH", "99LAB"), *identification)
    header = merged(document.header, (Element(SEQUENCE, "SQ", (one,)),)) if identification else document.header
    return replace(document, header=header, root=replace(document.root, children=(item,)))


def codings(group: Group) -> list[tuple[str, str]]:
    (result,) = _results(group)
    return [(one["system"], one["code"]) for one in result["code"]["coding"]]


def _results(group: Group) -> Iterator[Resource]:
    return (one for one in group.members if one["resourceType"] == "Observation")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.yaml").write_text(SITE)
    return tmp_path


OURS, MADE_UP = ("http://lab.example/codes", "4711"), ("https://fhir-dicom.org/fhir/scheme/99LAB", "K")


@pytest.mark.parametrize(
    ("identification", "system"), [((UID, NAME), "urn:oid:1.2.3.7"), ((URL,), "http://vendor.example")]
)
def test_another_s_code_is_none_of_the_site_s(site: Path, identification: tuple[Element, ...], system: str) -> None:
    """Kappa light chains of a vendor were potassium of the site."""
    made = to_fhir(said(*identification), load(site), Known())
    assert codings(made.result) == [(system, "K")]
    assert [system in one for one in made.report.warnings if "99LAB" in one] == [True]
    back = checked_to_dicom(made.result, load(site), Known())
    assert back.result == said(*identification) and not any(system in one for one in back.report.warnings)


@pytest.mark.parametrize("identification", [(), (NAME,)])
def test_who_says_no_uid_is_taken_as_before(site: Path, identification: tuple[Element, ...]) -> None:
    assert codings(to_fhir(said(*identification), load(site), Known()).result) == [OURS, MADE_UP]


def test_a_site_says_what_its_rows_mean(site: Path) -> None:
    (site / "site.yaml").write_text(SITE + SCHEMES)
    made = to_fhir(said(UID), load(site), Known())
    assert codings(made.result) == [OURS, MADE_UP]
    assert not any("not for it" in one for one in made.report.warnings)
    assert checked_to_dicom(made.result, load(site), Known()).result == said(UID)


def test_an_edit_keeps_the_designator_of_the_document(site: Path) -> None:
    group = to_fhir(said(UID), load(site), Known()).result
    (result,) = _results(group)
    result["valueQuantity"]["value"] = Number("13")
    document = checked_to_dicom(group, load(site), Known()).result
    (item,) = document.root.children
    assert item.concept == KAPPA and isinstance(item.value, Num) and item.value.values == ("13",)
    (one,) = items(document.header, SEQUENCE)
    assert text_of(one, 0x0008010C) == "1.2.3.7"


def test_in_a_document_of_ours_it_is_still_another_s(site: Path) -> None:
    """A result of two reports (decision 0025): the second one said 99LAB and did not identify it."""
    (result,) = _results(to_fhir(said(UID), load(site), Known()).result)
    plain: dict[str, Any] = {key: result[key] for key in ("resourceType", "id", "status", "code", "valueQuantity")}
    document, _ = taken_out(to_dicom(alone(plain), load(site), Known()).result)
    assert codings(to_fhir(document, load(site), Known()).result) == [("urn:oid:1.2.3.7", "K")]
