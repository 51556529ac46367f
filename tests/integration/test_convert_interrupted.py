"""`fhir-dicom convert` where others write, too, where it is stopped, and where a disk is full: whatever went in is
accounted for, and nothing of a run is left."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from bridge.convert.draft import begun
from bridge.convert.outputs import Folder, Lines
from bridge.errors import PermanentError, UsageError
from tests.corpus import FIXTURES, ROOT

LINES = ("--to", "fhir", "--format", "ndjson", "-o")


def heard() -> None:
    """Also where the tests are in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begin(*arguments: str | Path, limit: Callable[[], None] = heard) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bridge", "convert", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, start_new_session=True, preexec_fn=limit
    )


def until(happened: Callable[[], bool]) -> None:
    last = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < last
        time.sleep(0.02)


def is_gone(session: int) -> bool:
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """More than is converted before a signal arrives."""
    sample = json.loads((FIXTURES / "fhir" / "vital-signs.json").read_bytes())
    observation = next(one["resource"] for one in sample["entry"] if one["resource"]["resourceType"] == "Observation")
    for number in range(5000):
        file = tmp_path / "in" / f"{number}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(observation | {"id": f"o{number}"}))
    return tmp_path / "in"


@pytest.fixture
def running(many: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    out = tmp_path / "out"
    run = begin(many, "--to", "dicom", "-o", out, "--workers", "2", "--report", tmp_path / "report.json")
    until(lambda: out.is_dir() and any(out.iterdir()))
    yield run
    if not is_gone(run.pid):
        os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_stopped_leaves_no_process_and_nothing_half_written(
    running: subprocess.Popen[str], tmp_path: Path, number: int, code: int
) -> None:
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, "Traceback" in said) == (code, False)
    assert "stopped before its end" in said and "run it again" in said
    until(lambda: is_gone(running.pid))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in", "out"]
    assert {one.suffix for one in (tmp_path / "out").iterdir()} == {".dcm"}


def test_workers_end_with_a_run_that_is_killed_and_what_it_had_in_hand_is_free(
    running: subprocess.Popen[str], many: Path, tmp_path: Path
) -> None:
    running.kill()
    running.wait()
    until(lambda: is_gone(running.pid))
    (one, *_) = many.iterdir()
    again = begin(one, "--to", "dicom", "-o", tmp_path / "out", "--report", tmp_path / "report.json")
    assert again.wait() == 0
    assert not (tmp_path / ".writing-report.json").exists()
    assert json.loads((tmp_path / "report.json").read_bytes())["totals"]["converted"] == 1


@pytest.mark.parametrize("what", [["-o", "there"], ["-o", "other", "--report", "there"]])
def test_one_file_is_written_by_one_run(tmp_path: Path, what: list[str]) -> None:
    """The second is refused before it begins: at the end of hours it would be too late."""
    first = Lines(tmp_path / "there")
    first.put("a", b"first")
    arguments = [str(tmp_path / one) if one in ("there", "other") else one for one in what]
    second = begin(FIXTURES / "dicom", "--to", "fhir", "--format", "ndjson", *arguments)
    _, said = second.communicate()
    assert second.returncode == 2 and "there: another run is writing it" in said
    first.close()
    assert (tmp_path / "there").read_bytes() == b"first\n"
    assert [one.name for one in tmp_path.iterdir()] == ["there"], "of the second nothing is left"


def test_a_file_is_refused_to_another_run_until_it_is_dropped(tmp_path: Path) -> None:
    first = Lines(tmp_path / "there")
    with pytest.raises(UsageError, match="another run"):
        Lines(tmp_path / "there")
    first.drop()
    second = Lines(tmp_path / "there")
    second.close()
    assert [one.name for one in tmp_path.iterdir()] == ["there"]


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    """As `/dev/stdout` is one."""
    link, file = tmp_path / "link.json", tmp_path / "there" / "report.json"
    link.symlink_to(file)
    draft = begun(link)
    draft.write(b"{}")
    draft.put()
    assert (link.is_symlink(), file.read_bytes()) == (True, b"{}")


def test_where_nothing_can_be_locked_a_file_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("bridge.temporary.fcntl.flock", unknown)
    draft = begun(tmp_path / "report.json")
    draft.write(b"{}")
    draft.put()
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_two_runs_that_write_into_one_folder_never_replace_each_others_files(tmp_path: Path) -> None:
    names = [f"{number}.json" for number in range(500)]
    put: dict[bytes, list[str]] = {b"one": [], b"two": []}
    together = Barrier(2)

    def write(data: bytes) -> None:
        folder = Folder(tmp_path)
        for name in names:
            together.wait()
            try:
                folder.put(name, data)
                put[data].append(name)
            except PermanentError as error:
                assert "other content" in str(error)

    writers = [Thread(target=write, args=(data,)) for data in put]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert sorted(put[b"one"] + put[b"two"]) == sorted(names), "each has one that wrote it, and one that was refused"
    assert all((tmp_path / name).read_bytes() == data for data, written in put.items() for name in written)
    assert len(list(tmp_path.iterdir())) == len(names)


def no_room() -> None:
    """For the lines; the report is shorter."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_lines_that_a_disk_has_no_room_for_are_said_and_the_report_has_them(tmp_path: Path) -> None:
    done = begin(FIXTURES / "dicom", *LINES, tmp_path / "out.ndjson", "--report", tmp_path / "r.json", limit=no_room)
    told, said = done.communicate()
    assert done.returncode == 1 and "please report it" not in said
    report = json.loads((tmp_path / "r.json").read_bytes())
    *_, last = report["documents"]
    assert (last["source"], last["status"]) == (str(tmp_path / "out.ndjson"), "rejected")
    assert "cannot be written: File too large; see to its disk" in last["error"] and last["error"] in said
    totals = report["totals"]
    assert f"{totals['converted']} converted, 0 skipped, {totals['rejected']} rejected" in told
    assert totals["converted"] + totals["rejected"] == len(list((FIXTURES / "dicom").iterdir())) + 1
    assert [one.name for one in tmp_path.iterdir()] == ["r.json"]


def test_no_line_follows_half_a_line(tmp_path: Path) -> None:
    """Also where there is room again."""
    lines, (soft, hard) = Lines(tmp_path / "out"), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(PermanentError, match="cannot be written"):
            lines.put("long", b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(PermanentError, match="cannot be written"):
        lines.put("short", b"y")
    with pytest.raises(PermanentError, match="cannot be written"):
        lines.close()
    lines.drop()
    assert list(tmp_path.iterdir()) == []


def test_standard_output_that_takes_no_more_is_said() -> None:
    command = [sys.executable, "-m", "bridge", "convert", str(FIXTURES / "dicom"), *LINES, "-"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert done.returncode != 0
    assert "standard output: cannot be written: No space left on device" in done.stderr
    assert "please report it" not in done.stderr
