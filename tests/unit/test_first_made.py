"""A document of ours into which an earlier bridge wrote less: its UID proves of which resources it was made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.codecs import json
from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Num
from bridge.model.dataset import merged, text_element
from bridge.model.document import Document
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import BY_EARLIER, to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known(system="fhir")
DATA = FIXTURES / "earlier" / "ranges"


@pytest.fixture
def earlier() -> Document:
    (file,) = (DATA / "dicom").rglob("*.dcm")
    return structured_report.read(file.read_bytes())


def test_the_resources_are_those_that_it_was_made_of(earlier: Document) -> None:
    back = to_fhir(earlier, MAPPING, KNOWN)
    assert back.result.root == json.loads((DATA / "fhir" / "Observation" / "o.json").read_bytes())
    assert back.report.warnings == [BY_EARLIER]
    again = to_dicom(back.result, MAPPING, KNOWN).result
    assert len(again.root.children[0].children) > len(earlier.root.children[0].children)


def test_what_is_written_as_it_was_needs_no_such_proof(earlier: Document) -> None:
    today = to_dicom(to_fhir(earlier, MAPPING, KNOWN).result, MAPPING, KNOWN).result
    assert to_fhir(today, MAPPING, KNOWN).report.warnings == []


def test_of_an_edited_item_nothing_is_proven(earlier: Document) -> None:
    item, *others = earlier.root.children
    assert isinstance(item.value, Num)
    edited = replace(earlier.root, children=(replace(item, value=Num(("62",), item.value.unit, None)), *others))
    back = to_fhir(Document(earlier.header, edited), MAPPING, KNOWN)
    assert back.result.root["valueQuantity"]["value"] == 62
    assert BY_EARLIER not in back.report.warnings


def test_nor_of_a_copy_under_another_uid(earlier: Document) -> None:
    header = merged(earlier.header, (text_element(SOP_INSTANCE_UID, "UI", "2.25.1"),))
    assert BY_EARLIER not in to_fhir(Document(header, earlier.root), MAPPING, KNOWN).report.warnings
