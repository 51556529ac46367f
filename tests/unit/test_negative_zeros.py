"""A coordinate of -0.0 equals 0.0, and is another one in the file: FHIR says 0, and the sign comes back."""

from __future__ import annotations

import struct

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import ContentItem, Graphic
from bridge.model.dataset import DataSet, Element
from bridge.model.sr import read_document, write_document
from bridge.model.tags import GRAPHIC_DATA
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES


def signed(dataset: DataSet, zero: bytes) -> DataSet:
    """With every first coordinate of a region a zero."""
    found = list[Element]()
    for one in dataset:
        if isinstance(one.value, tuple):
            found.append(one._replace(value=tuple(signed(inner, zero) for inner in one.value)))
        else:
            found.append(one._replace(value=zero + one.value[4:]) if one.tag == GRAPHIC_DATA else one)
    return tuple(found)


def regions(item: ContentItem) -> list[Graphic]:
    own = [item.value] if isinstance(item.value, Graphic) else []
    return own + [one for child in item.children for one in regions(child)]


@pytest.mark.parametrize("number", [0.0, -0.0])
def test_the_sign_of_a_zero_comes_back(number: float) -> None:
    document = structured_report.read((FIXTURES / "dicom" / "1500-plane.dcm").read_bytes())
    dataset = signed(write_document(document), struct.pack("<f", number))
    read = read_document(dataset)
    assert regions(read.root)
    back = checked_to_dicom(to_fhir(read, load(), Known()).result, load(), Known()).result
    assert write_document(back) == dataset
