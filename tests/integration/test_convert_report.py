"""What `fhir-dicom convert` says of what it did not translate: each resource by name, each fault by its place, and of
many documents how many there are for one reason."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bridge.convert import export, run
from bridge.convert.export import Part, parts, read
from bridge.convert.inputs import Rejected
from bridge.convert.outputs import Folder
from bridge.convert.run import Job
from bridge.model.group import Resource, reference_to
from bridge.translate.basis.ids import Known
from tests.command_line import Done, fhir_dicom
from tests.integration.test_export import exported
from tests.samples import measured, reported

PATIENT: Resource = {"resourceType": "Patient", "id": "p", "name": [{"family": "Doe"}]}
STATUS = "invalid Observation: status: not one of "


def of_results(name: str, *results: str) -> Resource:
    return reported(id=name, result=[{"reference": f"Observation/{one}"} for one in results])


def bundled(file: Path, *resources: Resource) -> Path:
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [*_entries(resources)]}))
    return file


def _entries(resources: Iterable[Resource]) -> Iterable[dict[str, Any]]:
    return ({"fullUrl": f"http://example.org/{reference_to(one)}", "resource": one} for one in resources)


def converted(tmp_path: Path, given: Path) -> tuple[Done, dict[str, Any]]:
    done = fhir_dicom(tmp_path, "convert", str(given), "--to", "dicom", "-o", "out", "--report", "report.json")
    return done, json.loads((tmp_path / "report.json").read_bytes())


def test_a_fault_of_an_export_names_the_resource_and_its_line(tmp_path: Path) -> None:
    results = [measured(id="o1"), measured(id="o2", status="done")]
    folder = exported(tmp_path / "a", [*results, of_results("r", "o1", "o2"), PATIENT])
    _, report = converted(tmp_path, folder)
    (entry,) = report["documents"]
    assert entry["source"] == f"{folder}/DiagnosticReport.ndjson#DiagnosticReport/r"
    place = f"Observation/o2 ({folder}/Observation.ndjson:2): "
    assert entry["error"].startswith(f"{entry['source']}: {place}{STATUS}")
    assert entry["reason"].startswith(STATUS), "alone, it is the same for all that are rejected for it"
    assert {*entry["resources"]} == {"DiagnosticReport/r", "Observation/o1", "Observation/o2", "Patient/p"}


def test_a_fault_of_a_bundle_names_the_resource_and_its_entry(tmp_path: Path) -> None:
    inner = {"resourceType": "Bundle", "id": "i", "type": "searchset", "entry": [{"resource": measured(status="no")}]}
    outer = {"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": {}}, {"resource": inner}]}
    (tmp_path / "in.json").write_text(json.dumps(outer))
    _, report = converted(tmp_path, tmp_path / "in.json")
    (entry,) = report["documents"]
    assert f": Observation/o (Bundle.entry[1].resource.entry[0]): {STATUS}" in entry["error"]


def test_an_id_that_is_none_is_not_said(tmp_path: Path) -> None:
    """It may be a name."""
    resources = [measured(id="Jane_Doe"), measured(id="o")]
    folder = exported(tmp_path / "a", resources)
    _, report = converted(tmp_path, folder)
    (refused,) = [one for one in report["documents"] if one["status"] == "rejected"]
    line = f"{folder}/Observation.ndjson:1"
    assert f"Observation ({line}): invalid Observation: id: " in refused["error"]
    assert refused["resources"] == [line]
    assert "Jane" not in json.dumps(report)


def test_a_result_that_is_refused_for_what_it_says_is_named(tmp_path: Path) -> None:
    other = measured(id="o2", subject={"reference": "Patient/q"})
    file = bundled(tmp_path / "in.json", of_results("r", "o1", "o2"), measured(id="o1"), other, PATIENT)
    _, report = converted(tmp_path, file)
    (entry,) = [one for one in report["documents"] if one["status"] == "rejected"]
    reason = "Observation.subject is another than that of the report"
    assert (entry["error"], entry["reason"]) == (f"{entry['source']}: Observation/o2: {reason}", reason)


def test_whatever_goes_in_is_in_the_report(tmp_path: Path) -> None:
    """Of a document that was rejected, its results were named nowhere, and of any other its Patient."""
    resources = [
        *(of_results("r1", "o1", "o2"), of_results("r2", "o3"), reported(id="r3", status="registered")),
        *(measured(id="o1"), measured(id="o2", status="done"), measured(id="o3"), measured(id="o4"), PATIENT),
    ]
    unused: list[Resource] = [{"resourceType": "Claim", "id": str(number)} for number in range(3)]
    for given in (exported(tmp_path / "a", resources + unused), bundled(tmp_path / "in.json", *resources, *unused)):
        _, report = converted(tmp_path, given)
        said = {name for entry in report["documents"] for name in entry["resources"]}
        assert said == {*map(reference_to, resources)}
        totals = report["totals"]
        assert (totals["converted"], totals["rejected"], totals["skipped"], totals["skipped_count"]) == (2, 1, 2, 4)


def test_rejections_are_summed_up_by_reason(tmp_path: Path) -> None:
    faulty = [measured(id=f"o{number}", status="done") for number in range(7)]
    done, _ = converted(tmp_path, exported(tmp_path / "a", [*faulty, measured(id="n", code=None)]))
    assert done.returncode == 1
    assert f"\nrejected: 7 x {STATUS}" in done.stdout and "\nrejected: 1 x invalid Observation: code" in done.stdout
    assert done.stderr.count("rejected: ") == 8, "and each by name"


def test_of_a_part_whose_line_changes_each_document_is_named_and_the_line(tmp_path: Path) -> None:
    resources = [measured(id="o1"), measured(id="o2"), of_results("r1", "o1", "o2"), of_results("r2", "o1"), PATIENT]
    folder = exported(tmp_path / "a", resources)
    files = sorted(folder.iterdir())
    (part,) = (one for one in parts(files) if isinstance(one, Part))
    observations = folder / "Observation.ndjson"
    observations.write_bytes(observations.read_bytes().replace(b'"id": "o2"', b'"id": "o3"'))
    found = [one for one in read(part) if isinstance(one, Rejected)]
    changed = f"{observations}:2"
    why = "changed while it was read; convert it when it stands"
    assert {one.source: one.error.removeprefix(f"{one.source}: ") for one in found} == {
        changed: why,
        f"{observations}#Observation/o1": f"it goes together with {changed}: {why}",
        f"{folder}/DiagnosticReport.ndjson#DiagnosticReport/r1": f"it goes together with {changed}: {why}",
        f"{folder}/DiagnosticReport.ndjson#DiagnosticReport/r2": f"it goes together with {changed}: {why}",
    }
    assert {one.reason for one in found} == {why}


def test_of_a_part_whose_worker_is_killed_each_document_is_named(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [measured(id="o1"), of_results("r1", "o1"), of_results("r2", "o1"), PATIENT])
    job, files = Job("dicom", Known(), None), sorted(folder.iterdir())
    with patch.object(run, "shared_out", lambda _, units, workers: ((unit, None) for unit in units)):
        found = [*run.run(files, job, Folder(tmp_path / "out"), workers=2)]
    assert {one["status"] for one in found} == {"rejected"}
    assert {*found[0]["resources"], *found[1]["resources"], *found[2]["resources"]} == {
        *("DiagnosticReport/r1", "DiagnosticReport/r2", "Observation/o1")
    }
    assert all("was killed" in one["error"] for one in found)


def test_what_breaks_us_behind_a_document_takes_only_what_is_behind_it(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [measured(id="o1"), of_results("r1", "o1"), of_results("r2", "o1")])
    (part,) = (one for one in parts(sorted(folder.iterdir())) if isinstance(one, Part))
    job, real = Job("dicom", Known(), None), export.read

    def broken(one: Part, release: Any) -> Iterable[Any]:
        yield next(real(one, release))
        raise ValueError("Doe")

    with patch.object(export, "read", broken), patch.object(export, "parts", lambda _: [part]):
        found = [*run.run(sorted(folder.iterdir()), job, Folder(tmp_path / "out"))]
    assert [(one["source"].partition("#")[2], one["status"]) for one in found] == [
        ("DiagnosticReport/r1", "converted"),
        ("DiagnosticReport/r2", "rejected"),
    ]
    assert "please report it" in found[1]["error"] and "Doe" not in found[1]["error"]


def test_of_a_line_that_is_cut_off_its_text_is_at_fault_and_not_its_end(tmp_path: Path) -> None:
    folder = exported(tmp_path / "a", [measured(id="o1")])
    text = json.dumps(measured(id="o2"))
    with (folder / "Observation.ndjson").open("a") as file:
        print(text[: text.index("mmol/L") + 2], file=file)
    _, report = converted(tmp_path, folder)
    (entry,) = [one for one in report["documents"] if one["status"] == "rejected"]
    assert entry["error"].startswith(f"{folder}/Observation.ndjson:2: line 1, column ")
    assert "Unterminated string" in entry["error"]
