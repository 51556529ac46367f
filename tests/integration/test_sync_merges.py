"""Patients that are merged, and taken apart again: two folder stores."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests.integration.test_sync_edges import observation, store
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_void import command, configure, open_points, passed
from tests.judges import judge

QUIET = {"owed": 0, "absent": 0, "held": 0, "dead": 0, "intents": 0, "conflicts": 0, "paused": {}}
SYSTEM = "urn:oid:1.2.276.0.76.3.1"


def patient(name: str, number: str, **more: Any) -> dict[str, Any]:
    identifier = [{"system": SYSTEM, "value": number}]
    person = {"name": [{"family": "Beispiel", "given": [name.upper()]}], "birthDate": "1959-04-12", "gender": "female"}
    return {"resourceType": "Patient", "id": name, "identifier": identifier, **person, **more}


A, B = patient("a", "1"), patient("b", "2")
REPLACED = B | {"active": False, "link": [{"type": "replaced-by", "other": {"reference": "Patient/a"}}]}
SURVIVING = A | {"link": [{"type": "replaces", "other": {"reference": "Patient/b"}}]}


def of(key: str) -> dict[str, Any]:
    return {"subject": {"reference": f"Patient/{key}"}}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    put(tmp_path, A)
    put(tmp_path, B)
    put(tmp_path, observation("of-a", 50, **of("a")))
    put(tmp_path, observation("of-b", 60, **of("b")))
    configure(tmp_path, merges="follow")
    assert acts(passed(tmp_path)) == {"to-dicom created": 2}
    put(tmp_path, observation("of-b", 61, **of("b")))
    assert acts(passed(tmp_path)) == {"to-dicom updated": 1}
    assert acts(passed(tmp_path)) == {}
    return tmp_path


def merge(stores: Path) -> None:
    put(stores, REPLACED)
    put(stores, SURVIVING)


def unmerge(stores: Path) -> None:
    put(stores, B)
    put(stores, A)


def repoint(stores: Path, key: str) -> None:
    put(stores, get(stores, "Observation/of-b") | of(key))


def filed(stores: Path) -> list[str]:
    """Patient IDs of all instances."""
    return sorted(str(one.PatientID) for one in instances(stores).values())


def rests(stores: Path) -> None:
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, QUIET), done.stderr
    before = tree(stores / "data")
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, QUIET), done.stderr
    assert tree(stores / "data") == before


@pytest.mark.parametrize("repointed", ["never", "at once", "later"])
def test_all_versions_are_filed_under_the_survivor_and_come_back(stores: Path, repointed: str) -> None:
    before, bytes_before = instances(stores), tree(stores / "data" / "dicom")
    merge(stores)
    if repointed == "at once":
        repoint(stores, "a")
    done = passed(stores)
    assert acts(done) == {"to-dicom merged": 1}, done.stderr
    after = instances(stores)
    assert after.keys() == before.keys()
    assert filed(stores) == ["1", "1", "1"]
    for uid, one in after.items():
        assert (one.PatientName, one.StudyInstanceUID) == ("Beispiel^A", before[uid].StudyInstanceUID)
        assert one.ContentSequence == before[uid].ContentSequence
    files = list((stores / "data" / "dicom").rglob("*.dcm"))
    assert {file.name: said for file, said in judge(files).items() if said} == {}
    rests(stores)
    if repointed == "later":
        repoint(stores, "a")
        assert set(acts(passed(stores))) == {"to-dicom agreed"}
        rests(stores)
    unmerge(stores)
    if repointed != "never":
        assert acts(passed(stores)) == {}  # its resources say A's, still
        repoint(stores, "b")
    done = passed(stores)
    assert acts(done) == {"to-dicom unmerged": 1}, done.stderr
    assert tree(stores / "data" / "dicom") == bytes_before
    rests(stores)
