"""Which files a run reads, and what it says of what it cannot read."""

from __future__ import annotations

import os
from pathlib import Path

from bridge.convert.inputs import Rejected, Skipped
from bridge.convert.sources import UNFINISHED, GivenFile, sources


def said(found: list[GivenFile], folder: Path) -> dict[str, str]:
    """By path in the folder: `read`, or the reason why it is not."""
    reasons: dict[str, str] = {}
    for one in found:
        name = str(one if isinstance(one, Path) else one.source)
        reason = one.reason if isinstance(one, Skipped) else one.error if isinstance(one, Rejected) else "read"
        reasons[os.path.relpath(name, folder)] = reason
    assert len(reasons) == len(found), "nothing twice"
    return reasons


def test_folders_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a/x/3", "c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sources([tmp_path]) == [tmp_path / "a/x/3", tmp_path / "b/1", tmp_path / "b/2", tmp_path / "c"]


def test_links_are_followed_and_each_folder_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2").touch()
    box = tmp_path / "in"
    (box / "z").mkdir(parents=True)
    (box / "z" / "1").touch()
    (box / "latest").symlink_to(box / "z")
    (box / "more").symlink_to(tmp_path / "elsewhere")
    (box / "z" / "loop").symlink_to(box)
    (box / "file").symlink_to(box / "z" / "1")
    once = "a folder that is read already"
    assert said(sources([box]), box) == {
        "file": "read",
        "latest": once,
        "more/2": "read",
        "z/1": "read",
        "z/loop": once,
    }
    assert said(sources([tmp_path / "elsewhere", box]), box)["more"] == once


def test_what_a_run_has_not_finished_is_no_document_also_where_it_is_named(tmp_path: Path) -> None:
    for name in (".writing-abcd_123", ".writing-report.json", ".hidden"):
        (tmp_path / name).touch()
    found = said(sources([tmp_path]), tmp_path)
    assert found == {".writing-abcd_123": UNFINISHED, ".writing-report.json": UNFINISHED, ".hidden": "read"}
    assert said(sources([tmp_path / ".writing-abcd_123"]), tmp_path) == {".writing-abcd_123": UNFINISHED}


def test_what_cannot_be_read_is_rejected_by_name(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    os.mkfifo(tmp_path / "pipe")
    found = said(sources([tmp_path]), tmp_path)
    assert "gone: cannot be read: No such file" in found["gone"]
    assert "itself: cannot be read: Too many levels" in found["itself"]
    assert found["pipe"] == "a pipe, a socket or a device"


def test_a_folder_that_cannot_be_listed_is_rejected_by_name(tmp_path: Path) -> None:
    """Its path is longer than the system takes: who may read anything is refused by it, too."""
    (tmp_path / "good").touch()
    names, before = ["n" * 250] * 20, Path.cwd()
    try:
        os.chdir(tmp_path)
        for name in names:
            Path(name).mkdir()
            os.chdir(name)
    finally:
        os.chdir(before)
    found = sources([tmp_path])
    assert tmp_path / "good" in found
    (refused,) = [one for one in found if isinstance(one, Rejected)]
    assert "cannot be" in refused.error and "File name too long" in refused.error
