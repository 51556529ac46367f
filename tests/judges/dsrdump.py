"""dsrdump, of OFFIS DCMTK: parses the document as a tree, with the relationship rules of its SOP class.

It knows nothing of templates. Source: https://support.dcmtk.org/docs/dsrdump.html
"""

import subprocess
from pathlib import Path

from .installed import program

TIMEOUT_SECONDS = 120


def complaints(file: Path) -> list[str]:
    """Return the error (`E:`) and fatal (`F:`) lines that dsrdump logs for one file.

    The log is on stderr; stdout has only the document's text, which may say anything. A non-zero exit status without
    such a line is a complaint as well.
    """
    run = subprocess.run(
        [program("dsrdump", "dcmtk"), str(file.resolve())],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    lines = run.stderr.splitlines()
    errors = [line for line in lines if line.startswith(("E:", "F:"))]
    if run.returncode != 0 and not errors:
        return [f"exit status {run.returncode}: {'; '.join(lines[:3])}"]
    return errors
