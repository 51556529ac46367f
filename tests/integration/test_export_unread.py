"""`fhir-dicom convert` of a bulk export that holds what cannot be read: no document is made without it (0004)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bridge.convert.unread import Gleaned, gleaned
from bridge.model.group import Resource
from tests.integration.test_export import converted, exported
from tests.samples import measured, reported

PATIENT: Resource = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:mrn", "value": "4711"}]}
REPORT = reported(result=[{"reference": "Observation/o"}, {"reference": "Observation/n"}])
RESULTS = [measured(), measured(id="n")]
PARTIAL = {"meta": {"tag": [{"code": "SUBSETTED"}]}}


def cut(folder: Path, kind: str, name: str, size: int = 90) -> Path:
    """The line of that resource breaks off."""
    file = folder / f"{kind}.ndjson"
    lines = [one[:size] if f'"id": "{name}"' in one else one for one in file.read_text().splitlines()]
    file.write_text("\n".join(lines))
    return folder


def rejected(found: dict[str, Any], folder: Path) -> dict[str, str]:
    return {
        one["source"].removeprefix(f"{folder}/"): one["error"]
        for one in found["documents"]
        if one["status"] == "rejected"
    }


@pytest.mark.parametrize("size", [90, 20, 1])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_report_is_complete_without_a_result_that_was_cut(tmp_path: Path, size: int, workers: str) -> None:
    """It was COMPLETE with one of two; nor is the other one a document of its own."""
    folder = cut(exported(tmp_path / "a", [PATIENT, *RESULTS, REPORT]), "Observation", "n", size)
    written, found = converted(tmp_path, folder, "--workers", workers)
    errors = rejected(found, folder)
    assert written == {}
    assert [*errors] == ["Observation.ndjson:2", "DiagnosticReport.ndjson#DiagnosticReport/r"]
    assert (
        "DiagnosticReport.ndjson:1: it refers to Observation/n" in errors["DiagnosticReport.ndjson#DiagnosticReport/r"]
    )
    assert "Observation.ndjson:2, which cannot be read" in errors["DiagnosticReport.ndjson#DiagnosticReport/r"]


def test_a_panel_is_not_complete_without_a_member_that_was_cut(tmp_path: Path) -> None:
    panel = measured(id="panel", hasMember=REPORT["result"])
    folder = cut(exported(tmp_path / "a", [PATIENT, *RESULTS, panel]), "Observation", "o")
    written, found = converted(tmp_path, folder)
    assert written == {}
    assert [*rejected(found, folder)] == ["Observation.ndjson:1", "Observation.ndjson#Observation/panel"]


def test_what_has_all_of_its_own_goes_on(tmp_path: Path) -> None:
    """A report with which it shares a result is refused alone."""
    other = reported(id="s", result=[{"reference": "Observation/o"}])
    vital = measured(id="vital")
    folder = cut(exported(tmp_path / "a", [PATIENT, *RESULTS, vital, REPORT, other]), "Observation", "n")
    written, found = converted(tmp_path, folder)
    assert len(written) == 2
    assert [*rejected(found, folder)] == ["Observation.ndjson:2", "DiagnosticReport.ndjson#DiagnosticReport/r"]


def test_a_file_that_cannot_be_read_may_have_the_result(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [measured(), REPORT])
    (folder / "Observation.2.ndjson").symlink_to("/proc/self/mem")  # is there, and fails when it is read
    written, found = converted(tmp_path, folder)
    assert written == {}
    assert {"Observation.2.ndjson", "DiagnosticReport.ndjson#DiagnosticReport/r"} <= {*rejected(found, folder)}


def test_a_patient_that_was_cut_is_not_known_by_the_id_of_his_server(tmp_path: Path) -> None:
    folder = cut(exported(tmp_path / "a", [PATIENT, measured()]), "Patient", "p", 50)
    written, found = converted(tmp_path, folder)
    assert written == {}
    assert [*rejected(found, folder)] == ["Patient.ndjson:1", "Observation.ndjson#Observation/o"]


def test_what_is_missing_of_another_type_is_missing_as_before(tmp_path: Path) -> None:
    folder = cut(exported(tmp_path / "a", [measured(), measured(id="n")]), "Observation", "n")
    written, _ = converted(tmp_path, folder)
    assert len(written) == 1


def test_a_result_of_a_report_that_was_cut_is_no_document_of_its_own(tmp_path: Path) -> None:
    report = {key: REPORT[key] for key in ("resourceType", "id", "result")} | REPORT
    size = json.dumps(report).index("Observation/n") + 20
    folder = cut(exported(tmp_path / "a", [PATIENT, *RESULTS, report]), "DiagnosticReport", "r", size)
    written, found = converted(tmp_path, folder)
    errors = rejected(found, folder)
    assert written == {}
    assert [*errors][1:] == [f"Observation.ndjson#Observation/{name}" for name in "on"]
    assert "into an empty folder" in errors["DiagnosticReport.ndjson:1"]


@pytest.mark.parametrize("turned", [False, True])
def test_nothing_says_whether_it_stands_where_another_version_was_cut(tmp_path: Path, turned: bool) -> None:
    """That may be entered in error."""
    later = measured(status="entered-in-error", meta={"versionId": "2"})
    folder = tmp_path / "a"
    exported(folder / "1", [later])
    cut(folder / "1", "Observation", "o")
    exported(folder / "2", [measured(), REPORT])
    for file in [*folder.glob("*/*")]:
        file.rename(folder / f"{file.stem}.{3 - int(file.parent.name) if turned else file.parent.name}.ndjson")
    written, found = converted(tmp_path, folder)
    assert written == {} and len(rejected(found, folder)) == 3


@pytest.mark.parametrize("kind", ["Observation", "Patient"])
def test_what_has_an_id_that_is_none_is_found_and_refused_with_its_document(tmp_path: Path, kind: str) -> None:
    """The report was COMPLETE without it, the result belonged to nobody; in a Bundle without fullUrl, too."""
    named = {"Observation": "o", "Patient": "p"} | {kind: "un_derscore"}
    subject = {"reference": f"Patient/{named['Patient']}"}
    report = reported(subject=subject, result=[{"reference": f"Observation/{named['Observation']}"}])
    resources = [PATIENT | {"id": named["Patient"]}, measured(id=named["Observation"], subject=subject), report]
    (tmp_path / "b").mkdir()
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources],
    }
    (tmp_path / "b" / "bundle.json").write_text(json.dumps(bundle))
    for given in (exported(tmp_path / "a", resources), tmp_path / "b"):
        written, found = converted(tmp_path, given)
        assert written == {}
        (error,) = rejected(found, given).values()
        assert f"invalid {kind}: id" in error


def test_no_report_is_complete_without_a_result_of_which_there_is_a_part(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [PATIENT, measured() | PARTIAL, measured(id="n"), REPORT])
    written, found = converted(tmp_path, folder)
    assert written == {}
    (error,) = rejected(found, folder).values()
    assert "DiagnosticReport.ndjson:1" in error and "Observation.ndjson:1, only a part of it (SUBSETTED)" in error


def test_what_is_there_whole_and_in_part_is_whole(tmp_path: Path) -> None:
    tagged = measured() | {"meta": {"versionId": "1", "lastUpdated": "2026-03-02T00:00:00Z"}}
    part = tagged | {"meta": tagged["meta"] | PARTIAL["meta"]}
    written, _ = converted(tmp_path, exported(tmp_path / "a", [PATIENT, part, tagged, measured(id="n"), REPORT]))
    assert len(written) == 1


ASKING = reported(result=[{"reference": "Observation?identifier=urn:o|1"}, {"reference": "Observation/n"}])
NUMBERED = {"identifier": [{"system": "urn:o", "value": "1"}]}
BY_URL = reported(result=[{"reference": "http://ehr.example/fhir/Observation/o"}])
LOST: dict[str, tuple[Resource, list[Resource], str]] = {
    "asked for by an identifier, and there in part": (ASKING, [measured() | NUMBERED | PARTIAL], "SUBSETTED"),
    "asked for by an identifier, and there in two versions that nobody can tell apart": (
        ASKING, [measured() | NUMBERED, measured(valueInteger=2) | NUMBERED], "which version stands"
    ),
    "referred to by URL, where others are relative, and there in part": (BY_URL, [measured() | PARTIAL], "SUBSETTED"),
}  # fmt: skip


@pytest.mark.parametrize(("report", "results", "why"), LOST.values(), ids=LOST)
def test_no_report_is_complete_without_a_result_however_it_refers_to_it(
    tmp_path: Path, report: Resource, results: list[Resource], why: str
) -> None:
    folder = exported(tmp_path / "a", [PATIENT, *results, measured(id="n"), report])
    _, found = converted(tmp_path, folder)
    assert why in rejected(found, folder)["DiagnosticReport.ndjson#DiagnosticReport/r"]


@pytest.mark.parametrize("how", ["packed", "link"])
def test_a_file_beside_that_nobody_could_read_may_have_the_result(tmp_path: Path, how: str) -> None:
    folder = exported(tmp_path / "a", [PATIENT, *RESULTS, REPORT])
    results = folder / "Observation.ndjson"
    if how == "packed":
        (folder / "Observation.ndjson.gz").write_bytes(gzip.compress(results.read_bytes()))
        results.unlink()
    else:
        results.rename(tmp_path / "away")
        results.symlink_to(folder / "nowhere")
    written, found = converted(tmp_path, folder)
    errors = rejected(found, folder)
    assert written == {} and len(errors) == 2
    assert "it refers to Observation/n, which may be at" in errors["DiagnosticReport.ndjson#DiagnosticReport/r"]


def test_who_only_refers_to_a_result_and_was_cut_rejects_nothing(tmp_path: Path) -> None:
    """It could not have the result as a part of its own."""
    provenance = {"resourceType": "Provenance", "id": "v", "target": [{"reference": "Observation/o"}], "text": "x" * 99}
    folder = cut(exported(tmp_path / "a", [PATIENT, measured(), provenance]), "Provenance", "v", 120)
    written, found = converted(tmp_path, folder)
    assert len(written) == 1 and [*rejected(found, folder)] == ["Provenance.ndjson:1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"resourceType":"Observation","id":"o","sub', Gleaned("Observation", "o", ())),
        (b'\xef\xbb\xbf { "resourceType" : "Observation", "id"', Gleaned("Observation", None, ())),
        (b'{"resourceType":"Observation","meta":{},"id":"o","sub', Gleaned("Observation", "o", ())),
        (b'{"id":"o","contained":[{"resourceType":"Patient"', Gleaned(None, None, ())),
        (b'"result":[{"reference":"Observation\\/o"}', Gleaned(None, None, ("Observation/o",))),
        (b'"result":[{"reference":"Observation/o"},{"reference":"Obs', Gleaned(None, None, ("Observation/o",))),
        (b"", Gleaned(None, None, ())),
    ],
)
def test_what_a_line_says_that_was_cut(text: bytes, said: Gleaned) -> None:
    assert gleaned(text) == said


def test_what_does_not_say_its_type_is_of_the_one_before() -> None:
    assert gleaned(b'{"code":{},"id":"o","sub', "Observation") == Gleaned("Observation", "o", ())
