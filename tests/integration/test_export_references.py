"""`fhir-dicom convert` of a bulk export whose references are URLs, searches or identifiers (HL7 Bulk Data Access: what
has that type and id within the file set)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bridge.convert import export
from bridge.model.group import Resource
from tests.integration.test_export import converted, exported
from tests.samples import measured, reported

BASE = "http://ehr.example.org/fhir/"
NUMBER = {"system": "urn:mrn", "value": "4711"}
PATIENT: Resource = {"resourceType": "Patient", "id": "p", "name": [{"family": "Alpha"}], "identifier": [NUMBER]}


def result(subject: Any = None, **more: Any) -> Resource:
    return measured(subject=subject or {"reference": "Patient/p"}) | more


def report(*results: str, subject: str = "Patient/p") -> Resource:
    return reported(subject={"reference": subject}, result=[{"reference": one} for one in results])


def in_a_bundle(tmp_path: Path, resources: list[Resource]) -> Path:
    entries = [{"fullUrl": f"{BASE}{one['resourceType']}/{one['id']}", "resource": one} for one in resources]
    tmp_path.mkdir()
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return file


CASES: dict[str, list[Resource]] = {
    "URLs": [
        report(f"{BASE}Observation/o", subject=f"{BASE}Patient/p"),
        result({"reference": f"{BASE}Patient/p/_history/2"}),
    ],
    "URLs here and at another server": [
        result(
            {"reference": f"{BASE}Patient/p"}, performer=[{"reference": "http://registry.example.org/Practitioner/9"}]
        )
    ],
    "searches": [
        report("Observation?identifier=urn:o|1", subject="Patient?identifier=urn:mrn|4711"),
        result(identifier=[{"system": "urn:o", "value": "1"}]),
    ],
    "searches without a system": [report("Observation?identifier=1"), result(identifier=[{"value": "1"}])],
    "identifier": [result({"identifier": NUMBER})],
}


@pytest.mark.parametrize("resources", CASES.values(), ids=CASES)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_an_export_refers_to_is_what_its_bundle_refers_to(
    tmp_path: Path, resources: list[Resource], workers: str
) -> None:
    """A report lost its results, and all of them their patient."""
    folder = exported(tmp_path / "export", [PATIENT, *resources])
    bundle, _ = converted(tmp_path / "1", in_a_bundle(tmp_path / "bundle", [PATIENT, *resources]))
    lines, _ = converted(tmp_path / "2", folder, "--workers", workers)
    (data,) = lines.values()
    assert lines == bundle and b"Alpha" in data


@pytest.mark.parametrize("other", ["http://other.example.org/fhir/Patient/p", "Patient/p"])
def test_a_url_that_may_be_of_another_server_is_nobody_here_and_that_is_said(tmp_path: Path, other: str) -> None:
    """Servers count their ids alike, and write their own references in one way."""
    results = [result({"reference": f"{BASE}Patient/p"}), result({"reference": other}, id="n")]
    folder = exported(tmp_path / "a", [PATIENT, *results])
    written, found = converted(tmp_path, folder)
    assert sum(b"Alpha" in data for data in written.values()) == (other == "Patient/p")
    said = [(one["source"], one["count"]) for one in found["documents"] if "by URL" in one.get("reason", "")]
    assert said == [(str(folder), 1 if other == "Patient/p" else 2)]


def test_no_report_is_complete_without_a_result_that_may_be_of_another_server(tmp_path: Path) -> None:
    written, found = converted(tmp_path, exported(tmp_path / "a", [PATIENT, report(f"{BASE}Observation/o"), result()]))
    ((error),) = [one["error"] for one in found["documents"] if one["status"] == "rejected"]
    assert "DiagnosticReport.ndjson:1: it refers to" in error and f"{BASE}Observation/o" in error
    assert len(written) == 1  # the result itself


def test_an_identifier_of_two_is_of_none_wherever_the_other_stands(tmp_path: Path) -> None:
    """A part of the export has one of them: it was no guess there."""
    twin = {"resourceType": "Patient", "id": "q", "name": [{"family": "Beta"}], "identifier": [NUMBER]}
    himself = result({"reference": "Patient?identifier=urn:mrn|4711"}, performer=[{"reference": "Patient/p"}])
    written, _ = converted(tmp_path, exported(tmp_path / "a", [PATIENT, twin, himself]))
    (data,) = written.values()
    assert b"Alpha" not in data and b"Beta" not in data


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("said", [{}, {"identifier": [{"value": "1"}]}, {"identifier": [NUMBER | {"use": "old"}]}])
def test_one_patient_id_of_two_exports_is_two_persons(tmp_path: Path, turned: bool, said: Resource) -> None:
    """Two persons had one Patient ID and one study, and what was equal became one document."""
    named = {"resourceType": "Patient", "id": "p", "name": [{"family": "Alpha"}]} | said  # none that is Patient ID
    one = exported(tmp_path / "a", [measured()])
    other = exported(tmp_path / "b", [measured(), named, measured(id="n", subject={"reference": "Patient/q"})])
    written, found = converted(tmp_path, *([other, one] if turned else [one, other]))
    errors = {entry["source"]: entry["error"] for entry in found["documents"] if entry["status"] == "rejected"}
    assert {*errors} == {f"{folder}/Observation.ndjson#Observation/o" for folder in (one, other)}
    assert str(other) in errors[f"{one}/Observation.ndjson#Observation/o"]
    assert len(written) == 1


def test_what_two_exports_name_by_their_own_identifiers_is_two_persons_anyway(tmp_path: Path) -> None:
    twin = PATIENT | {"identifier": [NUMBER | {"value": "4712"}]}
    logical = {"reference": "Patient/q", "identifier": NUMBER}
    folders = [
        exported(tmp_path / name, [one, result(), result(logical, id="n")])
        for name, one in (("a", PATIENT), ("b", twin))
    ]
    written, _ = converted(tmp_path, *folders)
    assert len(written) == 3  # the results of the other patient are of one by his identifier, and the very same


def test_no_room_for_who_is_known_by_an_id_alone_converts_neither_export(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        persons = [measured(id=f"{one}", subject={"reference": f"Patient/{folder}{one}"}) for one in range(400)]
        exported(tmp_path / folder, persons)
    with patch.object(export, "_TABLES", export._TABLES + "PRAGMA max_page_count = 3;"):
        written, found = converted(tmp_path, tmp_path / "a", tmp_path / "b")
    assert written == {}
    errors = [one["error"] for one in found["documents"] if one["status"] == "rejected"]
    assert [error.partition(": ")[0] for error in errors] == [str(tmp_path / folder) for folder in "ab"]
    assert all("database or disk is full" in error for error in errors)
