"""Who has which identifier, in a folder: nothing that others do is missed, and no file is read twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bridge.model.group import Resource
from bridge.stores.identifiers import Identifiers


class Folder:
    def __init__(self, path: Path) -> None:
        self.path, self.read = path, list[str]()
        self.identifiers = Identifiers(path, self._read)

    def _read(self, name: str) -> Resource | None:
        self.read.append(name)
        file = self.path / f"{name}.json"
        return json.loads(file.read_bytes()) if file.exists() else None

    def put(self, name: str, *values: str, system: str | None = "urn:x") -> None:
        said = [{"value": one} | ({"system": system} if system is not None else {}) for one in values]
        (self.path / f"{name}.json").write_text(json.dumps({"identifier": said} if said else {}))

    def having(self, value: str, system: str = "urn:x") -> list[str]:
        return self.identifiers.having(system, value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(tmp_path)
    found.put("a", "1", "2")
    found.put("b", "2")
    found.put("c")
    return found


def test_each_file_is_read_once(folder: Folder) -> None:
    assert [folder.having(one) for one in ("1", "2", "3")] == [["a"], ["a", "b"], []]
    assert sorted(folder.read) == ["a", "b", "c"]


def test_what_others_write_edit_or_remove_is_seen(folder: Folder) -> None:
    folder.having("1")
    folder.read.clear()
    folder.put("d", "1")
    assert folder.having("1") == ["a", "d"]
    folder.put("d", "99")
    assert folder.having("1") == ["a"]
    assert folder.having("99") == ["d"]
    (folder.path / "a.json").unlink()
    assert (folder.having("1"), folder.having("2")) == ([], ["b"])
    assert folder.read == ["d", "d"]


def test_a_file_in_place_of_another_is_another(folder: Folder) -> None:
    """Of the same size, and with its time."""
    folder.having("1")
    before = os.stat(folder.path / "b.json")
    folder.put("new", "7")
    os.replace(folder.path / "new.json", folder.path / "b.json")
    os.utime(folder.path / "b.json", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (folder.having("2"), folder.having("7")) == (["a"], ["b"])


def test_an_identifier_without_a_system_is_none_with_one(folder: Folder) -> None:
    folder.put("d", "1", system=None)
    assert (folder.having("1"), folder.having("1", "")) == (["a"], ["d"])


def test_without_a_folder_nobody_has_any(tmp_path: Path) -> None:
    assert Folder(tmp_path / "missing").having("1") == []


def test_what_cannot_be_read_is_asked_for_again(folder: Folder) -> None:
    (folder.path / "broken.json").write_text("{")
    for _ in range(2):
        with pytest.raises(ValueError):
            folder.having("1")
    folder.put("broken", "1")
    assert folder.having("1") == ["a", "broken"]


def test_what_is_no_identifier_is_none(folder: Folder) -> None:
    for name, odd in (("d", [{"system": ["x"], "value": "1"}, "1", {"value": 1}]), ("e", None), ("f", {"value": "1"})):
        (folder.path / f"{name}.json").write_text(json.dumps({"identifier": odd}))
    assert folder.having("1") == ["a"]
