"""What a file is, by how it begins and what it is called."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from bridge.codecs import json
from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.reader import is_dicom
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.errors import InvalidDicomError, InvalidFhirError

LINES = (".ndjson", ".jsonl")
"""Ends of the names of files with a resource in each line, in capitals too."""
HEAD = 1 << 16  # bytes; of what is not for us, no more is read
_FILE_META = b"DICM\x02\x00"
"""What follows a preamble: no text has it (PS3.10 7.1)."""
_XML = "XML: FHIR is read as JSON (application/fhir+json), and an SR as a DICOM file; convert it to one of these first"
_FORMATS = (
    (b"<", _XML),
    (b"\x1f\x8b", "compressed (gzip); unpack it first, and give what was in it"),
    (b"PK\x03\x04", "an archive (ZIP); unpack it first, and give the folder"),
)
NDJSON = "a resource in each line (NDJSON): that is read from files whose names end in .ndjson or .jsonl; name it so"


def looks_json(file: Path, data: bytes) -> bool:
    """A DICOM file may begin with anything, and be called anything (PS3.10 7.1)."""
    begins = data.lstrip()[:1] in (b"{", b"[") or file.suffix.lower() in (".json", *LINES)
    return begins and data[128:134] != _FILE_META


def other_object(head: bytes) -> str | None:
    """Why what begins so is no Structured Report; None of one, and of what does not tell it so early."""
    try:
        structured_report.header_of(head)
    except NotStructuredReportError as error:
        return str(error)
    except InvalidDicomError:  # cut off here, or deflated
        return None
    return None


def other_format(data: bytes) -> str | None:
    """What people take for DICOM or JSON."""
    if is_dicom(data):
        return None
    begins = data[:64].removeprefix(BOM_UTF8).lstrip()
    return next((what for magic, what in _FORMATS if begins.startswith(magic)), None)


def is_lines(data: bytes) -> bool:
    """By the first of them."""
    first, _, rest = data.lstrip().partition(b"\n")
    try:
        return bool(rest.strip()) and isinstance(json.loads(first), dict)
    except InvalidFhirError:
        return False
