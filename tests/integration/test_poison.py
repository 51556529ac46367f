"""A document that ends whoever works on it, as one does that the kernel kills for its memory: it takes nothing along,
comes last, and is a dead letter in the end; all others cross."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.ledger.ledger import Ledger
from tests.corpus import FIXTURES

MANY = 150  # more than are claimed at once
CRASHES = 8  # workers that one document may end: bridge/sync/outcome.py
POISON, POISON_UID = "Observation/a-poison", "2.25.1"  # the first of their kind, by name
CHILD = """
import os, runpy, signal, sys
from bridge.sync.crossing import arrival
from bridge.sync.crossing import write_dicom
from bridge.sync import stuck

def deadly(translate, is_poison):
    def translated(what, *rest):
        if is_poison(what):
            {how}
        return translate(what, *rest)
    return translated

write_dicom.checked_to_dicom = deadly(write_dicom.checked_to_dicom, lambda group: group.root["id"] == "a-poison")
arrival.to_fhir = deadly(arrival.to_fhir, lambda document: b"2.25.1" in [one.value for one in document.header])
stuck.LIMIT = 3.0
sys.argv[0] = "fhir-dicom"
runpy.run_module("bridge", run_name="__main__")
"""
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
OUT_OF_MEMORY = "bytearray(1 << 60)"
NEVER_DONE = "any(iter(int, 1))"  # without a moment in which another thread could run
HARMLESS = "pass"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    for number in range(MANY):
        put(tmp_path, f"o-{number:04}", number)
    return tmp_path


def put(stores: Path, name: str, value: int) -> None:
    observation = {"resourceType": "Observation", "id": name, "status": "final", "code": {"text": "x"}}
    file = stores / "data" / "fhir" / "Observation" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(observation | {"valueInteger": value}))


def store(stores: Path, uid: str) -> None:
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    file = stores / "data" / "dicom" / dataset.StudyInstanceUID / dataset.SeriesInstanceUID / f"{uid}.dcm"
    file.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(file)


def sync(stores: Path, how: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", CHILD.format(how=how), "sync", "--once", "--json"]
    return subprocess.run(line, cwd=stores, capture_output=True, text=True, check=False, env=os.environ)


def crossed(stores: Path) -> tuple[int, int]:
    """SRs made of Observations, and reports made of SRs."""
    srs = [file for file in (stores / "data" / "dicom").rglob("*.dcm") if not _is_ours(file)]
    return len(srs), len(list((stores / "data" / "fhir" / "DiagnosticReport").glob("*.json")))


def _is_ours(file: Path) -> bool:
    return len(file.stem) < 12  # a UID that a test gave


def dead(stores: Path) -> dict[str, str]:
    ledger = Ledger(f"sqlite:///{stores}/bridge.db", reading=True)
    reasons = {one["key"]: one["reason"] for one in ledger.status()["reasons"] if one["state"] == "dead"}
    ledger.close()
    return reasons


def test_it_ends_as_a_dead_letter_and_all_others_cross(stores: Path) -> None:
    put(stores, "a-poison", 1)
    for number in range(CRASHES):
        assert sync(stores, KILLED).returncode == -signal.SIGKILL
        if number == CRASHES - 3:  # what other threads had in hand when it struck came later, and alone, too
            assert crossed(stores)[0] == MANY, "it came last, and alone"
    done = sync(stores, KILLED)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert list(dead(stores)) == [POISON]
    assert f"{CRASHES} workers ended with it in hand" in dead(stores)[POISON]
    again = sync(stores, KILLED)
    assert (again.returncode, _acts(again)) == (0, {})
    put(stores, "a-poison", 2)
    corrected = sync(stores, HARMLESS)
    assert (corrected.returncode, _acts(corrected), dead(stores)) == (0, {"to-dicom created": 1}, {})


def test_two_of_them_one_on_each_side(stores: Path) -> None:
    """Neither is in the way of what the other one has not touched."""
    put(stores, "a-poison", 1)
    for uid in (POISON_UID, *(f"2.25.{number}" for number in range(2, 12))):
        store(stores, uid)
    for _ in range(2 * CRASHES - 2):  # what other threads had in hand when it struck came later, and alone, too
        assert sync(stores, KILLED).returncode == -signal.SIGKILL
        if crossed(stores) == (MANY, 10):
            break
    assert crossed(stores) == (MANY, 10)
    assert len(dead(stores)) <= 1


def test_memory_that_python_refuses_is_a_dead_letter_at_once(stores: Path) -> None:
    put(stores, "a-poison", 1)
    done = sync(stores, OUT_OF_MEMORY)
    assert done.returncode == 1 and crossed(stores)[0] == MANY
    assert list(dead(stores)) == [POISON] and "Memory" in dead(stores)[POISON]


def test_one_that_is_never_done_ends_the_process_which_says_where_it_was(stores: Path) -> None:
    """Then it is as one that ends the process by itself: another start, and all others cross."""
    put(stores, "a-poison", 1)
    for _ in range(CRASHES - 2):
        ended = sync(stores, NEVER_DONE)
        assert ended.returncode == 1 and "Timeout" in ended.stderr and "write_dicom.py" in ended.stderr
        if crossed(stores)[0] == MANY:
            break
    assert crossed(stores)[0] == MANY and dead(stores) == {}


def _acts(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    acts = json.loads(done.stdout)["acts"]
    return {act: number for act, number in acts.items() if not act.endswith((" nothing", " skipped", " outside"))}
