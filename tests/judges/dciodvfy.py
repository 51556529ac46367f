"""dciodvfy, of David Clunie's dicom3tools: attributes, value representations, references.

It knows nothing of templates, and lets illegal relationships pass. Source: https://dclunie.com/dicom3tools/dciodvfy.html
"""

import subprocess
from pathlib import Path

from .installed import program

TIMEOUT_SECONDS = 120


def complaints(file: Path) -> list[str]:
    """Return the `Error` lines that `dciodvfy -new` prints for one file.

    Its exit status is not enough: warnings are no complaint. But a failure without an `Error` line (a crash, an
    `Abort`) is one too, or a file that was never read would count as accepted.
    """
    run = subprocess.run(
        [program("dciodvfy", "dicom3tools"), "-new", str(file.resolve())],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    lines = run.stderr.splitlines()
    errors = [line for line in lines if line.startswith("Error")]
    if run.returncode != 0 and not errors:
        return [f"exit status {run.returncode}: {'; '.join(lines[:3])}"]
    return errors
