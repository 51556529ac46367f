"""`fhir-dicom explain` as a user types it: each element beside the rule that takes it, and never a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping.load import shipped
from tests.command_line import Done, fhir_dicom
from tests.corpus import FIXTURES, ROOT

ECG = FIXTURES / "dicom" / "ecg-report.dcm"
LABORATORY = FIXTURES / "fhir" / "laboratory.json"
POTASSIUM = FIXTURES / "laboratory" / "potassium.json"
ROW = (
    'concepts:\n  - {fhir: "http://lab.example/codes 4711", dicom: LN 2823-3, name: Potassium, category: laboratory}\n'
)


def run(*arguments: str | Path) -> Done:
    return fhir_dicom(ROOT, *map(str, arguments))


def details(*arguments: str | Path) -> list[dict[str, Any]]:
    (document,) = json.loads(run("explain", *arguments, "--json").stdout)["documents"]
    found: list[dict[str, Any]] = document["details"]
    totals = (document["items"]["total"], document["elements"]["total"])
    assert len(found) == sum(totals)
    return found


def rule(found: list[dict[str, Any]], path: str) -> tuple[str, str]:
    """Outcome and rule of the first element of that path."""
    one = next(one for one in found if one["path"] == path)
    return one["outcome"], one["rule"]


def line(file: str, text: str) -> str:
    """Where a shipped file says that."""
    said = (shipped() / file).read_text("utf-8")
    assert said.count(text) == 1
    return f"mappings/{file}:{said[: said.index(text)].count(chr(10)) + 1}"


def test_a_site_s_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(ROW)
    found = details(POTASSIUM, "--mappings", tmp_path)
    assert rule(found, "Observation.code.coding.0.code") == ("mapped", f"{tmp_path / 'lab.yaml'}:2")
    assert rule(found, "Observation.valueQuantity.value") == ("mapped", "generic")
    assert {one["concept"] for one in found if one["path"].startswith("Observation")} == {"LN 2823-3"}
    assert rule(details(POTASSIUM), "Observation.code.coding.0.code") == ("mapped", "generic")


def test_to_dicom_a_leaf_has_its_row_pair_or_fold() -> None:
    found = details(LABORATORY)
    row, low = line("concepts/laboratory.yaml", "LOINC 718-7"), line("shapes/observation.yaml", "[SCT 385524004")
    birth = line("shapes/patient.yaml", "PatientBirthDate")
    assert rule(found, "Observation.code.coding.0.code") == ("mapped", row)
    assert rule(found, "Observation.referenceRange.0.low.value") == ("mapped", low)
    assert rule(found, "Patient.birthDate") == ("mapped", birth)
    assert rule(found, "Observation.id") == ("carried", "remainder")
    assert rule(found, "Patient.id") == ("withheld", "none")


FOUND_IN = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
    "effectiveDateTime": "2026-03-02T08:15:00+01:00",
    "method": {"coding": [{"system": "http://lab.example/codes", "code": "ISE", "display": "Ion selective"}]},
    "valueQuantity": {"value": 4, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
}
OF_METHOD = "concepts:\n  - {fhir: http://lab.example/codes ISE, dicom: 99LOCAL ISE, name: Ionenselektiv}\n"
FOLD = "shape: observation\nfhir: Observation\nfolds:\n  - [99LOCAL METH, Methode, CODE, method, concept]\n"


def rules_of_method(folder: Path, mappings: Path, made_by: Path | None = None) -> dict[str, str]:
    """Of what the method says, in the resource, and in the SR that it becomes."""
    (folder / "o.json").write_text(json.dumps(FOUND_IN))
    by = ("--mappings", str(made_by)) if made_by else ()
    run("convert", folder / "o.json", "--to", "dicom", "-o", folder / "out", *by)
    (file,) = (folder / "out").iterdir()
    found = [*details(folder / "o.json", "--mappings", mappings), *details(file, "--mappings", mappings)]
    said = {one["path"]: one["rule"] for one in found if one["outcome"] == "mapped"}
    kept = ("Observation.method.coding.0.code", "1.1.1")
    return {one: said[one] for one in kept}


def test_the_code_of_an_element_has_its_row(tmp_path: Path) -> None:
    (mappings := tmp_path / "mappings").mkdir()
    (mappings / "lab.yaml").write_text(OF_METHOD)
    assert {*rules_of_method(tmp_path, mappings, mappings).values()} == {f"{mappings / 'lab.yaml'}:2"}


def test_an_element_has_the_fold_of_its_item(tmp_path: Path) -> None:
    """In force: the site's, also where the shipped row wrote the item."""
    (mappings := tmp_path / "mappings").mkdir()
    (mappings / "lab.yaml").write_text(FOLD)
    (one := tmp_path / "one").mkdir()
    assert {*rules_of_method(one, mappings, mappings).values()} == {f"{mappings / 'lab.yaml'}:4"}
    (other := tmp_path / "other").mkdir()
    assert rules_of_method(other, mappings)["1.1.1"] == line("shapes/observation.yaml", "[SCT 370129005")


