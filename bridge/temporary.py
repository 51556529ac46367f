"""A file in the making, beside the place where it is to be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_beside(file: Path) -> Iterator[Path]:
    """An empty file in the folder of `file`, so on the same disk: who has written it moves it, or links it, to its
    place. It is taken away where it was not moved: on a full disk every try would leave another one."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".writing-")
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)
