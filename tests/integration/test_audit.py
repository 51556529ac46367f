"""The audit trail: every write and every decision is in it, valid AuditEvents, and nobody changes it unseen."""

from __future__ import annotations

import json
import os
import pwd
import sqlite3
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs import fhir
from bridge.errors import UsageError
from bridge.ledger.audit import Head
from bridge.ledger.heads import export_head
from bridge.settings.settings import settings
from bridge.web.passes import passes_of
from fixtures.stores import lay_out
from tests.command_line import fhir_dicom
from tests.integration.test_sync_edges import observation
from tests.integration.test_sync_folders import get, instances, put, sync, tree
from tests.integration.test_sync_void import configure, file_of, foreign, passed


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    lay_out(tmp_path / "data")
    (tmp_path / "bridge.yaml").write_text("audit_heads: heads\n")
    assert fhir_dicom(tmp_path, "sync", "--once", "--config", "bridge.yaml").returncode == 0
    return tmp_path


def events(stores: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in fhir_dicom(stores, "audit", "export").stdout.splitlines()]


def touched(stores: Path) -> set[str]:
    """References without their version, and UIDs."""
    whats = [entity["what"] for one in events(stores) for entity in one.get("entity", ())]
    uids = {one["identifier"]["value"].removeprefix("urn:oid:") for one in whats if "identifier" in one}
    return uids | {one["reference"].partition("/_history")[0] for one in whats if "reference" in one}


def edit(stores: Path, statement: str) -> None:
    with sqlite3.connect(stores / "bridge.db") as ledger:
        ledger.execute(statement)


@pytest.mark.parametrize("heads", ["nowhere/heads", "data"])
def test_heads_that_cannot_be_written_are_refused_before_anything_is(tmp_path: Path, heads: str) -> None:
    lay_out(tmp_path / "data")
    before = tree(tmp_path / "data")
    (tmp_path / "bridge.yaml").write_text(f"audit_heads: {heads}\n")
    done = fhir_dicom(tmp_path, "sync", "--once", "--config", "bridge.yaml")
    assert (done.returncode, done.stdout, done.stderr.partition(": ")[2].partition(":")[0]) == (2, "", "audit_heads")
    with chdir(tmp_path), pytest.raises(UsageError, match="audit_heads: "):
        passes_of(settings(Path("bridge.yaml")), 1)
    assert tree(tmp_path / "data") == before and not (tmp_path / "bridge.db").exists()


def test_every_write_is_there(stores: Path) -> None:
    lay_out(stores / "laid")
    laid_fhir = {str(file.relative_to(stores / "laid" / "fhir"))[:-5] for file in (stores / "laid").rglob("*.json")}
    laid_dicom = {file.stem for file in (stores / "laid").rglob("*.dcm")}
    there = {str(file.relative_to(stores / "data" / "fhir"))[:-5] for file in (stores / "data").rglob("*.json")}
    assert {key for key in there - laid_fhir if not key.startswith("Patient/")} <= touched(stores)
    assert instances(stores).keys() - laid_dicom <= touched(stores)


def test_every_event_is_a_valid_audit_event(stores: Path) -> None:
    fhir_dicom(stores, "pause", "fhir-dicom")
    fhir_dicom(stores, "resume", "fhir-dicom")
    found = events(stores)
    for event in found:
        fhir.validate(event)
    assert {one["action"] for one in found} == {"C", "E"}


def test_a_person_is_named_and_no_patient(stores: Path) -> None:
    """The person by the account, whatever the environment says."""
    fhir_dicom(stores, "pause", "fhir-dicom", LOGNAME="jdoe")
    *_, last = events(stores)
    name = pwd.getpwuid(os.getuid()).pw_name
    assert last["agent"] == [{"who": {"display": name}, "requestor": True}]
    assert last["purposeOfEvent"] == [{"text": "pause"}]
    exported = fhir_dicom(stores, "audit", "export").stdout
    for file in (stores / "data" / "fhir" / "Patient").glob("*.json"):
        (name, *_) = json.loads(file.read_bytes())["name"]
        assert name["family"] not in exported


def test_an_effect_that_is_not_known_is_said(tmp_path: Path) -> None:
    """Killed between intent and effect; then what it was about is corrected."""
    put(tmp_path, observation("a", 3))
    (tmp_path / "data" / "dicom").mkdir()
    sync(tmp_path, BRIDGE_FAILPOINT="intended:1")
    put(tmp_path, get(tmp_path, "Observation/a") | {"issued": "2026-11-24T08:00:00Z"})
    assert sync(tmp_path).returncode == 0
    first, second = events(tmp_path)
    assert (first["outcome"], first["outcomeDesc"]) == ("4", "begun; whether it was done is not known")
    assert second["outcome"] == "0"


def deleted(stores: Path) -> set[str]:
    """What the trail says was deleted."""
    whats = [entity["what"] for one in events(stores) if one["action"] == "D" for entity in one["entity"]]
    uids = {one["identifier"]["value"].removeprefix("urn:oid:") for one in whats if "identifier" in one}
    return uids | {one["reference"].partition("/_history")[0] for one in whats if "reference" in one}


