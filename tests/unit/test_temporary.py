"""Files in the making: what nobody writes any more is taken away, and nothing else."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import temporary
from bridge.convert.outputs import Folder
from bridge.stores.folder import InstanceFolder
from bridge.temporary import sweep, temporary_beside
from tests.corpus import ROOT

_KILLED = """
import os, signal, sys
from pathlib import Path
from bridge.temporary import temporary_beside
with temporary_beside(Path(sys.argv[1]) / "1.2.dcm") as file:
    file.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by_one_that_was_killed(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    (found,) = folder.glob(".writing-*")
    return found


def test_the_next_run_into_a_folder_takes_away_what_a_killed_one_has_left(tmp_path: Path) -> None:
    left = left_by_one_that_was_killed(tmp_path)
    with temporary_beside(tmp_path / "1.3.dcm") as written:
        Folder(tmp_path)
        assert (left.exists(), written.exists()) == (False, True), "what another run writes is its own"


def test_a_store_that_is_listed_takes_away_what_a_killed_pass_has_left(tmp_path: Path) -> None:
    left = left_by_one_that_was_killed(tmp_path / "1.2" / "3.4")
    with temporary_beside(left) as written:
        assert [*InstanceFolder("pacs", tmp_path).listing()] == []
        assert (left.exists(), written.exists()) == (False, True)


def test_a_name_that_a_person_may_have_given_is_kept(tmp_path: Path) -> None:
    names = [".writing-notes.txt", ".writing-Report42", "writing-abcd_123"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / ".writing-abcd_123").symlink_to(tmp_path / names[0])
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([*names, ".writing-abcd_123"])


def test_where_nothing_can_be_locked_nothing_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether somebody writes it."""

    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("bridge.temporary.fcntl.flock", unknown)
    with temporary_beside(tmp_path / "a") as written:
        sweep(tmp_path)
        assert written.exists()
    assert [*tmp_path.iterdir()] == []


def test_who_has_lost_a_file_before_it_was_locked_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two, it looks like a leftover."""
    real, tries = temporary.lock, list[int]()

    def late(file: int) -> bool:
        tries.append(file)
        if len(tries) == 1:
            (made,) = tmp_path.iterdir()
            made.unlink()
        return real(file)

    monkeypatch.setattr(temporary, "lock", late)
    with temporary_beside(tmp_path / "a") as written:
        assert (written.exists(), len(tries)) == (True, 2)
