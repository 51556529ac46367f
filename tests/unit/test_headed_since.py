"""What a bridge of before decision 0035 read repeats neither headings nor states: that is no edit of anybody's."""

from __future__ import annotations

from functools import partial

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.group import Group
from bridge.translate import remaindered, to_fhir
from bridge.translate.basis.ids import Known
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.to_dicom import to_dicom
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
DOCUMENT = structured_report.read((FIXTURES / "dicom" / "3700-ecg.dcm").read_bytes())  # with History and Patient State


def read_before() -> Group:
    with pytest.MonkeyPatch.context() as then:
        then.setattr(to_fhir, "native_fhir", partial(native_fhir, headed=False))
        then.setattr(remaindered, "is_headed", lambda _: False)
        return to_fhir.to_fhir(DOCUMENT, MAPPING, KNOWN, check=False).result


def test_what_was_read_before_comes_back_as_it_was() -> None:
    then, now = read_before(), to_fhir.to_fhir(DOCUMENT, MAPPING, KNOWN).result
    assert [*then.resources()] != [*now.resources()]
    assert to_dicom(then, MAPPING, KNOWN).result == DOCUMENT
    assert to_dicom(now, MAPPING, KNOWN).result == DOCUMENT


def test_a_value_edited_in_what_was_read_before_is_the_one_edit() -> None:
    then = read_before()
    edited = next(one for one in then.members if "valueQuantity" in one)
    edited["valueQuantity"] = edited["valueQuantity"] | {"value": 99}
    made = to_dicom(then, MAPPING, KNOWN)
    assert not [said for said in made.report.warnings if "does not see it" in said]
    again = to_fhir.to_fhir(made.result, MAPPING, KNOWN).result
    assert next(one for one in again.members if one["id"] == edited["id"])["valueQuantity"]["value"] == 99
    assert to_dicom(again, MAPPING, KNOWN).result == made.result
