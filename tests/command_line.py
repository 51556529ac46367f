"""The command line as a user gives it: in this process, which is ten times as fast; in one of its own where it is to be
killed on its way."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from unittest.mock import patch

from bridge.cli import main
from tests.forked import run

Done = subprocess.CompletedProcess[str]


def fhir_dicom(folder: Path, *words: str, **environment: str) -> Done:
    """What `fhir-dicom WORDS...` does in that folder."""
    if "BRIDGE_FAILPOINT" in environment:
        return apart(folder, *words, environment=environment)
    said, told = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code = 0
    called = patch.object(sys, "argv", ["fhir-dicom", *words])
    with chdir(folder), patch.dict(os.environ, environment), called, redirect_stdout(said), redirect_stderr(told):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        except Exception:  # noqa: BLE001 - as the interpreter says it
            code = 1
            traceback.print_exc()
    texts = (stream.buffer.getvalue().decode() for stream in (said, told))
    return Done(["fhir-dicom", *words], code, *texts)


def apart(folder: Path, *words: str, environment: Mapping[str, str] | None = None, seconds: float = 600) -> Done:
    """The same, in a process of its own."""
    done = run(words, folder, environment, seconds)
    return Done(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
