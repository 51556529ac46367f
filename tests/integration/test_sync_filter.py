"""Routes that carry some documents, and a dry run that carries none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.model.names import EXTENSION_BASE
from tests.command_line import Done, fhir_dicom
from tests.images import ct, put_in
from tests.integration.test_sync_edges import observation, store, texts
from tests.integration.test_sync_folders import get, instances, put, tree

STORES = """
stores:
  ehr: {kind: folder, path: data/fhir, holds: fhir}
  pacs: {kind: folder, path: data/dicom, holds: dicom}
"""
LAB = [{"coding": [{"code": "laboratory"}]}]


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    put(tmp_path, observation("lab", 1, category=LAB))
    put(tmp_path, observation("other", 2))
    return tmp_path


def run(folder: Path, *command: str, only: str = "{}") -> Done:
    (folder / "bridge.yaml").write_text(f"{STORES}routes: [{{between: [ehr, pacs], only: {only}}}]\n")
    return fhir_dicom(folder, *command, "--config", "bridge.yaml")


def test_what_is_outside_is_left_alone_and_crosses_when_the_filter_is_widened(stores: Path) -> None:
    only = "{categories: [laboratory]}"
    assert "to-dicom created: 1\n" in run(stores, "sync", "--once", only=only).stdout
    put(stores, observation("other", 3))
    assert "nothing to do" in run(stores, "sync", "--once", only=only).stdout
    assert "nothing to do" in run(stores, "sync", "--once").stdout  # nobody has news
    assert run(stores, "resend", "ehr-pacs").stdout.startswith("3 looked at again")
    assert "to-dicom created: 1\n" in run(stores, "sync", "--once").stdout
    assert len(instances(stores)) == 2


def test_what_is_outside_is_counted(stores: Path) -> None:
    """A filter that carries nothing is not taken for stores that are in step."""
    only = "{categories: [labratory], templates: ['9999']}"
    store(stores, "2.25.9001", "text")
    outside = "nothing to do\noutside of what `only` of the route carries: 3\n"
    assert run(stores, "sync", "--once", "--dry-run", only=only).stdout == outside
    assert run(stores, "sync", "--once", only=only).stdout.startswith(outside)
    assert run(stores, "sync", "--once", only=only).stdout.startswith("nothing to do\nlinked: 0")
    run(stores, "resend", "ehr-pacs", only=only)
    found = json.loads(run(stores, "sync", "--once", "--json", only=only).stdout)
    assert (found["outside"], found["acts"]) == (3, {"to-dicom outside": 2, "to-fhir outside": 1})


def test_the_patients_who_are_outside_are_counted(stores: Path) -> None:
    (stores / "patients.txt").write_text("urn:h|nobody\n")
    store(stores, "2.25.9001", "text")
    put_in(stores / "data" / "dicom", ct(1))
    found = json.loads(run(stores, "sync", "--once", "--json", only="{patients: patients.txt}").stdout)
    acts = {act: number for act, number in found["acts"].items() if act.endswith(" outside")}
    assert acts == {"to-dicom outside": 2, "to-fhir outside": 1, "imaging-study outside": 1}


def test_documents_of_the_pacs_by_template_and_their_edits_come_back(stores: Path) -> None:
    store(stores, "2.25.9001", "text")
    assert "to-fhir" not in run(stores, "sync", "--once", only="{categories: [x], templates: ['9999']}").stdout
    assert run(stores, "resend", "ehr-pacs", "unknown").stdout.startswith("0 looked at again")
    run(stores, "resend", "ehr-pacs")
    only = "{categories: [x]}"
    assert "to-fhir created: 1" in run(stores, "sync", "--once", only=only).stdout
    (report,) = (stores / "data" / "fhir" / "DiagnosticReport").glob("*.json")
    key = f"DiagnosticReport/{report.stem}"
    put(stores, get(stores, key) | {"conclusion": "Edited"})
    assert "to-dicom updated: 1" in run(stores, "sync", "--once", only=only).stdout


def test_images_of_a_patient_who_is_outside_make_nothing(stores: Path) -> None:
    (stores / "patients.txt").write_text("urn:h|nobody\n")
    put_in(stores / "data" / "dicom", *(ct(number) for number in (1, 2)))
    for _ in range(2):
        done = run(stores, "sync", "--once", only="{patients: patients.txt}")
        assert (done.returncode, "nothing to do" in done.stdout) == (0, True), done.stderr
        put_in(stores / "data" / "dicom", ct(3))
    assert sorted(one.name for one in (stores / "data" / "fhir").iterdir()) == ["Observation"]
    (stores / "patients.txt").write_text(f"{EXTENSION_BASE}/issuer/MY-HOSPITAL|MR-0001\n")
    put_in(stores / "data" / "dicom", ct(4))
    assert "imaging-study created: 1" in run(stores, "sync", "--once", only="{patients: patients.txt}").stdout
    assert [len(list((stores / "data" / "fhir" / kind).iterdir())) for kind in ("Patient", "ImagingStudy")] == [1, 1]


@pytest.mark.parametrize("amendment", ["2.25.9000", "2.25.9009"], ids=["read first", "read last"])
def test_what_amends_a_version_that_is_outside_waits_for_nobody(stores: Path, amendment: str) -> None:
    store(stores, "2.25.9001", "outside", Modality="OT")
    store(stores, amendment, "inside", predecessor="2.25.9001")
    done = run(stores, "sync", "--once", "--json", only="{categories: [x], modalities: [SR]}")
    said = json.loads(done.stdout)
    assert (done.returncode, said["acts"]["to-fhir created"], said["status"]["owed"]) == (0, 1, 0), done.stderr
    assert texts(stores) == ["inside"]


@pytest.mark.parametrize(
    ("only", "says"),
    [
        ("{categories: []}", "only.categories"),
        ("{category: [x]}", "only: unknown key 'category'; known are categories"),
        ("{patients: nowhere.txt}", "nowhere.txt: cannot be read"),
        ("{patients: patients.txt}", "patients.txt:2: no identifier"),
    ],
)
def test_a_wrong_filter_is_named(stores: Path, only: str, says: str) -> None:
    (stores / "patients.txt").write_text("# ours\nurn:h\n")
    done = run(stores, "sync", "--once", only=only)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_a_dry_run_asks_and_pauses_nothing(stores: Path) -> None:
    for number in range(12):
        put(stores, observation(f"x{number}", number))
    run(stores, "sync", "--once")
    for number in range(12):
        (stores / "data" / "fhir" / "Observation" / f"x{number}.json").unlink()
    done = json.loads(run(stores, "sync", "--once", "--dry-run", "--json").stdout)
    assert any("are gone at once" in one for one in done["faults"])
    assert done["status"]["paused"] == {}
    assert json.loads(run(stores, "sync", "--once", "--json").stdout)["status"]["paused"] != {}


def test_a_dry_run_says_what_it_would_do_and_does_not(stores: Path) -> None:
    store(stores, "2.25.9001", "text")
    before = tree(stores / "data")
    for _ in range(2):
        done = json.loads(run(stores, "sync", "--once", "--dry-run", "--json").stdout)
        assert sorted(" ".join(one.split(" ")[2:5]) for one in done["plans"]) == [
            "to ehr as",
            "to pacs as",
            "to pacs as",
        ]
        assert (done["acts"], done["status"]["intents"]) == ({}, 0)
    assert tree(stores / "data") == before
    done = run(stores, "sync", "--once")
    assert "to-dicom created: 2" in done.stdout
    assert "to-fhir created: 1" in done.stdout
    assert run(stores, "sync", "--once", "--dry-run").stdout == "nothing to do\n"
