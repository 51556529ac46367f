"""A folder that is not there: a disk that is not mounted, a path that was mistyped, one that nobody may look into. It
is neither in step nor emptied, and nothing is written in its place."""

from __future__ import annotations

import os
import shutil
import socket
from datetime import date
from pathlib import Path

import pytest

from bridge.errors import BridgeError, OutageError, TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.stores.store import STUDY, Instance, Write
from fixtures.stores import lay_out
from tests.command_line import fhir_dicom
from tests.corpus import FIXTURES
from tests.folders import passed, route_of
from tests.integration.test_sync_edges import observation
from tests.integration.test_sync_folders import put, tree
from tests.servers.service import serving, until

NAMED = """
stores:
  ehr: {kind: folder, path: data/fhir, holds: fhir}
  pacs: {kind: folder, path: data/dicom, holds: dicom}
routes: [{between: [ehr, pacs]}]
"""
SYNC = ("sync", "--once", "--config", "bridge.yaml")
SR = (FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    lay_out(tmp_path / "data")
    (tmp_path / "bridge.yaml").write_text(NAMED)
    return tmp_path


@pytest.mark.parametrize(("name", "folder"), [("ehr", "fhir"), ("pacs", "dicom")])
@pytest.mark.parametrize("before", [False, True])
def test_a_missing_folder_is_named_and_nothing_is_deleted_or_written(
    stores: Path, name: str, folder: str, before: bool
) -> None:
    """`before`: it was there in a pass."""
    if before:
        assert fhir_dicom(stores, *SYNC).returncode == 0
    away = stores / "away"
    (stores / "data" / folder).rename(away)
    other = tree(stores / "data")
    for options in ((), ("--reconcile",), ("--dry-run",)):
        done = fhir_dicom(stores, *SYNC, *options)
        assert done.returncode == 1 and "nothing to do" not in done.stdout
        assert f"{name}: the folder data/{folder} is not there; mount its disk, or correct `path`" in done.stderr
    assert not (stores / "data" / folder).exists() and tree(stores / "data") == other
    assert "paused" not in fhir_dicom(stores, "status", "--config", "bridge.yaml").stdout
    away.rename(stores / "data" / folder)
    done = fhir_dicom(stores, *SYNC)
    assert (done.returncode, "nothing to do" in done.stdout) == (0, before), done.stderr


def test_serve_says_it_and_goes_on_when_it_is_mounted(stores: Path) -> None:
    (stores / "data" / "dicom").rename(stores / "away")
    configuration = {
        "stores": {
            "ehr": {"kind": "folder", "path": "data/fhir", "holds": "fhir"},
            "pacs": {"kind": "folder", "path": "data/dicom", "holds": "dicom"},
        },
        "routes": [{"between": ["ehr", "pacs"]}],
        "interval": 0.2,
    }
    with serving(stores, configuration) as service:
        until(lambda: service.get("/ready")["down"] == ["pacs"])
        assert service.get("/ready")["ready"] and "data/dicom is not there" in service.get("/status")["down"]["pacs"]
        (stores / "away").rename(stores / "data" / "dicom")
        until(lambda: service.get("/status")["linked"] == {"dicom": 1, "fhir": 5})


def test_every_question_to_a_missing_folder_is_an_outage(tmp_path: Path) -> None:
    fhir, dicom = ResourceFolder("ehr", tmp_path / "none"), InstanceFolder("pacs", tmp_path / "none")
    instance, resource = Write("1.2", Instance(SR)), Write("Observation/a", observation("a", 3))
    for asked in (
        lambda: list(fhir.changes(None)), lambda: list(dicom.changes(None)), lambda: list(fhir.listing()),
        lambda: list(dicom.dated(date(2026, 1, 1))), lambda: fhir.read(["Observation/a"]),
        lambda: dicom.read(["1.2/1.2/1.2"]), lambda: fhir.absent(["Observation/a"]),
        lambda: dicom.absent(["1.2/1.2/1.2"]), lambda: dicom.absent([f"{STUDY}1.2"]),
        lambda: dicom.study(f"{STUDY}1.2"),
        lambda: dicom.placed(["1.2/1.2/1.2"]), lambda: fhir.find("Patient", "urn:a", "1"),
    ):  # fmt: skip
        with pytest.raises(OutageError, match="is not there"):
            asked()
    refusals: list[BridgeError | None] = [
        *(one.error for one in fhir.write([resource])),
        *(one.error for one in (*dicom.write([instance]), dicom.replace(instance))),
        *(
            one
            for store in (fhir, dicom)
            for one in store.remove(["Observation/a" if store is fhir else "1.2/1.2/1.2"])
        ),
    ]
    assert len(refusals) == 5 and all(isinstance(one, OutageError) for one in refusals)
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_listed_is_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may look into everything: the refusal is made."""
    put(tmp_path, observation("a", 3))
    plain = os.scandir

    def scandir(path: Path) -> object:
        if path.name == "Observation":
            raise PermissionError(13, "Permission denied")
        return plain(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (tmp_path / "data" / "fhir" / "lost+found").mkdir()
    with pytest.raises(TemporaryError, match="ehr: Observation cannot be listed: Permission denied"):
        list(ResourceFolder("ehr", tmp_path / "data" / "fhir").listing())


def test_a_folder_that_goes_while_it_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    route = route_of(tmp_path)
    put(tmp_path, observation("a", 3))
    put(tmp_path, observation("b", 3))
    ledger = Ledger(f"sqlite:///{tmp_path / 'bridge.db'}")
    passed(route, ledger)
    ledger.close()
    listed = route.fhir.listing()
    next(iter(listed))
    shutil.move(tmp_path / "data" / "fhir", tmp_path / "away")
    with pytest.raises(OutageError):
        list(listed)


def test_without_a_configuration_the_other_folder_is_made(tmp_path: Path) -> None:
    put(tmp_path, observation("a", 3))
    assert fhir_dicom(tmp_path, "sync", "--once").stdout.startswith("to-dicom created: 1")


@pytest.mark.parametrize("command", [("sync", "--once"), ("sync", "--watch"), ("serve",)])
def test_in_another_place_than_was_meant_nothing_is_in_step(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = fhir_dicom(tmp_path, *command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "fhir-dicom: no stores: give --config with `stores`, or make data/fhir or data/dicom, one of them, here\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_is_not_filled_with_what_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    (one,) = ResourceFolder("ehr", tmp_path).write([Write("Observation/a", observation("a", 3))])
    assert isinstance(one.error, TemporaryError) and "Observation/a cannot be written: No space left" in str(one.error)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_pipe_or_a_socket_is_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a pipe waits for ever; a socket says so at once."""
    put(tmp_path, observation("a", 3))
    monkeypatch.chdir(tmp_path / "data" / "fhir" / "Observation")  # its address may not be long
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("b.json")
        assert [one.key for one in ResourceFolder("ehr", tmp_path / "data" / "fhir").listing()] == ["Observation/a"]