@pytest.mark.parametrize("failpoint", ["", "applied:1"])
def test_what_was_removed_is_said_and_nothing_else(tmp_path: Path, failpoint: str) -> None:
    """A superseded version; and what was of a deleted one alone: who performed it stands."""
    lay_out(tmp_path / "data")
    configure(tmp_path, superseded="delete", deleted="delete")
    passed(tmp_path)
    there, resources = set(instances(tmp_path)), keys(tmp_path)
    heart_rate = get(tmp_path, "Observation/hr")
    heart_rate["valueQuantity"]["value"] = 75
    put(tmp_path, heart_rate)
    fhir_dicom(tmp_path, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT=failpoint)
    passed(tmp_path)
    superseded = there - set(instances(tmp_path))
    assert len(superseded) == 1 and deleted(tmp_path) == superseded
    file_of(tmp_path, foreign(tmp_path)).unlink()
    fhir_dicom(tmp_path, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT=failpoint)
    passed(tmp_path)
    gone = resources - keys(tmp_path)
    assert gone and deleted(tmp_path) == superseded | gone


def keys(stores: Path) -> set[str]:
    folder = stores / "data" / "fhir"
    return {str(file.relative_to(folder))[:-5] for file in folder.rglob("*.json")}


def test_what_nobody_touched_is_verified(stores: Path) -> None:
    done = fhir_dicom(stores, "audit", "verify", "--config", "bridge.yaml")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_edit_is_found(stores: Path) -> None:
    edit(stores, "UPDATE audit SET event = replace(event, '\"C\"', '\"R\"') WHERE number = 2")
    done = fhir_dicom(stores, "audit", "verify")
    assert (done.returncode, done.stderr) == (1, "audit: entry 2 is not what it was\n")


def test_an_entry_of_another_document_is_found(stores: Path) -> None:
    edit(stores, "UPDATE audit SET document = (SELECT document FROM audit WHERE number = 1) WHERE number = 2")
    done = fhir_dicom(stores, "audit", "verify")
    assert (done.returncode, done.stderr) == (1, "audit: entry 2 is not what it was\n")


def test_a_cut_tail_is_found_by_an_exported_head(stores: Path) -> None:
    number = len(events(stores))
    edit(stores, f"DELETE FROM audit WHERE number >= {number}")
    assert fhir_dicom(stores, "audit", "verify").returncode == 0, "nobody could know"
    done = fhir_dicom(stores, "audit", "verify", "--heads", "heads")
    assert done.returncode == 1
    assert f"entry {number} was exported, and is missing" in done.stderr


def test_a_file_that_holds_no_heads_is_named_by_line(stores: Path) -> None:
    (stores / "heads").write_text("1 abc\n")
    done = fhir_dicom(stores, "audit", "verify", "--heads", "heads")
    assert (done.returncode, "heads:1: no head" in done.stderr) == (2, True)


@pytest.mark.parametrize("left", ["{number}", "{number} ", "{number} {hash:.9}", "{number} {hash:.9}\0\0\0", "\0\0"])
def test_a_line_that_a_crash_tore_is_no_fault_and_the_next_one_is_below_it(stores: Path, left: str) -> None:
    whole = (stores / "heads").read_text()
    number, digest = whole.split()
    with (stores / "heads").open("a") as heads:
        heads.write(left.format(number=number, hash=digest))
    verify = ("audit", "verify", "--heads", "heads")
    assert fhir_dicom(stores, *verify).stdout == (
        f"{number} entries, 2 exported heads, 1 of them torn by a crash: nothing was changed\n"
    )
    fhir_dicom(stores, "pause", "fhir-dicom")
    fhir_dicom(stores, "resume", "fhir-dicom")
    fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml")
    assert (stores / "heads").read_text().endswith("\n" + fhir_dicom(stores, "audit", "head").stdout)
    assert "3 exported heads, 1 of them torn" in fhir_dicom(stores, *verify).stdout
    edit(stores, f"UPDATE audit SET event = replace(event, '\"C\"', '\"R\"') WHERE number = {number}")
    assert fhir_dicom(stores, *verify).returncode == 1


def test_what_is_left_of_a_torn_head_still_tells_another_trail(stores: Path) -> None:
    (stores / "heads").write_text("2 0000000")
    done = fhir_dicom(stores, "audit", "verify", "--heads", "heads")
    assert done.returncode == 1 and "entry 2 is another than the one whose hash was exported" in done.stderr


@pytest.mark.parametrize("heads", ["1 abc\n2 def\n", "1 abc\nsomething\n", "x", "1 abc 2 abc"])
def test_what_no_crash_leaves_is_no_torn_head(stores: Path, heads: str) -> None:
    (stores / "heads").write_text(heads)
    assert fhir_dicom(stores, "audit", "verify", "--heads", "heads").returncode == 2


def test_a_head_is_on_the_disk_before_the_pass_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = list[bytes]()
    monkeypatch.setattr(os, "fsync", lambda _: synced.append((tmp_path / "heads").read_bytes()))
    export_head(tmp_path / "heads", Head(1, "a" * 64))
    assert synced == [b"1 " + b"a" * 64 + b"\n"]


def test_a_pass_exports_its_head(stores: Path) -> None:
    assert (stores / "heads").read_text() == fhir_dicom(stores, "audit", "head").stdout
