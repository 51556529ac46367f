"""A patient who is corrected, on either side: two folder stores."""

from __future__ import annotations

import json
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.stores.store import Instance, Outcome, Write
from bridge.sync.basis.failpoint import NAMES
from bridge.sync.run import once
from tests.command_line import fhir_dicom
from tests.folders import MAPPING, copied, route_of
from tests.folders import done as done_in
from tests.integration.test_sync_edges import observation, store
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_void import configure, open_points, passed
from tests.judges import judge

QUIET = {"owed": 0, "absent": 0, "held": 0, "dead": 0, "intents": 0, "conflicts": 0, "paused": {}}
SYSTEM = "urn:oid:1.2.276.0.76.3.1"
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": SYSTEM, "value": "4711"}],
    "name": [{"family": "Beispiel", "given": ["Erika"]}],
    "birthDate": "1959-04-12",
    "gender": "female",
}
CORRECTED = PATIENT | {"name": [{"family": "Größer", "given": ["Erika"]}], "birthDate": "1959-04-13"}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    put(tmp_path, PATIENT)
    for name in ("a", "b"):
        put(tmp_path, observation(name, 60, subject={"reference": "Patient/p"}))
    configure(tmp_path, demographics="propagate")
    assert acts(passed(tmp_path)) == {"to-dicom created": 2}
    assert acts(passed(tmp_path)) == {}
    return tmp_path


def test_a_corrected_patient_goes_into_the_instances_that_are_there(stores: Path) -> None:
    before = instances(stores)
    put(stores, CORRECTED)
    done = passed(stores)
    assert acts(done) == {"to-dicom demographics": 2}, done.stderr
    after = instances(stores)
    assert after.keys() == before.keys()
    for uid, one in after.items():
        assert (str(one.PatientName), one.PatientBirthDate, one.PatientSex) == ("Größer^Erika", "19590413", "F")
        del one.PatientName, one.PatientBirthDate, before[uid].PatientName, before[uid].PatientBirthDate
        assert one == before[uid]
    files = list((stores / "data" / "dicom").rglob("*.dcm"))
    assert {file.name: said for file, said in judge(files).items() if said} == {}
    assert acts(passed(stores)) == {}


def test_an_edit_afterwards_is_one_new_version(stores: Path) -> None:
    put(stores, CORRECTED)
    passed(stores)
    put(stores, observation("a", 61, subject={"reference": "Patient/p"}))
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    assert {str(one.PatientName) for one in instances(stores).values()} == {"Größer^Erika"}
    assert acts(passed(stores)) == {}


def test_a_lost_ledger_changes_nothing(stores: Path) -> None:
    put(stores, CORRECTED)
    passed(stores)
    after = tree(stores / "data")
    for file in stores.glob("bridge.db*"):
        file.unlink()
    assert set(acts(passed(stores))) <= {"to-dicom adopted"}
    assert tree(stores / "data") == after
    assert acts(passed(stores)) == {}


def test_what_is_no_demographics_changes_nothing(stores: Path) -> None:
    before = tree(stores / "data" / "dicom")
    put(stores, PATIENT | {"telecom": [{"system": "phone", "value": "0"}]})
    assert acts(passed(stores)) == {}
    put(stores, PATIENT | {"name": CORRECTED["name"], "identifier": [{"system": SYSTEM, "value": "4712"}]})
    assert acts(passed(stores)) == {}  # somebody else, as far as the PACS can tell
    assert tree(stores / "data" / "dicom") == before


def test_new_only_leaves_what_is_there(stores: Path) -> None:
    configure(stores)
    before = tree(stores / "data" / "dicom")
    put(stores, CORRECTED)
    assert acts(passed(stores)) == {}
    assert tree(stores / "data" / "dicom") == before
    put(stores, observation("c", 60, subject={"reference": "Patient/p"}))
    passed(stores)
    assert sorted(str(one.PatientName) for one in instances(stores).values())[-1] == "Größer^Erika"


def test_what_others_wrote_is_theirs_to_correct(stores: Path) -> None:
    store(stores, "2.25.9001", "text 1")
    passed(stores)
    before = instances(stores)["2.25.9001"]
    (patient,) = [file.stem for file in (stores / "data" / "fhir" / "Patient").glob("*.json") if file.stem != "p"]
    put(stores, get(stores, f"Patient/{patient}") | {"name": [{"family": "Anders"}]})
    assert acts(passed(stores)) == {}
    assert instances(stores)["2.25.9001"] == before


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("passage", [1, 2])
def test_a_kill_at_any_step_is_completed_by_the_next_pass(stores: Path, name: str, passage: int) -> None:
    put(stores, CORRECTED)
    undisturbed = copied(stores)
    assert passed(undisturbed).returncode == 0
    line = ("sync", "--once", "--json", "--config", "bridge.yaml")
    assert fhir_dicom(stores, *line, BRIDGE_FAILPOINT=f"{name}:{passage}").returncode == -signal.SIGKILL
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, QUIET), done.stderr
    assert tree(stores / "data") == tree(undisturbed / "data")
    assert acts(passed(stores)) == {}


