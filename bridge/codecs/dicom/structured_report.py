"""DICOM file -> Document, if it is a whole Structured Report."""

from __future__ import annotations

import re

from pydicom.uid import KeyObjectSelectionDocumentStorage, MediaStorageDirectoryStorage

from bridge.codecs.dicom import reader
from bridge.errors import InvalidDicomError
from bridge.model.dataset import DataSet, items, text_of
from bridge.model.document import Document
from bridge.model.sr import read_document
from bridge.model.tags import (
    COMPLETION,
    CONTENT,
    SERIES_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    STUDY_UID,
    TEMPLATE,
    VALUE_TYPE,
    VERIFICATION,
)
from bridge.terminology.structured_reports import is_structured_report

MAX_DEPTH = 64
_MEDIA_STORAGE_SOP_CLASS_UID = 0x00020002
_REQUIRED = {
    SOP_INSTANCE_UID: "SOP Instance UID (0008,0018)",
    STUDY_UID: "Study Instance UID (0020,000D)",
    SERIES_UID: "Series Instance UID (0020,000E)",
    VALUE_TYPE: "Value Type (0040,A040)",
}
_SPEAKS_OF_CONTENT = {
    0x0040A375: "Current Requested Procedure Evidence Sequence (0040,A375)",
    0x0040A385: "Pertinent Other Evidence Sequence (0040,A385)",
    TEMPLATE: "Content Template Sequence (0040,A504)",  # every root template of PS3.16 has items
}
_FLAGS = {COMPLETION: "Completion Flag (0040,A491)", VERIFICATION: "Verification Flag (0040,A493)"}


class NotStructuredReportError(InvalidDicomError):
    """An instance of another SOP Class, or a DICOMDIR (PS3.3 F). Whether the rest of it is whole is not asked."""


def read(data: bytes) -> Document:
    """Raises NotStructuredReportError, or InvalidDicomError where it is broken or cut off."""
    sop_class = _sop_class(data)
    if not is_structured_report(sop_class):
        raise NotStructuredReportError(f"SOP Class {sop_class} is no Structured Report")
    dataset = reader.read(data).dataset
    _complete(dataset, sop_class)
    if (depth := _depth(dataset)) > MAX_DEPTH:
        raise InvalidDicomError(f"content items nested {depth} deep; {MAX_DEPTH} are read, real reports have about ten")
    return read_document(dataset)


def header_of(data: bytes) -> DataSet:
    """What stands before the content, of a file that may be cut off behind that. Raises NotStructuredReportError, or
    InvalidDicomError."""
    sop_class = _sop_class(data)
    if not is_structured_report(sop_class):
        raise NotStructuredReportError(f"SOP Class {sop_class} is no Structured Report")
    return reader.read(data, below=CONTENT).dataset


def _sop_class(data: bytes) -> str:
    """By its first elements: of an image, whose pixels are not read here, nothing else is asked."""
    start = reader.read(data, below=SOP_CLASS_UID + 1)
    if (said := text_of(start.dataset, SOP_CLASS_UID)) is not None:
        return said
    if text_of(start.meta, _MEDIA_STORAGE_SOP_CLASS_UID) == MediaStorageDirectoryStorage:
        raise NotStructuredReportError("DICOMDIR: a directory of files, no document")
    raise InvalidDicomError("no SOP Class UID (0008,0016): truncated, or no SOP Instance")


def _depth(dataset: DataSet) -> int:
    """Levels of content items; a loop, for a file is not bound to be reasonable."""
    depth, level = 0, [dataset]
    while level := [child for one in level for child in items(one, CONTENT)]:
        depth += 1
    return depth


def _complete(dataset: DataSet, sop_class: str) -> None:
    """A file cut on an element's boundary is readable: what every SR has (PS3.3 C.17.2, C.17.3) tells it."""
    wanted = _REQUIRED | ({} if sop_class == KeyObjectSelectionDocumentStorage else _FLAGS)
    for tag, name in wanted.items():
        if text_of(dataset, tag) is None:
            raise InvalidDicomError(f"no {name}: truncated, or no SR; fetch the file again, else correct its source")
    for tag in (SOP_INSTANCE_UID, STUDY_UID, SERIES_UID):
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", text_of(dataset, tag) or "") or len(text_of(dataset, tag) or "") > 64:
            raise InvalidDicomError(f"{wanted[tag]} is no UID (PS3.5 9.1); correct it at its source")
    _whole(dataset)


def _whole(dataset: DataSet) -> None:
    """Content Sequence is type 1C (PS3.3 C.17.3): a root without children has none. Where it is missing at the very end
    of a file, and something before it speaks of content, the rest was cut off."""
    if any(element.tag >= CONTENT for element in dataset):
        return
    said = [_SPEAKS_OF_CONTENT[one.tag] for one in dataset if one.tag in _SPEAKS_OF_CONTENT and one.value]
    said += ["Completion Flag (0040,A491) that is COMPLETE"] if text_of(dataset, COMPLETION) == "COMPLETE" else []
    if said:
        raise InvalidDicomError(f"no Content Sequence (0040,A730), but a {said[0]}: truncated; fetch the file again")
