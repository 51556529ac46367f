"""What a review found that a plain pass does not show: reverts, chains, conflicts, changed membership, bad files."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest

from fixtures.stores import lay_out
from tests.command_line import fhir_dicom
from tests.corpus import FIXTURES
from tests.integration.test_sync_folders import acts, get, instances, put, sync
from tests.samples import ecg_report
from tests.trials.verdict import referenced

VALUE = {"unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "fhir" / "Observation").mkdir(parents=True)
    (tmp_path / "data" / "dicom").mkdir()
    return tmp_path


def observation(name: str, value: int, **more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    quantity = {"value": value, **VALUE}
    return {
        "resourceType": "Observation", "id": name, "status": "final", "code": code, "valueQuantity": quantity, **more
    }  # fmt: skip


def report(*results: str) -> dict[str, Any]:
    found = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "Round"}}
    return found | {"result": [{"reference": f"Observation/{one}"} for one in results]}


def store(stores: Path, uid: str, text: str, predecessor: str | None = None, **more: str) -> None:
    dataset = ecg_report(uid, text, predecessor, **more)
    folder = stores / "data" / "dicom" / dataset.StudyInstanceUID / dataset.SeriesInstanceUID
    folder.mkdir(parents=True, exist_ok=True)
    dataset.save_as(folder / f"{uid}.dcm")


def predecessors(one: pydicom.Dataset) -> list[str]:
    return list(referenced(one.get("PredecessorDocumentsSequence", ())))


def heads(stores: Path) -> list[pydicom.Dataset]:
    """Instances that no other one supersedes."""
    found = instances(stores)
    named = {uid for one in found.values() for uid in predecessors(one)}
    return [one for uid, one in found.items() if uid not in named]


def values(item: Any) -> Iterator[str]:
    """Of all its NUM and TEXT items."""
    if item.ValueType == "NUM":
        yield str(item.MeasuredValueSequence[0].NumericValue)
    if item.ValueType == "TEXT":
        yield item.TextValue
    for child in item.get("ContentSequence", ()):
        yield from values(child)


def texts(stores: Path) -> list[str]:
    files = (stores / "data" / "fhir" / "Observation").glob("*.json")
    return sorted(one["valueString"] for one in map(_json, files) if "valueString" in one)


def _json(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def reports(stores: Path) -> list[dict[str, Any]]:
    return [_json(file) for file in (stores / "data" / "fhir").glob("DiagnosticReport/*.json")]


def test_a_return_to_a_former_value_is_news(stores: Path) -> None:
    for value in (36, 37, 36):
        put(stores, observation("a", value))
        sync(stores)
    (head,) = heads(stores)
    assert head.ContentSequence[0].MeasuredValueSequence[0].NumericValue == 36
    assert len(instances(stores)) == 3


def test_words_that_no_item_says_are_a_new_version(stores: Path) -> None:
    store(stores, "2.25.7", "as sent")
    sync(stores)
    (edited,) = reports(stores)
    put(stores, edited | {"conclusion": "Sinus rhythm"})
    assert acts(sync(stores)) == {"to-dicom updated": 1}
    (head,) = heads(stores)
    assert head.SOPInstanceUID != "2.25.7"
    before = instances(stores).keys()
    assert acts(sync(stores)) == {}
    put(stores, edited | {"conclusion": "Atrial fibrillation"})
    assert acts(sync(stores)) == {"to-dicom updated": 1}
    assert len(instances(stores).keys() - before) == 1
    assert len(heads(stores)) == 1


def test_a_result_that_leaves_its_report_is_a_document_of_its_own(stores: Path) -> None:
    put(stores, observation("a", 1))
    put(stores, observation("b", 2))
    put(stores, report("a", "b"))
    sync(stores)
    (whole,) = heads(stores)
    put(stores, report("a"))
    assert acts(sync(stores)) == {"to-dicom updated": 1, "to-dicom created": 1}
    lone, rest = sorted(heads(stores), key=lambda one: len(one.get("PredecessorDocumentsSequence", [])))
    assert "PredecessorDocumentsSequence" not in lone
    assert str(whole.SOPInstanceUID) in str(rest.PredecessorDocumentsSequence)
    put(stores, observation("b", 3))
    assert acts(sync(stores)) == {"to-dicom updated": 1}
    assert acts(sync(stores)) == {}


def test_a_chain_that_arrives_in_any_order_is_one_report(stores: Path) -> None:
    uids = [f"2.25.{number}" for number in (9, 8, 7, 6, 5, 4)]
    for index, uid in enumerate(uids):
        store(stores, uid, f"version {index}", uids[index - 1] if index else None)
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    assert len(reports(stores)) == 1
    assert "version 5" in texts(stores)
    assert acts(sync(stores)) == {}


def test_two_amendments_whose_predecessors_are_elsewhere_do_not_wait_for_each_other(stores: Path) -> None:
    for uid in ("2.25.31", "2.25.32"):
        store(stores, uid, uid, predecessor=f"{uid}.99")
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    assert len(reports(stores)) == 2
    assert json.loads(done.stdout)["status"]["owed"] == 0


def test_a_predecessor_that_comes_later_is_no_second_report(stores: Path) -> None:
    store(stores, "2.25.42", "new", predecessor="2.25.41")
    sync(stores)
    store(stores, "2.25.41", "old")
    done = sync(stores)
    assert done.returncode == 0
    assert len(reports(stores)) == 1
    assert texts(stores) == ["new"]


@pytest.mark.parametrize("name", ["intended", "applied", "agreed"])
def test_a_kill_within_an_amendment_is_completed(stores: Path, name: str) -> None:
    store(stores, "2.25.51", "old")
    sync(stores)
    store(stores, "2.25.52", "new", predecessor="2.25.51")
    assert sync(stores, BRIDGE_FAILPOINT=f"{name}:1").returncode == -signal.SIGKILL
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)["status"]
    assert (status["owed"], status["held"], status["dead"], status["intents"]) == (0, 0, 0, 0)
    assert texts(stores) == ["new"]
    assert len(instances(stores)) == 2
    assert acts(sync(stores)) == {}


@pytest.mark.parametrize("name", ["intended", "applied"])
def test_a_further_amendment_waits_for_the_one_that_was_killed(stores: Path, name: str) -> None:
    """What a worker did not survive comes last: what amends it must not be taken for an amendment of something else."""
    store(stores, "2.25.51", "old")
    sync(stores)
    store(stores, "2.25.53", "new", predecessor="2.25.51")
    assert sync(stores, BRIDGE_FAILPOINT=f"{name}:1").returncode == -signal.SIGKILL
    store(stores, "2.25.52", "newest", predecessor="2.25.53")
    status = json.loads(sync(stores).stdout)["status"]
    assert (status["owed"], status["held"], status["dead"], status["intents"]) == (0, 0, 0, 0)
    assert texts(stores) == ["newest"]


def test_both_sides_changed_is_held_and_nothing_is_overwritten(stores: Path) -> None:
    store(stores, "2.25.61", "old")
    sync(stores)
    (file,) = [
        one
        for one in (stores / "data" / "fhir" / "Observation").glob("*.json")
        if _json(one).get("valueString") == "old"
    ]
    put(stores, _json(file) | {"valueString": "by FHIR"})
    store(stores, "2.25.62", "by PACS", predecessor="2.25.61")
    for _ in range(2):
        done = sync(stores)
        assert json.loads(done.stdout)["status"]["held"] >= 1
        assert texts(stores) == ["by FHIR"]
        assert len(instances(stores)) == 2


def test_a_version_that_passes_over_the_newest_is_held(stores: Path) -> None:
    store(stores, "2.25.71", "one")
    sync(stores)
    store(stores, "2.25.72", "two", predecessor="2.25.71")
    sync(stores)
    store(stores, "2.25.73", "three", predecessor="2.25.71")
    done = sync(stores)
    assert "not the newest" in done.stderr
    assert texts(stores) == ["two"]


def test_a_version_of_another_patient_is_held(stores: Path) -> None:
    store(stores, "2.25.81", "hers")
    sync(stores)
    (before,) = reports(stores)
    store(stores, "2.25.82", "his", predecessor="2.25.81", PatientID="OTHER-9")
    done = sync(stores)
    assert "another" in done.stderr
    assert reports(stores) == [before]


def test_what_the_bridge_retracted_itself_asks_nobody(stores: Path) -> None:
    store(stores, "2.25.91", "dropped")
    sync(stores)
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    del dataset.ContentSequence[-1]
    store(stores, "2.25.92", "x", predecessor="2.25.91")
    (file,) = (stores / "data" / "dicom").rglob("2.25.92.dcm")
    amended = pydicom.dcmread(file)
    del amended.ContentSequence[-1]
    amended.save_as(file)
    assert acts(sync(stores)) == {"to-fhir updated": 1}
    (retracted,) = [one for one in map(_json, (stores / "data" / "fhir" / "Observation").glob("*.json"))
                    if one.get("valueString") == "dropped"]  # fmt: skip
    assert retracted["status"] == "entered-in-error"
    assert sync(stores).returncode == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut", b'{"resourceType": "Observation", '),
        ("other", b'{"resourceType": "Observation", "id": "another"}'),
        ("subject", b'{"resourceType": "Observation", "id": "subject", "subject": "Patient/p"}'),
        ("meta", b'{"resourceType": "Observation", "id": "meta", "meta": null}'),
        ("coding", b'{"resourceType": "Observation", "id": "coding", "status": [1], "code": 5}'),
    ],
)
def test_a_bad_file_is_a_dead_letter_and_the_others_go_on(tmp_path: Path, name: str, content: bytes) -> None:
    lay_out(tmp_path / "data")
    file = tmp_path / "data" / "fhir" / "Observation" / f"{name}.json"
    file.write_bytes(content)
    done = sync(tmp_path)
    assert done.returncode == 1
    assert acts(done) == {"to-dicom created": 5, "to-fhir created": 1}
    assert [one["key"] for one in json.loads(done.stdout)["status"]["reasons"]] == [f"Observation/{name}"]
    assert "Traceback" not in done.stderr
    file.write_text(json.dumps(observation(name, 5)))
    assert acts(sync(tmp_path)) == {"to-dicom created": 1}


def test_every_route_of_a_store_gets_its_documents(stores: Path) -> None:
    put(stores, observation("a", 1))
    (stores / "data" / "second").mkdir()
    (stores / "bridge.yaml").write_text(
        "stores:\n"
        "  ehr: {kind: folder, path: data/fhir, holds: fhir}\n"
        "  p1: {kind: folder, path: data/dicom, holds: dicom, issuer: ONE}\n"
        "  p2: {kind: folder, path: data/second, holds: dicom, issuer: TWO}\n"
        "routes: [{between: [ehr, p1]}, {between: [ehr, p2]}]\n"
    )
    assert fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml").returncode == 0
    names = [{file.name for file in (stores / "data" / one).rglob("*.dcm")} for one in ("dicom", "second")]
    assert names[0] == names[1] != set()
    assert get(stores, "Observation/a")["valueQuantity"]["value"] == 1
