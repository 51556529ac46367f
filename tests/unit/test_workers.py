"""Work that is shared out among processes, of which some are killed."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from bridge.convert import run
from bridge.convert.outputs import Folder
from bridge.convert.run import Job
from bridge.convert.workers import shared_out
from bridge.translate.basis.ids import Known
from tests.corpus import FIXTURES


def square(unit: int) -> int:
    if unit in (3, 300, 301):
        os.kill(os.getpid(), signal.SIGKILL)
    return unit * unit


@pytest.mark.parametrize("workers", [1, 2])
def test_one_that_is_killed_costs_its_unit_alone(workers: int) -> None:
    found = dict(shared_out(square, iter(range(600)), workers))
    assert list(found) == list(range(600)), "in their order"
    assert [unit for unit, result in found.items() if result is None] == [3, 300, 301]
    assert all(result in (None, unit * unit) for unit, result in found.items())


def test_who_stops_waits_for_no_more_than_is_in_hand() -> None:
    with closing(shared_out(abs, count(), 2)) as results:
        assert next(results) == (0, 0)


def test_what_a_file_without_documents_says_is_said_by_workers_too(tmp_path: Path) -> None:
    file = tmp_path / "empty.json"
    file.write_text('{"resourceType": "Bundle", "type": "collection"}')
    job, folder = Job("dicom", Known(), None), Folder(tmp_path / "out")
    assert list(run.run([file], job, folder, workers=2)) == list(run.run([file], job, folder))


def killed(unit: object, job: Job) -> list[run.Done]:
    if isinstance(unit, Path) and unit.name == "b.dcm":
        os.kill(os.getpid(), signal.SIGKILL)
    return list(run._of(unit, job))  # type: ignore[arg-type]


def test_the_file_that_a_worker_was_killed_with_is_rejected_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / name for name in ("a.dcm", "b.dcm", "c.dcm")]
    for file in files:
        file.write_bytes((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    monkeypatch.setattr(run, "_all", killed)  # what the system does where memory is short
    entries = list(run.run(files, Job("fhir", Known(), None), Folder(tmp_path / "out"), workers=2))
    assert [one["status"] for one in entries] == ["converted", "rejected", "converted"]
    assert entries[1]["source"] == str(files[1]) and "was killed" in entries[1]["error"]
