"""`fhir-dicom convert` of a bulk export that has several versions of one resource, or says what was deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.model.group import Resource
from tests.integration.test_export import converted, exported
from tests.samples import measured

OLDER = "superseded: a newer version stands there"


def version(number: int, **more: Any) -> Resource:
    return measured(meta={"versionId": f"{number}", "lastUpdated": at(number)}) | more


def at(hour: int) -> str:
    return f"2026-03-02T0{hour}:00:00Z"


def deletion(*urls: str, **more: Any) -> Resource:
    """A line of the files that a manifest lists as `deleted` (HL7 Bulk Data Access)."""
    entries = [{"request": {"method": "DELETE", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries} | more


def deleted(folder: Path, *lines: Resource) -> Path:
    (exported(folder / "new", [*lines]) / "Bundle.ndjson").rename(folder / "deleted.ndjson")
    return folder


def said(report: dict[str, Any], folder: Path, status: str) -> list[tuple[str, str]]:
    """Source, and the reason or fault."""
    found = [one for one in report["documents"] if one["status"] == status]
    return [(one["source"].removeprefix(f"{folder}/"), one["error"] or one.get("reason", "")) for one in found]


@pytest.mark.parametrize("turned", [False, True])
def test_what_was_entered_in_error_is_not_valid_in_its_older_version(tmp_path: Path, turned: bool) -> None:
    """Incremental exports, collected in one folder: the older one became a valid SR."""
    versions = [version(1), version(2, status="entered-in-error")]
    folder = exported(tmp_path / "a", [*reversed(versions)] if turned else versions)
    written, report = converted(tmp_path, folder)
    assert written == {}
    assert said(report, folder, "skipped") == [
        ("Observation.ndjson#Observation/o", "entered in error"),
        ("Observation.ndjson", f"Observation: {OLDER}"),
    ]


def test_a_report_has_its_result_in_the_newest_version(tmp_path: Path) -> None:
    """It had none, for nobody knew which; and both versions were documents of their own."""
    root: Resource = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "x"}}
    root |= {"result": [{"reference": "Observation/o"}]}
    folder = exported(tmp_path / "a", [version(1), version(3), version(2), root])
    alone, _ = converted(tmp_path / "1", exported(tmp_path / "b", [version(3), root]))
    written, report = converted(tmp_path / "2", folder)
    assert written == alone and len(written) == 1
    assert said(report, folder, "skipped") == [("Observation.ndjson", f"Observation: {OLDER}")]
    assert sum(one.get("count", 0) for one in report["documents"]) == 2


def test_a_patient_is_the_newest(tmp_path: Path) -> None:
    """The Patient Module was empty."""
    patients: list[Resource] = [
        {"resourceType": "Patient", "id": "p", "name": [{"family": name}], "meta": version(number)["meta"]}
        for number, name in ((2, "Newer"), (1, "Older"))
    ]
    folder = exported(tmp_path / "a", [measured(), *patients])
    written, report = converted(tmp_path, folder)
    (data,) = written.values()
    assert b"Newer" in data and b"Older" not in data
    assert said(report, folder, "skipped") == [("Patient.ndjson", f"Patient: {OLDER}")]


@pytest.mark.parametrize("meta", [{}, {"versionId": "2"}, {"versionId": "1", "lastUpdated": at(2)}])
def test_where_nothing_says_which_version_stands_none_is_translated(tmp_path: Path, meta: dict[str, str]) -> None:
    """Nor a report that refers to it; what else there is goes on."""
    root: Resource = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "x"}}
    root |= {"result": [{"reference": "Observation/o"}]}
    other = measured(id="n")
    folder = exported(tmp_path / "a", [version(1), version(1, meta=meta, status="amended"), root, other])
    written, report = converted(tmp_path, folder)
    assert len(written) == 1
    sources = [source for source, _ in said(report, folder, "rejected")]
    assert sources == [
        "Observation.ndjson:1#Observation/o",
        "Observation.ndjson:2#Observation/o",
        "DiagnosticReport.ndjson:1#DiagnosticReport/d",
    ]


def test_what_an_export_says_is_deleted_is_not_translated(tmp_path: Path) -> None:
    """It was a valid SR, and the list of deletions was named nowhere."""
    folder = exported(tmp_path / "a", [version(1), version(1, id="n")])
    gone = deletion("Observation/o", "http://example.org/fhir/Patient/elsewhere", meta={"lastUpdated": at(2)})
    written, report = converted(tmp_path, deleted(folder, gone, gone))
    assert len(written) == 1
    assert said(report, folder, "converted") == [("Observation.ndjson#Observation/n", "")]
    assert sorted(said(report, folder, "skipped")) == [
        ("Observation.ndjson", "Observation: deleted"),
        ("deleted.ndjson:1#Observation/o", "Observation: deleted"),
        ("deleted.ndjson:1#Patient/elsewhere", "Patient: deleted"),
        ("deleted.ndjson:2#Observation/o", "Observation: deleted"),
        ("deleted.ndjson:2#Patient/elsewhere", "Patient: deleted"),
    ]


def test_what_was_brought_back_to_life_stands(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [version(1), version(3)])
    written, report = converted(tmp_path, deleted(folder, deletion("Observation/o", meta={"lastUpdated": at(2)})))
    assert len(written) == 1
    assert said(report, folder, "skipped") == [
        ("deleted.ndjson:1#Observation/o", f"Observation: {OLDER}"),
        ("Observation.ndjson", f"Observation: {OLDER}"),
    ]


@pytest.mark.parametrize("meta", [{}, {"lastUpdated": at(1)}])
def test_where_nothing_says_whether_it_was_deleted_before_it_is_rejected(tmp_path: Path, meta: dict[str, str]) -> None:
    folder = exported(tmp_path / "a", [version(1)])
    written, report = converted(tmp_path, deleted(folder, deletion("Observation/o", meta=meta)))
    assert written == {}
    sources = [source for source, _ in said(report, folder, "rejected")]
    assert sources == ["Observation.ndjson:1#Observation/o", "deleted.ndjson:1#Observation/o"]


def test_a_deletion_that_does_not_say_of_what_is_rejected_alone(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [version(1)])
    gone = deletion("Observation?code=x", "Observation/o", meta={"lastUpdated": at(2)})
    written, report = converted(tmp_path, deleted(folder, gone))
    assert written == {}
    ((source, _),) = said(report, folder, "rejected")
    assert source == "deleted.ndjson:1#Bundle.entry[0]"


def test_a_transaction_that_does_more_than_delete_stands_for_itself(tmp_path: Path) -> None:
    """It is no list of what was deleted in an export, but a request to some server."""
    request = {"method": "PUT", "url": "Observation/b"}
    transaction = deletion("Observation/o", meta={"lastUpdated": at(2)})
    transaction["entry"].append({"resource": measured(id="b"), "request": request})
    folder = exported(tmp_path / "a", [version(1), transaction])
    _, report = converted(tmp_path, folder)
    assert sorted(source for source, _ in said(report, folder, "converted")) == [
        "Bundle.ndjson:1#Observation/b",
        "Observation.ndjson#Observation/o",
    ]
