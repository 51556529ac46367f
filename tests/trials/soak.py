"""The long trials, whole, and what came of them: `make soak` writes it to docs/reference/soak.md.

Kills by the hundred; and what `make test` does with a thousand mutants and some hundred generated trees, with twenty
times as many."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "soak.md"
KILLS, CHANGES, MUTANTS = "200", "5000", "20000"
_HEAD = """# The long trials

`make soak` writes this page: {when}, commit {commit}, Python {python}, {cores} cores.

- **Kills**: {kills} workers are killed, three quarters of them or more within a step, while {changes} changes flow both
  ways and both servers are killed and restarted now and then. Both sides have to say what the hospital said last, each
  SOP Instance UID once, with linear chains; a further pass has to write nothing.
- **Bad input**: {mutants} mutants of samples, each translated or refused with a reason.
- **Laws**: 4,000 examples of each property.

| trial | outcome | seconds | |
| --- | --- | ---: | --- |
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        parts = [
            _run(Path(folder, "kills.xml"), ["tests/trials/test_kills.py"], {"KILLS": KILLS, "CHANGES": CHANGES}),
            _run(
                Path(folder, "laws.xml"),
                ["-n", "2", "tests/property"],
                {"MUTANTS": MUTANTS, "HYPOTHESIS_PROFILE": "soak"},
            ),
        ]
        rows = [row for file, _ in parts for row in _rows(file)]
    PAGE.write_text(_head() + "".join(sorted(rows)))
    return max(code for _, code in parts)


def _run(file: Path, tests: list[str], more: dict[str, str]) -> tuple[Path, int]:
    command = [sys.executable, "-m", "pytest", f"--junitxml={file}", *tests]
    return file, subprocess.run(command, cwd=ROOT, env=os.environ | more, check=False).returncode


def _head() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return _HEAD.format(
        when=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=said.stdout.strip() or "unknown",
        python=platform.python_version(),
        cores=os.cpu_count(),
        kills=KILLS,
        changes=f"{int(CHANGES):,}",
        mutants=f"{int(MUTANTS):,}",
    )


def _rows(file: Path) -> list[str]:
    """A row for each test; nothing where the run itself broke, which its exit code says."""
    if not file.exists():
        return []
    found = []
    for case in ElementTree.parse(file).iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        more = ", ".join(f"{one.get('value')} {one.get('name')}" for one in case.iter("property"))
        name = str(case.get("name")).replace("|", "\\|")
        found.append(f"| {name} | {outcome} | {float(case.get('time', 0)):,.0f} | {more} |\n")
    return found


if __name__ == "__main__":
    sys.exit(main())
