"""What an earlier bridge read says less, or otherwise: that is no edit of anybody's."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import Code
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.translate import to_fhir
from bridge.translate.basis.ids import Known
from bridge.translate.native.reading import Read
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.remaindered import remaindered
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from tests.corpus import FIXTURES
from tests.unit.test_asked_by_clients import rate
from tests.unit.test_told_of_the_patient import document

MAPPING, KNOWN = load(), Known()
RR_INTERVAL = Code("122182", "DCM", "R-R interval")
NAMES = ("3700-ecg", "5000-obgyn", "5100-vascular", "5200-echocardiography", "twice")
"""With History and Patient State; a fetus; summaries that are a Comment; one concept in another. Each has an order."""
EARLIER = pytest.mark.parametrize(("name", "read"), [*product((*NAMES, "inferred"), [*Read][:-1])])


def sample(name: str) -> Document:
    if name == "twice":
        return document(rate("72", rate("70", how="HAS PROPERTIES")))
    if name == "inferred":
        return document(rate("72", rate("830", how="INFERRED FROM", concept=RR_INTERVAL)))
    return structured_report.read((FIXTURES / "dicom" / f"{name}.dcm").read_bytes())


def read_before(said: Document, read: Read) -> Group:
    with pytest.MonkeyPatch.context() as then:
        then.setattr(to_fhir, "native_fhir", partial(native_fhir, read=read))
        then.setattr(to_fhir, "remaindered", partial(remaindered, read=read))
        return to_fhir.to_fhir(said, MAPPING, KNOWN, check=False).result


@EARLIER
def test_what_was_read_before_comes_back_as_it_was(name: str, read: Read) -> None:
    said = sample(name)
    then, now = read_before(said, read), to_fhir.to_fhir(said, MAPPING, KNOWN).result
    assert [*then.resources()] != [*now.resources()]
    for one in (then, now):
        made = to_dicom(one, MAPPING, KNOWN)
        assert made.result == said
        assert NEW_INSTANCE not in made.report.warnings


@EARLIER
def test_a_value_edited_in_what_was_read_before_is_the_one_edit(name: str, read: Read) -> None:
    then = read_before(sample(name), read)
    edited = next(one for one in then.members if "valueQuantity" in one)
    edited["valueQuantity"] = edited["valueQuantity"] | {"value": 99}
    made = to_dicom(then, MAPPING, KNOWN)
    assert not [said for said in made.report.warnings if "does not see it" in said]
    again = to_fhir.to_fhir(made.result, MAPPING, KNOWN).result
    assert next(one for one in again.members if one["id"] == edited["id"])["valueQuantity"]["value"] == 99
    assert to_dicom(again, MAPPING, KNOWN).result == made.result


@EARLIER
def test_what_no_item_says_of_what_was_read_before_comes_back_from_its_new_version(name: str, read: Read) -> None:
    then = read_before(sample(name), read)
    edited = next(one for one in then.members if one["resourceType"] == "Observation")
    edited["note"] = [*edited.get("note", ()), {"text": "seen", "authorString": "somebody"}]
    made = checked_to_dicom(then, MAPPING, KNOWN)
    assert NEW_INSTANCE in made.report.warnings
    again = to_fhir.to_fhir(made.result, MAPPING, KNOWN)
    assert to_fhir.ANEW not in again.report.warnings
    (said,) = (one["note"] for one in again.result.members if one["id"] == edited["id"])
    assert said[-1]["authorString"] == "somebody"
    assert to_dicom(again.result, MAPPING, KNOWN).result == made.result
