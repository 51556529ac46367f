"""What is dropped is kept in a file first: a dead letter that is gone without a trace would be a silent loss."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bridge.errors import UsageError

DROPPED = ("route", "store", "key", "attempts", "since", "due", "reason")
Keep = Callable[[Sequence[dict[str, Any]]], None]


def kept_in(file: Path) -> Keep:
    """At the end of the file, and on its disk."""
    return partial(_keep, file)


def _keep(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Raises UsageError. Nobody else's business: reasons may name resources."""
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    try:
        with open(file, "a", encoding="utf-8", opener=partial(os.open, mode=0o600)) as out:
            out.write(lines)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; nothing more was dropped") from error
