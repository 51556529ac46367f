"""`fhir-dicom convert` of a bulk export: a file for each type, of whatever forms one document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.convert.export import Part, parts
from bridge.convert.inputs import Rejected, Skipped
from bridge.model.group import Resource
from tests.command_line import fhir_dicom
from tests.corpus import FIXTURES
from tests.samples import measured

SAMPLES = sorted((FIXTURES / "fhir").glob("*.json"))


def exported(folder: Path, resources: list[Resource]) -> Path:
    """As a server exports them: a file for each type."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in resources:
        with (folder / f"{one['resourceType']}.ndjson").open("a", encoding="utf-8") as file:
            print(json.dumps(one), file=file)
    return folder


def converted(tmp_path: Path, *given: Path | str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files that were written, and the report."""
    tmp_path.mkdir(exist_ok=True)
    out, report = tmp_path / "out", tmp_path / "report.json"
    fhir_dicom(tmp_path, "convert", *map(str, given), "--to", "dicom", "-o", "out", "--report", "report.json")
    written = {file.name: file.read_bytes() for file in out.iterdir()} if out.is_dir() else {}
    return written, json.loads(report.read_bytes())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_export_is_what_one_bundle_of_it_is(tmp_path: Path, workers: str) -> None:
    """Reports lost their results, and every document its patient."""
    entries = [entry for file in SAMPLES for entry in json.loads(file.read_bytes())["entry"]]
    distinct = [*{entry["fullUrl"]: entry for entry in entries}.values()]
    assert len({entry["resource"]["resourceType"] for entry in distinct}) > 2
    (tmp_path / "all.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": distinct}))
    folder = exported(tmp_path / "export", [entry["resource"] for entry in distinct])
    bundles, _ = converted(tmp_path / "bundle", tmp_path / "all.json")
    lines, report = converted(tmp_path / "lines", folder, "--workers", workers)
    assert lines == bundles != {}
    sources = {one["source"].partition("#")[0] for one in report["documents"] if one["status"] == "converted"}
    assert sources <= {str(folder / "Observation.ndjson"), str(folder / "DiagnosticReport.ndjson")}


def test_a_folder_is_an_export_and_another_one_is_another(tmp_path: Path) -> None:
    """Whose `Patient/p` is meant, is no guess."""
    exported(tmp_path / "a", [measured()])
    exported(tmp_path / "b", [{"resourceType": "Patient", "id": "p", "name": [{"family": "Somebody-Else"}]}])
    written, report = converted(tmp_path, tmp_path / "a", tmp_path / "b")
    (data,) = written.values()
    assert b"Somebody-Else" not in data
    assert [one["reason"] for one in report["documents"] if one["status"] == "skipped"] == [
        "Patient: no document of its own"
    ]


def test_two_patients_of_one_name_are_no_guess(tmp_path: Path) -> None:
    patients = [{"resourceType": "Patient", "id": "p", "name": [{"family": name}]} for name in ("One", "Two")]
    written, report = converted(tmp_path, exported(tmp_path / "a", [measured(), *patients]))
    (data,) = written.values()
    assert b"One" not in data and b"Two" not in data
    (document,) = [one for one in report["documents"] if one["status"] == "converted"]
    assert any("subject is not here" in one for one in document["warnings"])


def test_a_line_that_is_no_resource_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [measured()])
    with (folder / "Observation.ndjson").open("a") as file:
        print('\n{"resourceType": "Observation", "id"\n[]', file=file)
        print(json.dumps(measured()), file=file)  # once more
    written, report = converted(tmp_path, folder)
    assert len(written) == 1
    errors = [one["error"] for one in report["documents"] if one["status"] == "rejected"]
    assert [error.partition(": ")[0] for error in errors] == [f"{folder}/Observation.ndjson:{line}" for line in (3, 4)]
    assert [one["reason"] for one in report["documents"] if one["status"] == "skipped"] == [
        "Observation: stands there already"
    ]


def test_what_a_document_takes_along_is_followed(tmp_path: Path) -> None:
    """The interpreter is a role, and the person is in a third file."""
    code, reference = {"text": "x"}, {"reference": "PractitionerRole/r"}
    report: Resource = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": code}
    report |= {"resultsInterpreter": [reference], "result": [{"reference": "Observation/o"}]}
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/p"}}
    person = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "Reading"}]}
    other = {"resourceType": "Practitioner", "id": "q", "name": [{"family": "Not-Here"}]}
    folder = exported(tmp_path / "a", [other, person, role, report, measured()])
    part, left = parts(sorted(folder.iterdir()))
    assert isinstance(part, Part)
    assert left == Skipped(f"{folder}/Practitioner.ndjson", "Practitioner: no document of its own")
    assert [line.file.stem for line in part.lines] == [
        "DiagnosticReport",
        "Observation",
        "PractitionerRole",
        "Practitioner",
    ]


def test_a_bundle_in_a_line_stands_for_itself(tmp_path: Path) -> None:
    """As `convert --format ndjson` writes them."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": measured(id="b")}]}
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Somebody-Else"}]}
    written, report = converted(tmp_path, exported(tmp_path / "a", [bundle, patient]))
    assert b"Somebody-Else" not in b"".join(written.values())
    assert [one["source"] for one in report["documents"]] == [
        f"{tmp_path}/a/Bundle.ndjson:1#Observation/b",
        f"{tmp_path}/a/Patient.ndjson",
    ]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (found,) = parts([tmp_path])
    assert isinstance(found, Rejected) and str(tmp_path) in found.error and "cannot be read" in found.error
