"""The shipped concept rows (mappings/concepts) hold what a loader can rely on."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from bridge.terminology.schemes import mdc_to_fhir
from bridge.terminology.units import is_ucum

FOLDER = Path(__file__).parents[3] / "mappings" / "concepts"
ROWS: list[dict[str, Any]] = [
    row
    for file in sorted(FOLDER.glob("*.yaml"))
    for row in yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)["concepts"]  # every scalar a string
]
NEEDED, ALLOWED = {"fhir", "dicom", "name"}, {"category", "unit", "accept", "misspelled"}
# http://terminology.hl7.org/CodeSystem/observation-category
CATEGORIES = set("social-history vital-signs imaging laboratory procedure survey exam therapy activity".split())
PANELS = {"LN 85354-9", "LN 55284-4", "LN 96607-7", "LN 85353-1"}
NO_MEASUREMENTS = {"LN 11524-0", "SCT 17621005", "SCT 263654008", "SCT 371879000", "SCT 371880002"}
OF_UNKNOWN_UNIT = {"LN 2086-7", "DCM 111637"}
KNOWN_SLIP = "LN 11524-0"  # PS3.16 TID 3700; LOINC 11524-6
OF_PS3_16 = {f"{scheme} {code}" for scheme, by_name in concepts.items() for codes in by_name.values() for code in codes}
OF_PS3_16 |= {f"SCT {code}" for code in mapping["SCT"]}
OF_TID_3713 = {"MDC 2:16016", "MDC 2:16020"}  # heart rates; pydicom has the context groups only

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["fhir"].rpartition("/")[2])


def check_digit(body: str) -> int:
    """LOINC Users' Guide, appendix C: mod 10. Every second digit, from the right, is doubled (and its digits added)."""
    doubled = "".join(str(int(digit) * (2 - place % 2)) for place, digit in enumerate(reversed(body)))
    return -sum(map(int, doubled)) % 10


def loinc_codes(row: dict[str, Any]) -> list[str]:
    """LOINC codes of both sides, without the one that is known to be none."""
    return [
        one.split()[1] for one in (row["fhir"], row["dicom"]) if one.split()[0] in ("LOINC", "LN") and one != KNOWN_SLIP
    ]


def test_the_check_digit_finds_dicoms_slip() -> None:
    assert (check_digit("11524"), check_digit("8867"), check_digit("2951")) == (6, 4, 2)


@each_row
def test_a_row_has_the_keys_of_a_concept(row: dict[str, Any]) -> None:
    assert NEEDED <= set(row) <= NEEDED | ALLOWED
    assert row.get("category", "exam") in CATEGORIES


IN_A_VESSEL = "LOINC 8478-0"
"""Its document says what it is: on the arm a vital sign, by a catheter (PS3.16 TID 3504) none."""


def test_only_interpretations_have_no_category() -> None:
    without = {row["fhir"] for row in ROWS if "category" not in row}
    assert {one.split()[0].rpartition("/")[2] for one in without - {IN_A_VESSEL}} == {"v3-ObservationInterpretation"}
    assert IN_A_VESSEL in without


@each_row
def test_loinc_codes_have_their_check_digit(row: dict[str, Any]) -> None:
    for code in loinc_codes(row):
        body, digit = code.split("-")
        assert int(digit) == check_digit(body)


@each_row
def test_a_code_of_both_worlds_is_the_same_in_both(row: dict[str, Any]) -> None:
    system, code = row["fhir"].split()
    scheme, value = row["dicom"].split()
    if {"LOINC": "LN"}.get(system, system) == scheme and row["dicom"] != KNOWN_SLIP:
        assert code == (mdc_to_fhir(value) if scheme == "MDC" else value)


@each_row
def test_units_are_ucum_and_named_once(row: dict[str, Any]) -> None:
    units = [*([row["unit"]] if "unit" in row else []), *row.get("accept", [])]
    assert all(map(is_ucum, units)) and len(set(units)) == len(units)
    assert "unit" in row or not {"accept", "misspelled"} & set(row)
    assert not any(map(is_ucum, row.get("misspelled", [])))


def test_what_is_measured_has_a_unit() -> None:
    assert {row["dicom"] for row in ROWS if "unit" not in row} == (PANELS | NO_MEASUREMENTS | OF_UNKNOWN_UNIT)


@each_row
def test_a_name_fits_code_meaning(row: dict[str, Any]) -> None:
    assert 0 < len(row["name"]) <= 64 and row["name"].isascii() and "\\" not in row["name"]


@pytest.mark.parametrize("key", ["fhir", "dicom", "name"])
def test_nothing_stands_twice(key: str) -> None:
    assert [value for value, count in Counter(row[key] for row in ROWS).items() if count > 1] == []


@each_row
def test_codes_of_dicom_are_those_of_part_16(row: dict[str, Any]) -> None:
    """Of LOINC, Part 16 has only some; a laboratory value has none of its own."""
    assert row["dicom"].startswith("LN ") or row["dicom"] in OF_PS3_16 | OF_TID_3713


@pytest.mark.parametrize("file", ["echo", "imaging", "dose"])
def test_what_both_worlds_say_alike_is_of_part_16(file: str) -> None:
    rows = yaml.load((FOLDER / f"{file}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)["concepts"]
    assert {row["dicom"] for row in rows} <= OF_PS3_16


@pytest.mark.parametrize(
    ("fhir", "dicom"),
    [
        ("8867-4", "LN 8867-4"),
        ("8480-6", "SCT 271649006"),
        ("8462-4", "SCT 271650006"),
        ("39156-5", "SCT 60621009"),
        ("8302-2", "LN 8302-2"),
        ("29463-7", "LN 29463-7"),
    ],
)
def test_vital_signs_are_what_tid_3602_and_5101_say(fhir: str, dicom: str) -> None:
    assert {row["dicom"] for row in ROWS if row["fhir"] == f"LOINC {fhir}"} == {dicom}


@pytest.mark.parametrize(
    ("fhir", "dicom"),
    [
        ("LOINC 11524-6", "LN 11524-0"),
        ("LOINC 8625-6", "MDC 2:15872"),
        ("LOINC 8634-8", "MDC 2:16160"),
        ("LOINC 8636-3", "MDC 2:15876"),
        ("LOINC 29436-3", "LN 29436-3"),
        ("DCM 113813", "DCM 113813"),
        ("SCT 118565006", "SCT 118565006"),
        ("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation H", "SCT 371879000"),
    ],
)
def test_measurements_of_ecg_echo_dose_and_images_are_those_of_their_templates(fhir: str, dicom: str) -> None:
    assert {row["dicom"] for row in ROWS if row["fhir"] == fhir} == {dicom}
