"""What a file is, by how it begins: nothing for us is not read whole, and is called by its name."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from bridge.convert.inputs import Readable, Rejected, Skipped, Target, read, target_of
from bridge.convert.report import ReportFile, Totals
from tests.corpus import FIXTURES
from tests.samples import measured

SR = (FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()


def said(file: Path, target: Target) -> str:
    """Why it is not converted."""
    (found,) = read(file, target)
    assert isinstance(found, Skipped | Rejected)
    return found.reason


def image(file: Path, size: int) -> Path:
    """A CT, whose pixels take no room on the disk."""
    header = pydicom.Dataset()
    header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, "1.2.3"
    header.PixelData = b""
    header["PixelData"].VR = "OW"
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.save_as(file, enforce_file_format=True)
    with file.open("r+b") as opened:
        opened.seek(-4, os.SEEK_END)
        opened.write(size.to_bytes(4, "little"))
        opened.truncate(opened.tell() + size)
    return file


@pytest.mark.parametrize(
    ("begins", "target", "reason"),
    [
        (None, "fhir", "SOP Class 1.2.840.10008.5.1.4.1.1.2 is no Structured Report"),
        (None, "dicom", "DICOM: nothing to convert to dicom"),
        (b"PK\x03\x04", "fhir", "an archive (ZIP)"),
        (b"PK\x03\x04", "dicom", "an archive (ZIP)"),
        (b"\x00\x00\x00\x18ftypmp42", "fhir", "not a DICOM file"),
    ],
)
def test_what_is_nothing_for_us_is_not_read_whole(
    tmp_path: Path, begins: bytes | None, target: Target, reason: str
) -> None:
    """An image of 1 GiB took as much memory, to be skipped."""
    size, file = 1 << 26, tmp_path / "there"
    if begins is None:
        image(file, size)
    else:
        file.write_bytes(begins)
        os.truncate(file, size)
    tracemalloc.start()
    found = said(file, target)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size // 8
    assert found.startswith(reason)


@pytest.mark.parametrize("begins", [b"{", b"[", b"  {", b"<", b"PK\x03\x04", b"\x1f\x8b", b"\0"])
@pytest.mark.parametrize("name", ["there.dcm", "there.json"])
def test_a_dicom_file_may_begin_with_anything_and_be_called_anything(tmp_path: Path, begins: bytes, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(begins.ljust(128, b"\0") + SR[128:])
    (found,) = read(file, "fhir")
    assert isinstance(found, Readable)
    assert said(file, "dicom") == "DICOM: nothing to convert to dicom"
    assert target_of(file) == "fhir"


def test_a_text_that_speaks_of_dicom_is_one(tmp_path: Path) -> None:
    file = tmp_path / "there"
    file.write_text("{".ljust(115) + '"language": "DICM", ' + json.dumps(measured())[1:])
    assert file.read_bytes()[128:132] == b"DICM"
    (found,) = read(file, "dicom")
    assert isinstance(found, Readable)
    assert said(file, "fhir") == "JSON: nothing to convert to fhir"


@pytest.mark.parametrize("target", ["fhir", "dicom"])
def test_what_is_packed_is_called_so(tmp_path: Path, target: Target) -> None:
    lines, archive = tmp_path / "Observation.ndjson.gz", tmp_path / "study.zip"
    lines.write_bytes(gzip.compress(json.dumps(measured()).encode()))
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("1.dcm", SR)
    assert said(lines, target) == "compressed (gzip); unpack it first, and give what was in it"
    assert said(archive, target) == "an archive (ZIP); unpack it first, and give the folder"


@pytest.mark.parametrize(
    ("text", "is_lines"), [("{}\n{}\n", True), ("{}\n{", True), ("{\n}{}", False), ("{}{}", False)]
)
def test_lines_without_the_name_of_lines_are_called_so(tmp_path: Path, text: str, is_lines: bool) -> None:
    file = tmp_path / "Observation"
    file.write_text(text)
    assert ("name it so" in said(file, "dicom")) == is_lines


def test_a_report_that_was_kept_among_the_input_is_none_of_it(tmp_path: Path) -> None:
    report = ReportFile(tmp_path / "report.json")
    report.close(Totals())
    assert said(tmp_path / "report.json", "dicom") == "a report of `convert`"
