"""`bridge.yaml` as it is written. A key twice is a fault: of two filters the first would be lost without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bridge.errors import UsageError


def read(file: Path) -> dict[str, Any]:
    """Its keys. Raises UsageError naming file and line."""
    found = _loaded(file, _text(file))
    if not isinstance(found, dict):
        raise UsageError(f"{file}: no map of keys; write `key: value`")
    return {str(key): value for key, value in found.items()}


def _text(file: Path) -> str:
    if file.is_dir():
        raise UsageError(f"{file}: is a folder; name the YAML file in it")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}; give a YAML file") from error
    try:
        return data.decode("utf-8-sig")  # Windows marks the beginning
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file}:{line}: not UTF-8; save the file as UTF-8") from error


def _loaded(file: Path, text: str) -> object:
    try:
        return _Loader(text).get_single_data() or {}
    except _TwiceError as error:
        raise UsageError(
            f"{file}:{error.line}: key {error.key!r} twice; one would be lost: make one of them"
        ) from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark is not None else ""
        raise UsageError(f"{file}{line}: no YAML: {error.problem or 'it cannot be parsed'}") from error
    except ValueError as error:  # of a value that looks like a date, and is none
        raise UsageError(f"{file}: {error}; write it in quotes") from error
    except yaml.reader.ReaderError as error:
        line = f":{text.count(chr(10), 0, error.position) + 1}"
        raise UsageError(f"{file}{line}: a control character, which YAML does not allow; take it out") from error


_MERGE = "tag:yaml.org,2002:merge"


class _TwiceError(Exception):
    def __init__(self, key: str, line: int) -> None:
        super().__init__(key)
        self.key, self.line = key, line


class _Loader(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Each map once, before `<<` puts keys of others into it, which may be there twice."""
        node = super().compose_mapping_node(anchor)
        seen = set[str]()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if key.value in seen:
                    raise _TwiceError(key.value, key.start_mark.line + 1)
                seen.add(key.value)
        return node
