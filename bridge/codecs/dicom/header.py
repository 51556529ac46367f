"""The header of any instance, images included: some of its elements, read up to the last of them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import pydicom
from pydicom.filereader import read_partial

from bridge.codecs.dicom import reader
from bridge.errors import InvalidDicomError
from bridge.model.dataset import DataSet


def read_header(data: bytes, tags: Sequence[int]) -> DataSet:
    """Those of the elements that are there. Raises InvalidDicomError where it is no DICOM file (PS3.10)."""
    try:
        found = read_partial(
            BytesIO(data),
            stop_when=lambda tag, _vr, _length: int(tag) > max(tags),
            specific_tags=list(tags),
            force=reader.is_dicom(data),
        )
        plain = BytesIO()
        pydicom.dcmwrite(plain, pydicom.Dataset(found), implicit_vr=False, little_endian=True)
    except Exception as error:  # whatever pydicom stumbles over
        raise InvalidDicomError(f"no DICOM file that can be read: {type(error).__name__}") from error
    return reader.read(plain.getvalue()).dataset