def test_to_fhir_an_item_has_its_row_or_fold_and_an_attribute_its_pair(tmp_path: Path) -> None:
    run("convert", LABORATORY, "--to", "dicom", "-o", tmp_path)
    (file,) = tmp_path.iterdir()
    found = details(file)
    rules = {one["concept"]: one["rule"] for one in found if one["outcome"] == "mapped"}
    assert rules["LN 718-7"] == line("concepts/laboratory.yaml", "LOINC 718-7")
    assert rules["SCT 385524004"] == line("shapes/observation.yaml", "[SCT 385524004")
    assert rule(found, "PatientName") == ("mapped", line("shapes/patient.yaml", "PatientName, "))
    assert rule(found, "StudyInstanceUID") == ("mapped", "generic")
    assert rule(details(ECG), "Manufacturer") == ("mapped", line("shapes/equipment.yaml", "Manufacturer, "))


def test_a_component_has_the_row_of_its_own_code() -> None:
    vitals = json.loads(run("explain", FIXTURES / "fhir" / "vital-signs.json", "--json").stdout)["documents"]
    found = next(one["details"] for one in vitals if one["source"].endswith("/bp"))
    said = {one["concept"]: one["rule"] for one in found if one["path"].endswith(".code.coding.0.code")}
    assert said["SCT 271649006"] == line("concepts/vital-signs.yaml", "LOINC 8480-6")
    assert said["SCT 271650006"] == line("concepts/vital-signs.yaml", "LOINC 8462-4")


@pytest.mark.parametrize("file", [ECG, LABORATORY])
def test_the_table_says_what_the_json_says_and_no_value(file: Path) -> None:
    done = run("explain", file)
    head, names, *rows = done.stdout.splitlines()
    assert done.returncode == 0 and head.startswith(str(file)) and names.split()[:2] == ["path", "concept"]
    places = [names.index(name) for name in ("path", "outcome", "rule", "reason")]
    cut = [tuple(row[a:b].strip() for a, b in zip(places, [*places[1:], 999], strict=True)) for row in rows]
    wanted = [(one["path"], one["outcome"], one["rule"], one["reason"] or "") for one in details(file)]
    assert [(one[0].split()[0], *one[1:]) for one in cut] == wanted
    for value in ("Beispiel", "Erika", "MR-0001", "1959", "13.90", "Befund", "2026"):
        assert value not in done.stdout


def test_a_code_that_a_row_takes_is_not_said_to_be_unknown(tmp_path: Path) -> None:
    """Whoever has added the row has done what the warning asks for."""
    (tmp_path / "lab.yaml").write_text(ROW)
    (found,) = json.loads(run("explain", POTASSIUM, "--json").stdout)["documents"]
    (warned,) = found["warnings"]
    assert "has no Coding Scheme Designator" in warned
    (taken,) = json.loads(run("explain", POTASSIUM, "--json", "--mappings", tmp_path).stdout)["documents"]
    assert taken["warnings"] == []


def test_resources_of_r5_are_explained_too(tmp_path: Path) -> None:
    made = json.loads(run("convert", ECG, "--to", "fhir", "--fhir-version", "R5", "-o", tmp_path, "--json").stdout)
    (file,) = tmp_path.glob("*.json")
    as_r4, as_r5 = (run("explain", file, "--fhir-version", release) for release in ("R4", "R5"))
    assert (as_r4.returncode, as_r5.returncode) == (1, 0), made
    assert "FHIR R4 does not know" in as_r4.stderr and "`--fhir-version R5`" in as_r4.stderr


def test_what_cannot_be_explained_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"resourceType": "Observation"')
    (tmp_path / "faulty").mkdir()
    (tmp_path / "faulty" / "lab.yaml").write_text(ROW.replace("LN", "LAB"))
    rejected, absent = run("explain", tmp_path / "broken.json"), run("explain", tmp_path / "none.json")
    assert (rejected.returncode, absent.returncode) == (1, 2)
    assert "broken.json" in rejected.stderr and "no such file" in absent.stderr
    folder = run("explain", tmp_path)
    assert folder.returncode == 2 and f"{tmp_path} is a folder; name one" in folder.stderr
    faulty = run("explain", POTASSIUM, "--mappings", tmp_path / "faulty")
    assert faulty.returncode == 2 and "lab.yaml:2: 'LAB' is no Coding Scheme Designator" in faulty.stderr
    skipped = run("explain", ECG, "--to", "dicom")
    assert skipped.returncode == 0 and "skipped: DICOM" in skipped.stdout
