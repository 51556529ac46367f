"""What nobody expected is said by its kind and place, never in its own words: these may be of a patient."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.settings import settings
from tests.command_line import fhir_dicom

_DYING = """
import threading
from bridge.web import logs
logs.configure()
def die(): raise KeyError("Jane Doe")
thread = threading.Thread(target=die, name="passes")
thread.start(); thread.join()
"""


def test_a_thread_that_dies_is_a_line_of_the_log() -> None:
    done = subprocess.run([sys.executable, "-c", _DYING], capture_output=True, text=True, check=True)
    assert '"a thread died"' in done.stderr and '"error": "KeyError"' in done.stderr
    assert "Jane" not in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_defect_on_the_command_line_says_where_and_not_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("Jane Doe")

    monkeypatch.setattr(settings, "settings", broken)
    done = fhir_dicom(tmp_path, "status")
    assert done.returncode == 1 and "Jane" not in done.stderr + done.stdout
    assert done.stderr.startswith("fhir-dicom: KeyError in broken (") and "; please report it\n  /" in done.stderr
