"""The summary of a dose report repeats its totals, and is never read back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import ContentItem
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()


def document(name: str) -> Document:
    return structured_report.read((FIXTURES / "dicom" / name).read_bytes())


def summary(group: Group) -> Resource:
    (found,) = [one for one in group.members if is_summary(one)]
    return found


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("10001-projection-dose.dcm", ["113722", "113725", "113730"]),
        ("10011-ct-dose.dcm", ["113813"]),
    ],
)
def test_it_has_the_totals_of_the_report(name: str, codes: list[str]) -> None:
    group = to_fhir(document(name), MAPPING, KNOWN).result
    found = summary(group)
    assert found["code"]["coding"][0]["code"] == "73569-6"
    assert found["subject"] == group.root["subject"]
    assert found["partOf"] == group.root["imagingStudy"]
    assert {"reference": f"Observation/{found['id']}"}.items() <= group.root["result"][-1].items()
    totals = [one for one in found["component"] if "valueQuantity" in one]
    assert [one["code"]["coding"][-1]["code"] for one in totals] == codes
    values = {
        str(home["valueQuantity"])
        for one in group.members
        if not is_summary(one) and one["resourceType"] == "Observation"
        for home in (one, *one.get("component", ()))
        if "valueQuantity" in home
    }
    assert {str(one["valueQuantity"]) for one in totals} <= values


def test_a_total_of_each_plane_is_no_total() -> None:
    """Two planes total apart: their sum is not said, and one of them would mislead."""
    one = document("10011-ct-dose.dcm")

    def twice(item: ContentItem) -> ContentItem:
        children = tuple(map(twice, item.children))
        doubled = [child for child in children if child.concept and child.concept.value == "113813"]
        return replace(item, children=(*children, *doubled))

    group = to_fhir(Document(one.header, twice(one.root)), MAPPING, KNOWN).result
    assert not any(map(is_summary, group.members))


def test_it_follows_the_items() -> None:
    group = to_fhir(document("10011-ct-dose.dcm"), MAPPING, KNOWN).result
    code = "113813"
    total = next(
        home
        for one in group.members
        if one["resourceType"] == "Observation" and not is_summary(one)
        for home in (one, *one.get("component", ()))
        if any(coding["code"] == code for coding in home["code"].get("coding", ()))
    )
    total["valueQuantity"] = total["valueQuantity"] | {"value": 17}
    after = to_dicom(group, MAPPING, KNOWN).result
    back = to_fhir(after, MAPPING, KNOWN).result
    assert summary(back)["component"][-1]["valueQuantity"]["value"] == 17


def test_an_edit_of_the_summary_alone_is_none() -> None:
    before = document("10011-ct-dose.dcm")
    group = to_fhir(before, MAPPING, KNOWN).result
    summary(group)["component"][-1]["valueQuantity"]["value"] = 17
    translated = to_dicom(group, MAPPING, KNOWN)
    assert translated.result == before
    assert any("dose summary" in one for one in translated.report.warnings)
    unedited = to_dicom(to_fhir(before, MAPPING, KNOWN).result, MAPPING, KNOWN)
    assert not any("dose summary" in one for one in unedited.report.warnings)


def test_it_is_no_result_where_a_server_drops_element_ids() -> None:
    before = document("10011-ct-dose.dcm")
    group = to_fhir(before, MAPPING, KNOWN).result
    del summary(group)["identifier"][0]["id"]
    assert is_summary(group.members[-1])
    assert to_dicom(group, MAPPING, KNOWN).result == before
