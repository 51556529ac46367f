"""Mappings: the shipped ones are sound, and each kind of fault is named with file, line and remedy."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from bridge.errors import MappingError
from bridge.mapping import lens
from bridge.mapping.load import compiled, load, shipped
from bridge.mapping.paths import ELEMENTS
from bridge.model.content import Code

ROW = "concepts:\n  - {fhir: LOINC 8867-4, dicom: LN 8867-4, name: Pulse}\n"


def test_the_shipped_mappings_have_no_fault() -> None:
    assert compiled([shipped()])[1:] == ([], [])


def type_name(annotation: object) -> str:
    """`CodeableConcept*`, of the annotation of a field."""
    text = str(annotation)
    said = re.search(r"abc\.(\w+)Type\b|Annotated\[.+?, (\w+)\(|(bool|int)\b|(str)\b", text)
    assert said, text
    name = said[1] or {"bool": "boolean", "int": "integer", "str": "string"}.get(said[0]) or said[2]
    return (name if said[1] else name[0].lower() + name[1:]) + ("*" if "List[" in text else "")


@pytest.mark.parametrize("resource", ELEMENTS)
def test_the_elements_and_their_types_are_those_of_the_models(resource: str) -> None:
    fields = get_fhir_model_class(resource).model_fields
    types = {field.alias or name: type_name(field.annotation) for name, field in fields.items()}
    assert types.items() >= ELEMENTS[resource].items()


def test_a_site_s_row_wins_and_check_says_so(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(ROW)
    mapping, faults, remarks = compiled([shipped(), tmp_path])
    assert not faults
    there = shipped() / "concepts" / "vital-signs.yaml"
    line = next(
        number for number, text in enumerate(there.read_text("utf-8").splitlines(), 1) if "8867-4, dicom" in text
    )
    assert remarks == [
        f"{tmp_path / 'site.yaml'}:2: {what} replaces the row of mappings/concepts/vital-signs.yaml:{line}"
        for what in ("to DICOM, http://loinc.org 8867-4", "to FHIR, LN 8867-4")
    ]
    assert mapping.by_fhir["http://loinc.org", "8867-4"].name == "Pulse"


@pytest.mark.parametrize(
    ("title", "template"),
    [
        (Code("126000", "DCM", "Imaging Measurement Report"), "9100"),  # shipped: 1500
        (Code("126001", "DCM", "Oncology Measurement Report"), "1500"),
        (Code("24627-2", "LN", "CT Chest"), "9101"),  # of CID 7000
        (Code("24725-4", "LN", "CT Head"), "9102"),  # of it, and named
        (Code("18748-4", "LN", "Diagnostic Imaging Report"), "2000"),
        (Code("113000", "DCM", "Of Interest"), "*"),  # of CID 7010, which a shipped row names
    ],
)
def test_a_title_is_of_the_row_that_names_it_a_site_s_first_then_of_a_group(
    tmp_path: Path, title: Code, template: str
) -> None:
    rows = {"9100": "DCM 126000", "9101": "CID 7000", "9102": "LN 24725-4"}
    (tmp_path / "site.yaml").write_text(
        "templates:\n"
        + "".join(
            f"  - {{template: {one}, titles: [{said}], measurements: each, category: exam, report: OTH}}\n"
            for one, said in rows.items()
        )
    )
    assert load(tmp_path).template(None, title).template == template


def test_rows_in_the_place_of_shipped_ones_may_share_a_title_as_those_do(tmp_path: Path) -> None:
    row = "  - {template: %s, titles: [DCM 113701], measurements: %s, category: imaging, report: RAD}\n"
    said = "templates:\n" + row % ("10001", "each") + row % ("10011", "folded")
    (tmp_path / "site.yaml").write_text(said)
    assert compiled([shipped(), tmp_path])[1] == []
    (tmp_path / "site.yaml").write_text(said.replace("10011", "9011"))
    (fault,) = compiled([shipped(), tmp_path])[1]
    assert fault.endswith("keep the title in one row")


def test_two_local_codes_of_one_code_are_told_how_both_may_cross(tmp_path: Path) -> None:
    """Of what the SR says, one of them has to be the answer; a second one crosses by the code beside it."""
    row = "  - {fhir: 'urn:lab %s', dicom: LN 2823-3, name: Potassium}\n"
    (tmp_path / "site.yaml").write_text("concepts:\n" + row % "4711" + row % "4712")
    (fault,) = compiled([shipped(), tmp_path])[1]
    assert fault.endswith("keep one row, and let whoever sends the other code say LN 2823-3 beside it")
    (tmp_path / "site.yaml").write_text("concepts:\n" + row % "4711")
    mapping = compiled([shipped(), tmp_path])[0]
    said = [{"system": "urn:lab", "code": "4712"}, {"system": "http://loinc.org", "code": "2823-3"}]
    concept = mapping.concept({"coding": said})
    assert concept is not None and concept[:2] == ("2823-3", "LN")
    assert mapping.coded(concept)["coding"][0]["code"] == "4711"


def test_one_row_serves_both_directions() -> None:
    mapping = load()
    systolic = Code("271649006", "SCT", "Systolic blood pressure")
    coded = mapping.coded(systolic)
    assert [one["code"] for one in coded["coding"]] == ["8480-6", "271649006"]
    assert systolic.same(mapping.concept(coded))
    assert systolic.same(mapping.concept({"coding": coded["coding"][:1]}))


@pytest.mark.parametrize(
    ("retired", "now", "codes"),
    [
        (Code("F-008EC", "SRT", "Systolic blood pressure"), "271649006", ["8480-6", "F-008EC", "271649006"]),
        (Code("G-D705", "SRT", "Volume"), "118565006", ["G-D705", "118565006"]),
    ],
)
def test_a_row_holds_for_the_retired_code_too(retired: Code, now: str, codes: list[str]) -> None:
    mapping = load()
    coded = mapping.coded(retired)
    assert [one["code"] for one in coded["coding"]] == codes
    assert mapping.concept(coded) == retired
    of_retired, of_now = (mapping.row(one) for one in (retired, Code(now, "SCT", "")))
    assert of_retired is not None and of_retired == of_now
    turned = mapping.concept({"coding": coded["coding"][::-1]})  # the code of today stands first
    assert turned is not None and turned.same(Code(now, "SCT", ""))


def test_a_code_that_snomed_rt_has_not_has_no_row() -> None:
    assert load().row(Code("X-00000", "SRT", "Nothing")) is None


def test_an_ecg_report_has_the_code_of_loinc_too() -> None:
    mapping, title = load(), Code("11524-0", "LN", "ECG Report")
    coded = mapping.coded(title)
    assert [one["code"] for one in coded["coding"]] == ["11524-6", "11524-0"]
    assert mapping.concept(coded) == title
    assert title.same(mapping.concept({"coding": coded["coding"][:1]}))


def test_an_interpretation_is_a_normality() -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    mapping, high = load(), Code("371879000", "SCT", "Abnormally High")
    assert high.same(mapping.concept({"coding": [{"system": system, "code": "H"}]}))
    assert mapping.coded(high)["coding"][0] == {"system": system, "code": "H", "display": "High"}


def test_capitals_of_a_display_come_back() -> None:
    mapping, code = load(), {"system": "http://loinc.org", "code": "8480-6", "display": "Systolic Blood Pressure"}
    assert mapping.coded(mapping.concept({"coding": [code]}))["coding"][0] == code


def test_a_local_code_system_is_named_by_its_uri(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(
        'concepts:\n  - {fhir: "http://lab.example/codes 4711", dicom: LN 2823-3, name: Potassium}\n'
    )
    mapping, faults, _ = compiled([shipped(), tmp_path])
    assert not faults
    concept = mapping.concept({"coding": [{"system": "http://lab.example/codes", "code": "4711"}]})
    assert concept == Code("2823-3", "LN", "Potassium")
    assert mapping.coded(concept)["coding"][0] == {
        "system": "http://lab.example/codes",
        "code": "4711",
        "display": "Potassium",
    }


def test_a_lens_of_another_package_is_used_and_a_clash_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    upper = EntryPoint("upper", "tests.unit.mapping.test_mapping:UPPER", "fhir_dicom.lenses")
    monkeypatch.setattr(lens, "entry_points", lambda group: [upper])
    assert lens.lenses()["upper"].to_fhir("a") == "A"
    taken = EntryPoint("date", "tests.unit.mapping.test_mapping:UPPER", "fhir_dicom.lenses")
    monkeypatch.setattr(lens, "entry_points", lambda group: [taken])
    with pytest.raises(MappingError, match="'date' is there already"):
        lens.lenses()


UPPER = lens.Lens(str.upper, str.lower)


def test_a_row_of_a_site_wins_over_a_shipped_one_of_the_same_code_on_both_sides(tmp_path: Path) -> None:
    row = "{fhir: LOINC 8310-5, dicom: 99SITE TEMP, name: Body temperature}"
    (tmp_path / "site.yaml").write_text(f"concepts:\n  - {row}\n")
    mapping, faults, _ = compiled([shipped(), tmp_path])
    temperature = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    found = mapping.concept(temperature)
    assert not faults and found is not None and found[:3] == ("TEMP", "99SITE", "Body temperature")
    assert [one["code"] for one in mapping.coded(found)["coding"]] == ["8310-5", "TEMP"]
    assert mapping.concept(mapping.coded(found)) == found
    shipped_one = Code("8310-5", "LN", "Body temperature")
    assert mapping.coded(shipped_one)["coding"][0]["code"] == "8310-5"  # who sends the shipped code is still read


def test_a_code_without_words_has_those_of_its_row() -> None:
    """PS3.3 8.3: Code Meaning is a text for people."""
    found = load().concept({"coding": [{"system": "http://loinc.org", "code": "8310-5"}]})
    assert found is not None and found.meaning == "Body temperature"
