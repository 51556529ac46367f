"""Files of a folder store that have no name or place of a document: they are not looked at, and somebody hears it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.command_line import Done, fhir_dicom
from tests.corpus import FIXTURES
from tests.integration.test_sync_edges import observation
from tests.integration.test_sync_folders import put
from tests.integration.test_sync_void import configure

SR = (FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    put(tmp_path, observation("o", 12))
    return tmp_path


def passed(stores: Path, *options: str) -> Done:
    done = fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", *options)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize(
    ("name", "store"),
    [
        ("dicom/Doe_Jane.dcm", "dicom"),
        ("dicom/export/1.dcm", "dicom"),
        ("dicom/1.2/3.4/5.6", "dicom"),
        ("dicom/1.2/3.4/Doe.dcm", "dicom"),
        ("fhir/bundle.json", "fhir"),
        ("fhir/Observation/export.ndjson", "fhir"),
        ("fhir/2026-03-02/o.json", "fhir"),
    ],
)
def test_such_a_file_is_counted_and_its_name_is_not_said(stores: Path, name: str, store: str) -> None:
    file = stores / "data" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(SR)
    for _ in range(2):
        done = passed(stores)
        assert done.stderr.startswith(f"{store}: 1 file or folder is no")
        assert "Doe" not in done.stderr
    assert json.loads(passed(stores, "--json").stdout)["notices"] == done.stderr.splitlines()


def test_many_are_one_notice(stores: Path) -> None:
    for number in range(3):
        (stores / "data" / "dicom" / f"report {number}.dcm").write_bytes(SR)
    assert passed(stores).stderr.startswith("dicom: 3 files or folders are no `study/series/instance.dcm`")


def test_a_folder_with_the_name_of_a_file_and_a_link_to_itself_are_no_documents(stores: Path) -> None:
    (stores / "data" / "fhir" / "Observation" / "old.json").mkdir()
    loop = stores / "data" / "fhir" / "Observation" / "loop.json"
    loop.symlink_to(loop)
    done = passed(stores)
    assert done.stderr.startswith("fhir: 2 files or folders are no `Type/id.json`")
    assert "to-dicom created: 1" in done.stdout


def test_what_no_person_has_put_there_is_no_notice(stores: Path) -> None:
    (stores / "data" / "fhir" / "lost+found").mkdir()
    (stores / "data" / "fhir" / ".DS_Store").touch()
    (stores / "data" / "dicom" / ".writing-1").touch()
    os.mkfifo(stores / "data" / "dicom" / "pipe")
    assert passed(stores).stderr == ""


def test_a_patient_that_cannot_be_read_makes_no_document_of_others_a_dead_letter(stores: Path) -> None:
    """It may be the one that is looked for: they wait for it, and cross when it is mended."""
    for name in ("a", "b"):
        identifier = [{"system": "urn:hospital", "value": name}]
        put(stores, {"resourceType": "Patient", "id": name, "identifier": identifier})
    put(stores, observation("o", 12, subject={"reference": "Patient/a"}))
    file = stores / "data" / "fhir" / "Patient" / "b.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    command = ("sync", "--once", "--config", "bridge.yaml")
    done = fhir_dicom(stores, *command)
    assert "owed: 1, held: 0, dead: 0" in done.stdout
    assert "Patient/b.json" in done.stderr and "mend it, or take it away" in done.stderr
    file.write_bytes(whole)
    last = time.monotonic() + 60
    while "linked: 1, owed: 0" not in (done := fhir_dicom(stores, *command)).stdout:
        assert time.monotonic() < last, done.stdout
        time.sleep(0.5)
