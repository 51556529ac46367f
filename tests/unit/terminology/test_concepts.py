"""The shipped concept rows (mappings/concepts) hold what a loader can rely on."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.terminology.units import is_ucum

FOLDER = Path(__file__).parents[3] / "mappings" / "concepts"
ROWS: list[dict[str, Any]] = [
    row
    for file in sorted(FOLDER.glob("*.yaml"))
    for row in yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)["concepts"]  # every scalar a string
]
KEYS = {"fhir", "dicom", "name", "category"}
PANELS = {"85354-9", "55284-4", "96607-7", "85353-1"}
UNKNOWN_PROPERTY = {"2086-7"}

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["fhir"])


def check_digit(body: str) -> int:
    """LOINC Users' Guide, appendix C: mod 10. Every second digit, from the right, is doubled (and its digits added)."""
    doubled = "".join(str(int(digit) * (2 - place % 2)) for place, digit in enumerate(reversed(body)))
    return -sum(map(int, doubled)) % 10


def loinc_codes(row: dict[str, Any]) -> list[str]:
    return [code for system, code in (row["fhir"].split(), row["dicom"].split()) if system in ("LOINC", "LN")]


def test_the_check_digit_finds_dicoms_slip() -> None:
    assert (check_digit("11524"), check_digit("8867"), check_digit("2951")) == (6, 4, 2)  # PS3.16 TID 3700: 11524-0


@each_row
def test_a_row_has_the_keys_of_a_concept(row: dict[str, Any]) -> None:
    assert KEYS <= set(row) <= KEYS | {"unit", "accept"}
    assert row["category"] in ("vital-signs", "laboratory")
    assert row["fhir"].startswith("LOINC ") and row["dicom"].split()[0] in ("LN", "SCT")


@each_row
def test_loinc_codes_have_their_check_digit(row: dict[str, Any]) -> None:
    assert loinc_codes(row)
    for code in loinc_codes(row):
        body, digit = code.split("-")
        assert int(digit) == check_digit(body)


@each_row
def test_a_loinc_code_in_dicom_is_the_one_in_fhir(row: dict[str, Any]) -> None:
    assert len(set(loinc_codes(row))) == 1


@each_row
def test_units_are_ucum_and_named_once(row: dict[str, Any]) -> None:
    units = [*([row["unit"]] if "unit" in row else []), *row.get("accept", [])]
    assert all(map(is_ucum, units)) and len(set(units)) == len(units)
    assert "unit" in row or "accept" not in row


def test_only_panels_and_one_unclear_code_have_no_unit() -> None:
    assert {code for row in ROWS if "unit" not in row for code in loinc_codes(row)} == PANELS | UNKNOWN_PROPERTY


@each_row
def test_a_name_fits_code_meaning(row: dict[str, Any]) -> None:
    assert 0 < len(row["name"]) <= 64 and row["name"].isascii() and "\\" not in row["name"]


@pytest.mark.parametrize("key", ["fhir", "dicom", "name"])
def test_nothing_stands_twice(key: str) -> None:
    assert [value for value, count in Counter(row[key] for row in ROWS).items() if count > 1] == []


@each_row
def test_snomed_codes_are_those_of_part_16(row: dict[str, Any]) -> None:
    from pydicom.sr._snomed_dict import mapping

    system, code = row["dicom"].split()
    assert system != "SCT" or code in mapping["SCT"]


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
