"""When the process is ended because nothing is done any more."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import time
from bridge.sync import stuck
stuck.LIMIT, stuck._OFTEN = 0.8, 0.0
{what}
print("alive")
"""
PROGRESS = """
with stuck.watched():
    for _ in range(6):
        time.sleep(0.3)
        stuck.progressed()
"""
OUTSIDE = """
stuck.progressed()
time.sleep(1.6)
with stuck.watched():
    pass
stuck.progressed()
time.sleep(1.6)
"""
NONE = """
with stuck.watched():
    time.sleep(30)
"""


@pytest.mark.parametrize(("what", "alive"), [(PROGRESS, True), (OUTSIDE, True), (NONE, False)])
def test_the_process_ends_when_work_is_watched_and_does_not_go_on(what: str, alive: bool) -> None:
    line = [sys.executable, "-c", SCRIPT.format(what=what)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "alive" in done.stdout, "Timeout" in done.stderr) == (0 if alive else 1, alive, not alive)
