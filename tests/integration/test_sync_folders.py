"""Two folder stores in step, and killed at every step of the protocol."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.sync.basis.failpoint import NAMES
from fixtures.stores import lay_out
from tests.command_line import Done, fhir_dicom

TWO_ARCHIVES = """
stores:
  ehr: {kind: folder, path: data/fhir, holds: fhir}
  p1: {kind: folder, path: data/dicom, holds: dicom, issuer: ONE}
  p2: {kind: folder, path: data/second, holds: dicom}
routes: [{between: [ehr, p1]}, {between: [ehr, p2]}]
"""


def sync(folder: Path, **environment: str) -> Done:
    return fhir_dicom(folder, "sync", "--once", "--json", **environment)


def acts(done: Done) -> dict[str, int]:
    found: dict[str, int] = json.loads(done.stdout)["acts"]
    return {act: number for act, number in found.items() if not act.endswith((" nothing", " skipped", " outside"))}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    lay_out(tmp_path / "data")
    return tmp_path


def put(stores: Path, resource: dict[str, Any]) -> None:
    file = stores / "data" / "fhir" / resource["resourceType"] / f"{resource['id']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(resource))


def get(stores: Path, key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((stores / "data" / "fhir" / f"{key}.json").read_bytes())
    return found


def instances(stores: Path) -> dict[str, pydicom.Dataset]:
    files = (stores / "data" / "dicom").rglob("*.dcm")
    return {str(dataset.SOPInstanceUID): dataset for dataset in map(pydicom.dcmread, files)}


def test_one_pass_and_a_second_that_finds_nothing(stores: Path) -> None:
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    assert acts(done) == {"to-dicom created": 5, "to-fhir created": 1}
    after = tree(stores / "data")
    again = sync(stores)
    assert (again.returncode, acts(again)) == (0, {})
    assert tree(stores / "data") == after


def test_a_lost_ledger_changes_nothing(stores: Path) -> None:
    sync(stores)
    after = tree(stores / "data")
    for file in stores.glob("bridge.db*"):
        file.unlink()
    again = sync(stores)
    assert again.returncode == 0, again.stderr
    assert tree(stores / "data") == after
    assert acts(sync(stores)) == {}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("passage", [1, 2, 4])
def test_a_kill_at_any_step_is_completed_by_the_next_pass(stores: Path, name: str, passage: int) -> None:
    undisturbed = stores / "undisturbed"
    shutil.copytree(stores / "data", undisturbed / "data")
    assert sync(undisturbed).returncode == 0
    killed = sync(stores, BRIDGE_FAILPOINT=f"{name}:{passage}")
    assert killed.returncode in (-signal.SIGKILL, 0)
    assert killed.returncode != 0 or (name, passage) == ("taken-in", 4)  # a small feed has two pages
    done = sync(stores)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)["status"]
    assert (status["owed"], status["held"], status["dead"], status["intents"]) == (0, 0, 0, 0)
    assert tree(stores / "data") == tree(undisturbed / "data")
    assert acts(sync(stores)) == {}


def test_a_correction_goes_over_with_its_predecessor(stores: Path) -> None:
    sync(stores)
    before = instances(stores)
    heart_rate = get(stores, "Observation/hr")
    heart_rate["valueQuantity"]["value"] = 75
    put(stores, heart_rate | {"status": "corrected"})
    assert acts(sync(stores)) == {"to-dicom updated": 1}
    (new,) = [one for uid, one in instances(stores).items() if uid not in before]
    series = new.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID in before
    assert acts(sync(stores)) == {}


def test_a_report_that_claims_a_lone_result_supersedes_its_document(stores: Path) -> None:
    sync(stores)
    before = instances(stores)
    report = {
        "resourceType": "DiagnosticReport",
        "id": "ward",
        "status": "final",
        "code": {"text": "Ward round"},
        "subject": {"reference": "Patient/p1"},
        "result": [{"reference": "Observation/hr"}, {"reference": "Observation/bp"}],
    }
    put(stores, report)
    assert acts(sync(stores)) == {"to-dicom created": 1}
    (new,) = [one for uid, one in instances(stores).items() if uid not in before]
    assert len(new.PredecessorDocumentsSequence) == 2
    assert acts(sync(stores)) == {}


def test_one_poisonous_document_does_not_stop_the_others(stores: Path) -> None:
    (stores / "data" / "fhir" / "Observation" / "broken.json").write_text(
        '{"resourceType": "Observation", "id": "broken"}'
    )
    odd = stores / "data" / "dicom" / "1.2" / "1.3"
    odd.mkdir(parents=True)
    (odd / "1.4.dcm").write_bytes(b"no DICOM at all")
    done = sync(stores)
    assert done.returncode == 1
    assert acts(done) == {"to-dicom created": 5, "to-fhir created": 1}
    reasons = {one["key"]: one["reason"] for one in json.loads(done.stdout)["status"]["reasons"]}
    assert "code" in reasons["Observation/broken"] and "DICM" in reasons["1.2/1.3/1.4"]
    put(stores, {"resourceType": "Observation", "id": "broken", "status": "final", "code": {"text": "mended"}})
    assert acts(sync(stores)) == {"to-dicom created": 1}


def test_other_content_under_a_known_uid_is_a_dead_letter(stores: Path) -> None:
    sync(stores)
    file = next(file for file in (stores / "data" / "dicom").rglob("*.dcm") if "2.25.1003" in str(file))
    dataset = pydicom.dcmread(file)
    dataset.ContentSequence[-1].TextValue = "Vorhofflimmern"
    dataset.save_as(file)
    done = sync(stores)
    assert done.returncode == 1
    assert "a UID names one content" in done.stderr
    assert "Vorhofflimmern" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stores: {a: {kind: fhir, url: 'ftp://x'}}\n", "http"),
        ("stores: {a: {kind: fhir}}\n", "url"),
        ("stores: {a: {kind: pacs, url: 'http://x'}}\n", "kind"),
        ("stores: {a: {kind: orthanc, url: 'http://x', issuer_: Y}}\n", "issuer_"),
        ("routes: [{between: [fhir, nowhere]}]\n", "nowhere"),
        ("routes: [{between: [fhir, fhir]}]\n", "both hold fhir"),
        ("routes: [{between: [fhir, dicom]}, {between: [dicom, fhir], direction: to-fhir}]\n", "two of the name"),
        ("ledger: nonsense\n", "ledger"),
        (TWO_ARCHIVES, "p2: give the `issuer`"),
        ("timezone: Europe/Nowhere\n", "IANA"),
        ("interwal: 3\n", "interwal"),
        ("interval: 3\nstores: [\n", "bridge.yaml:3"),
    ],
)
def test_a_wrong_configuration_exits_2_and_says_where(tmp_path: Path, text: str, says: str) -> None:
    lay_out(tmp_path / "data")
    (tmp_path / "bridge.yaml").write_text(text)
    done = fhir_dicom(tmp_path, "sync", "--once", "--config", "bridge.yaml")
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_an_environment_that_is_no_json_is_said(stores: Path) -> None:
    done = fhir_dicom(stores, "sync", "--once", BRIDGE_STORES="xyz")
    assert done.returncode == 2 and "stores" in done.stderr and "Traceback" not in done.stderr


def test_a_server_that_is_down_is_said_and_what_was_owed_is_done_later(stores: Path) -> None:
    (stores / "bridge.yaml").write_text(
        "stores:\n"
        "  ehr: {kind: folder, path: data/fhir, holds: fhir}\n"
        "  pacs: {kind: orthanc, url: 'http://127.0.0.1:9'}\n"
        "routes: [{between: [ehr, pacs]}]\n"
    )
    done = fhir_dicom(stores, "sync", "--once", "--json", "--config", "bridge.yaml")
    assert done.returncode == 1
    assert "pacs: GET /changes: no connection" in done.stderr
    assert json.loads(done.stdout)["status"]["owed"] >= 3


def test_watching_carries_what_comes_and_ends_in_order(stores: Path) -> None:
    command = [sys.executable, "-m", "bridge", "sync", "--watch"]
    watching = subprocess.Popen(
        command, cwd=stores, env=os.environ | {"BRIDGE_INTERVAL": "0.2"}, stderr=subprocess.PIPE
    )
    try:
        until(lambda: len(instances(stores)) == 6)
        found = get(stores, "Observation/hr")
        put(stores, found | {"id": "later"})
        until(lambda: len(instances(stores)) == 7)
        beside = sync(stores)
        assert (beside.returncode, "in use by another" in beside.stderr) == (2, True)
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(60) == 0
    finally:
        watching.kill()
        watching.communicate()
    assert acts(sync(stores)) == {}


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not met():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("words", [(), ("--once", "--watch"), ("--watch", "--dry-run")])
def test_once_or_watch_is_said(stores: Path, words: tuple[str, ...]) -> None:
    done = fhir_dicom(stores, "sync", *words)
    assert done.returncode == 2
    assert "--watch" in done.stderr