def test_a_replacement_is_said_before_it_is_made_whenever_it_is_made(stores: Path) -> None:
    """A dry run after a kill finishes nothing, and a second kill finds it said again."""
    put(stores, CORRECTED)
    before = tree(stores / "data" / "dicom")
    line = ("sync", "--once", "--json", "--config", "bridge.yaml")
    for _ in range(2):
        assert fhir_dicom(stores, *line, BRIDGE_FAILPOINT="intended:1").returncode == -signal.SIGKILL
        assert tree(stores / "data" / "dicom") == before
        done = fhir_dicom(stores, *line, "--dry-run")
        assert [one.partition(" ")[0] for one in json.loads(done.stdout)["plans"]] == ["demographics"] * 2
        assert open_points(done)["intents"] == 1
        assert tree(stores / "data" / "dicom") == before
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({"to-dicom demographics": 1}, QUIET)  # one was begun, and is no news
    assert {str(one.PatientName) for one in instances(stores).values()} == {"Größer^Erika"}


def test_an_instance_that_is_missing_between_the_one_and_the_other_is_not_deleted(
    stores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive goes away after it has removed the one, and its listing misses the other before that is stored."""
    now = 1e9
    route = route_of(stores, demographics="propagate")
    with closing(Ledger(f"sqlite:///{stores}/bridge.db", lambda: now)) as ledger:
        put(stores, CORRECTED)
        replace = route.dicom.replace

        def half(item: Write[Instance]) -> Outcome[Instance]:
            monkeypatch.setattr(route.dicom, "replace", replace)
            assert list(route.dicom.remove([one.key for one in route.dicom.listing() if item.key in one.key])) == [None]
            return Outcome(None, TemporaryError("dicom: no connection"))

        monkeypatch.setattr(route.dicom, "replace", half)
        summary = once([route], ledger, MAPPING)
        assert (len(summary.faults), len(instances(stores))) == (1, 1)
        summary = once([route], ledger, MAPPING)  # the resources are put off: what looks deleted is looked at first
        assert (summary.faults, done_in(summary)) == ([], {})
        assert [str(one.PatientName) for one in instances(stores).values()] == ["Größer^Erika"] * 2
        assert {get(stores, f"Observation/{name}")["status"] for name in ("a", "b")} == {"final"}
        now += 300
        assert (once([route], ledger, MAPPING).faults, ledger.status()["owed"]) == ([], 0)


# -- corrected in the PACS ------------------------------------------------------------------------------------------
def reports(stores: Path) -> list[dict[str, Any]]:
    files = (stores / "data" / "fhir" / "DiagnosticReport").glob("*.json")
    return [json.loads(file.read_bytes()) for file in files]


def subjects(stores: Path) -> set[str]:
    """Patient IDs of all that was made from the PACS."""
    files = [
        file for kind in ("DiagnosticReport", "Composition") for file in (stores / "data" / "fhir" / kind).glob("*")
    ]
    references = {json.loads(file.read_bytes())["subject"]["reference"] for file in files}
    return {get(stores, one)["identifier"][0]["value"] for one in references}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    store(tmp_path, "2.25.9001", "text 1")
    configure(tmp_path)
    assert acts(passed(tmp_path)) == {"to-fhir created": 1}
    return tmp_path


def test_a_report_that_the_pacs_moves_to_another_patient_follows(archive: Path) -> None:
    store(archive, "2.25.9001", "text 1", PatientID="MR-0002", PatientSex="M", PatientName="Anders^Adam")
    done = passed(archive)
    assert acts(done) == {"to-fhir updated": 1}, done.stderr
    assert subjects(archive) == {"MR-0002"}
    assert [one["status"] for one in reports(archive)] == ["final"]
    assert (acts(passed(archive)), open_points(passed(archive))) == ({}, QUIET)
    store(archive, "2.25.9001", "text 1")
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    assert subjects(archive) == {"MR-0001"}


def test_with_other_content_it_is_no_correction(archive: Path) -> None:
    store(archive, "2.25.9001", "text 2", PatientID="MR-0002")
    done = passed(archive)
    assert "a UID names one content" in done.stderr
    assert subjects(archive) == {"MR-0001"}


@pytest.mark.parametrize(("demographics", "name"), [("new-only", "Beispiel"), ("from-dicom", "Anders")])
def test_a_corrected_name_reaches_the_patient_only_if_the_route_says_so(
    archive: Path, demographics: str, name: str
) -> None:
    configure(archive, demographics=demographics)
    store(archive, "2.25.9001", "text 1", PatientName="Anders^Erika")
    done = passed(archive)
    assert acts(done) == {"to-fhir updated": 1}, done.stderr
    (file,) = (archive / "data" / "fhir" / "Patient").glob("*.json")
    assert json.loads(file.read_bytes())["name"][0]["family"] == name
    assert acts(passed(archive)) == {}


@pytest.mark.parametrize("name", ["claimed", "intended", "applied", "agreed"])
def test_a_kill_while_it_moves_is_completed_by_the_next_pass(archive: Path, name: str) -> None:
    store(archive, "2.25.9001", "text 1", PatientID="MR-0002", PatientSex="M")
    line = ("sync", "--once", "--json", "--config", "bridge.yaml")
    assert fhir_dicom(archive, *line, BRIDGE_FAILPOINT=f"{name}:1").returncode == -signal.SIGKILL
    done = passed(archive)
    assert (done.returncode, open_points(done)) == (0, QUIET), done.stderr
    assert subjects(archive) == {"MR-0002"}
    assert acts(passed(archive)) == {}
