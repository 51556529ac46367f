"""`fhir-dicom convert` of a bulk export: a file for each type, of whatever forms one document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bridge.convert import index
from bridge.convert.export import Part, parts, read
from bridge.convert.inputs import Readable, Rejected, Skipped
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


@pytest.mark.parametrize("ending", [".jsonl", ".NDJSON"])
def test_lines_are_called_in_several_ways(tmp_path: Path, ending: str) -> None:
    (file,) = exported(tmp_path / "export", [measured()]).iterdir()
    expected, _ = converted(tmp_path / "as", file)
    written, _ = converted(tmp_path / "otherwise", file.rename(file.with_suffix(ending)))
    assert written == expected != {}


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
    """Whose name the result would bear, nothing says: it bore none."""
    patients = [{"resourceType": "Patient", "id": "p", "name": [{"family": name}]} for name in ("One", "Two")]
    folder = exported(tmp_path / "a", [measured(), *patients])
    written, report = converted(tmp_path, folder)
    assert written == {}
    rejected = {one["source"]: one["error"] for one in report["documents"] if one["status"] == "rejected"}
    lines = ("Patient.ndjson:1#Patient/p", "Patient.ndjson:2#Patient/p", "Observation.ndjson:1#Observation/o")
    assert [*rejected] == [f"{folder}/{line}" for line in lines]
    assert all("leave out what does not stand" in one for one in rejected.values())
    assert "Patient/p" in rejected[f"{folder}/{lines[2]}"]


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


def test_what_is_said_twice_without_an_id_is_one_and_counted(tmp_path: Path) -> None:
    nameless = {key: said for key, said in measured().items() if key != "id"}
    written, report = converted(tmp_path, exported(tmp_path / "a", [nameless, nameless]))
    assert len(written) == 1
    assert [(one["source"], one["status"]) for one in report["documents"]] == [
        (f"{tmp_path}/a/Observation.ndjson:1", "converted"),
        (f"{tmp_path}/a/Observation.ndjson", "skipped"),
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


def test_what_is_left_of_an_export_is_counted(tmp_path: Path) -> None:
    """Nobody refers to it, or it is no part of a document, in however many versions."""
    code, lab = {"text": "x"}, {"reference": "Organization/l"}
    report: Resource = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": code}
    report |= {"performer": [lab], "result": [{"reference": "Observation/o"}]}
    others: list[Resource] = [{"resourceType": "Organization", "id": "l", "name": one} for one in ("Lab", "Labor")]
    others.append({"resourceType": "Patient", "id": "q"})
    _, found = converted(tmp_path, exported(tmp_path / "a", [measured(), report, *others]))
    skipped = [(one["reason"], one["count"]) for one in found["documents"] if one["status"] == "skipped"]
    assert sorted(skipped) == [("Organization: no document of its own", 2), ("Patient: no document of its own", 1)]


def test_a_resource_is_the_same_in_whatever_order_it_stands(tmp_path: Path) -> None:
    patient: Resource = {"resourceType": "Patient", "id": "p", "name": [{"family": "Once"}]}
    turned = dict(reversed(patient.items()))
    written, _ = converted(tmp_path, exported(tmp_path / "a", [measured(), patient, turned]))
    assert b"Once" in b"".join(written.values())


def test_a_folder_is_one_however_it_is_called(tmp_path: Path) -> None:
    patient: Resource = {"resourceType": "Patient", "id": "p", "name": [{"family": "Once"}]}
    folder = exported(tmp_path / "a", [measured(), patient])
    written, found = converted(tmp_path, "a/Observation.ndjson", folder / ".." / "a" / "Patient.ndjson", folder)
    assert [data.count(b"Once") for data in written.values()] == [1]
    assert [one["status"] for one in found["documents"]] == ["converted"]


@pytest.mark.parametrize("line", [b'{"resourceType": "Patient"}', b"[1]", b"{"])
def test_a_file_that_changes_while_it_is_read_is_rejected(tmp_path: Path, line: bytes) -> None:
    folder = exported(tmp_path / "a", [measured(), measured(id="n")])
    file = folder / "Observation.ndjson"
    first, second = (one for one in parts([file]) if isinstance(one, Part))
    text = file.read_bytes()
    file.write_bytes(line.ljust(text.index(b"\n")) + text[text.index(b"\n") :])
    (changed,), (kept,) = ([*read(one)] for one in (first, second))
    assert isinstance(changed, Rejected) and "changed while it was read" in changed.error
    assert isinstance(kept, Readable)


def test_no_room_for_the_index_ends_that_export_alone(tmp_path: Path) -> None:
    """The run went down, its report half written."""
    exported(tmp_path / "a", [measured(subject={"reference": "Patient/a"})])
    exported(tmp_path / "b", [measured(id=f"b{one}") for one in range(400)])
    exported(tmp_path / "c", [measured(id="c")])
    with patch.object(index, "_TABLES", index._TABLES + "PRAGMA max_page_count = 24;"):
        written, found = converted(tmp_path, tmp_path / "a", tmp_path / "b", tmp_path / "c")
    errors = [one["error"] for one in found["documents"] if one["status"] == "rejected"]
    assert len(written) == 2
    assert len(errors) == 1 and errors[0].startswith(f"{tmp_path}/b: the index of the export: database or disk is full")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (found,) = parts([tmp_path])
    assert isinstance(found, Rejected) and str(tmp_path) in found.error and "cannot be read" in found.error
