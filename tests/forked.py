"""The bridge in a process of its own that can be killed, forked from one that has imported it: a new interpreter takes
two seconds of CPU to import it again, and the tests start hundreds."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.preloaded"])
_LOCK = threading.Lock()  # whoever starts one asks all others whether they have ended, and one answer is there once


class Forked:
    """`fhir-dicom WORDS...` in that folder, with more in its environment; standard output and standard error go into
    those files."""

    def __init__(
        self, words: Sequence[str], folder: Path, out: Path, error: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        whole = os.environ | (environment or {})
        self._process = _FORKS.Process(target=_run, args=(words, folder, out, error, dict(whole)))
        with _LOCK:
            self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, or the number of the signal that ended it, below zero, once it has ended."""
        with _LOCK:
            return self._process.exitcode

    def wait(self, seconds: float = 600) -> int:
        end = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"process {self.pid} has not ended after {seconds} s")
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def run(
    words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, seconds: float = 600
) -> subprocess.CompletedProcess[bytes]:
    """Until it has ended; what has not after so long is killed. Raises TimeoutError then."""
    with tempfile.TemporaryDirectory() as name:
        out, error = Path(name) / "out", Path(name) / "error"
        process = Forked(words, folder, out, error, environment)
        try:
            code = process.wait(seconds)
        except TimeoutError:
            process.send_signal(signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(["fhir-dicom", *words], code, out.read_bytes(), error.read_bytes())


def _run(words: Sequence[str], folder: Path, out: Path, error: Path, environment: dict[str, str]) -> None:
    """As a new interpreter would."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for file, number in ((os.devnull, 0), (out, 1), (error, 2)):
        opened = os.open(file, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, encoding="utf-8") for number, mode in enumerate("rww"))
    sys.argv = ["fhir-dicom", *words]
    importlib.reload(sys.modules["bridge.sync.basis.failpoint"])  # it looks at the environment once
    importlib.import_module("bridge.cli").main()
