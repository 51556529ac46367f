"""The SR codec, held to pydicom: every element of every sample, and of generated trees, in every transfer syntax."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from bridge.codecs.dicom import reader, writer
from bridge.codecs.dicom.header import read_header
from bridge.errors import InvalidDicomError
from bridge.model.names import PRIVATE_CREATOR
from bridge.model.sr import read_document, write_document
from bridge.model.tags import SOP_CLASS_UID, STUDY_UID
from tests.corpus import FIXTURES, SR_FILES, name

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="\\^="), max_size=40)
SAMPLE = FIXTURES / "dicom" / "ecg-report.dcm"


def stored(dataset: Dataset, syntax: str) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    out = io.BytesIO()
    little = syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(
        out, dataset, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little, enforce_file_format=True
    )
    return out.getvalue()


@st.composite
def datasets(draw: st.DrawFn, depth: int = 3) -> Dataset:
    ds = Dataset()
    ds.TextValue = draw(TEXT)
    ds.CodeMeaning = draw(TEXT)
    ds.GraphicData = draw(st.lists(st.floats(width=32, allow_nan=False), max_size=6))
    ds.ReferencedContentItemIdentifier = draw(st.lists(st.integers(0, 2**32 - 1), max_size=4))
    ds.ReferencedWaveformChannels = draw(st.lists(st.integers(0, 2**16 - 1), max_size=4))
    ds.FloatingPointValue = draw(st.floats(allow_nan=False))
    ds.add_new(0x00710010, "LO", "SOMEBODY")
    ds.add_new(0x00711001, "OB", draw(st.binary(max_size=6).filter(lambda raw: len(raw) % 2 == 0)))
    if depth:
        ds.ContentSequence = draw(st.lists(datasets(depth=depth - 1), max_size=2))
    return ds


@given(datasets(), st.sampled_from(SYNTAXES))
def test_generated_trees_read_as_pydicom_reads_them(ds: Dataset, syntax: str) -> None:
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "2.25.1"
    data = stored(ds, syntax)
    theirs, ours = pydicom.dcmread(io.BytesIO(data)), reader.read(data)
    written = pydicom.dcmread(io.BytesIO(writer.write(ours.dataset)))
    if syntax != ImplicitVRLittleEndian:  # where the VR of private elements is lost, on either side
        assert written == theirs
    else:
        assert [one for one in written if not one.tag.is_private] == [one for one in theirs if not one.tag.is_private]


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_every_sample_reads_as_pydicom_reads_it(path: Path) -> None:
    ours = reader.read(path.read_bytes())
    assert pydicom.dcmread(io.BytesIO(writer.write(ours.dataset))) == pydicom.dcmread(path)


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_content_items_give_back_every_element(path: Path) -> None:
    dataset = reader.read(path.read_bytes()).dataset
    assert write_document(read_document(dataset)) == dataset


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_transfer_syntax_changes_nothing(syntax: str) -> None:
    plain = reader.read(SAMPLE.read_bytes()).dataset
    assert reader.read(stored(pydicom.dcmread(SAMPLE), syntax)).dataset == plain


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("vr", ["OB", "UN"])
def test_a_transfer_syntax_changes_nothing_of_ours(syntax: str, vr: str) -> None:
    """Whoever does not know our private elements stores them as UN (PS3.5 6.2.2)."""
    ours = pydicom.dcmread(SAMPLE)
    ours.add_new(0x00710010, "LO", PRIVATE_CREATOR)
    ours.add_new(0x00711001, vr, b'{"is": 0}')
    data = stored(ours, syntax)
    (element,) = [one for one in reader.read(data).dataset if one.tag == 0x00711001]
    assert element.vr == "OB"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_file_without_preamble_is_read_by_its_meta_information(syntax: str) -> None:
    """Its elements are no part of the data set."""
    whole = stored(pydicom.dcmread(SAMPLE), syntax)
    assert reader.read(whole[132:]) == reader.read(whole)
    wanted = [SOP_CLASS_UID, STUDY_UID]
    assert read_header(whole[132:], wanted) == read_header(whole, wanted)


@pytest.mark.parametrize("path", SR_FILES, ids=name)
def test_the_start_of_a_file_is_that_of_the_whole(path: Path) -> None:
    data = path.read_bytes()
    whole = reader.read(data).dataset
    for element in whole:
        start = reader.read(data, below=element.tag).dataset
        assert start == tuple(one for one in whole if one.tag < element.tag)
        if element.tag >= STUDY_UID:
            break


def test_a_file_cut_inside_an_element_is_refused_with_the_byte() -> None:
    data = SAMPLE.read_bytes()
    refused = 0
    for end in range(140, len(data), 7):
        try:
            reader.read(data[:end])
        except InvalidDicomError as error:
            refused += 1
            assert "byte" in str(error) or "no " in str(error)
    assert refused > 50


@given(st.binary(max_size=300))
def test_noise_is_refused_by_name(data: bytes) -> None:
    for candidate in (data, b"\0" * 128 + b"DICM" + data):
        try:
            reader.read(candidate)
        except InvalidDicomError as error:
            assert str(error)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused(at: int, noise: bytes) -> None:
    data = SAMPLE.read_bytes()
    at = 132 + at % (len(data) - 140)
    try:
        dataset = reader.read(data[:at] + noise + data[at + len(noise) :]).dataset
    except InvalidDicomError as error:
        assert str(error)
    else:
        assert write_document(read_document(dataset)) == dataset


def test_nesting_is_bounded() -> None:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff"
    with pytest.raises(InvalidDicomError, match="nested deeper"):
        reader.read(b"\x08\x00\x05\x00CS\x00\x00" + (sequence + item) * 5000)
