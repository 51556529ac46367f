"""Three independent judges of DICOM Structured Reports, none of which we wrote."""

from collections.abc import Sequence
from pathlib import Path

from . import dciodvfy, dsrdump, pixelmed


def judge(files: Sequence[Path]) -> dict[Path, list[str]]:
    """Run dciodvfy, dsrdump and PixelMed over the files and return every file's complaints; none means accepted.

    Each complaint starts with its judge's name: `dciodvfy: Error - ...`, `dsrdump: E: ...`, `pixelmed: Error: ...`.
    PixelMed's start costs seconds, so pass many files in one call.
    """
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(file)
    by_pixelmed = pixelmed.complaints(list(dict.fromkeys(files)))
    return {
        file: [f"dciodvfy: {line}" for line in dciodvfy.complaints(file)]
        + [f"dsrdump: {line}" for line in dsrdump.complaints(file)]
        + [f"pixelmed: {line}" for line in lines]
        for file, lines in by_pixelmed.items()
    }
