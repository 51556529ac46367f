"""What a store holds, translated by somebody who knows nothing of it: `convert` after a service, or another service."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs.dicom.structured_report import read
from bridge.errors import DamagedRemainderError
from bridge.mapping.load import load
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.extensions import drop_extensions
from bridge.model.group import Group, Number, Resource
from bridge.model.names import REMAINDER_URL
from bridge.model.tags import CONTENT_DATE, CONTENT_TIME, SOP_INSTANCE_UID
from bridge.translate.basis.ids import Known
from bridge.translate.header.shared_study import apart
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.remainder.extension import attach, attached, stripped
from bridge.translate.returned_document import NEW_INSTANCE
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone, observation

MAPPING, FILES = load(), Known()
STORE = Known("urn:test:ehr", "TEST-HOSPITAL", "+01:00")
OTHER = Known("urn:test:other", "OTHER-HOSPITAL", "+02:00")
DOSE = FIXTURES / "dicom" / "10011-ct-dose.dcm"
SAMPLES = sorted((FIXTURES / "dicom").glob("*.dcm"))
NUMBERED = [one for one in SAMPLES if not one.stem.startswith(("2000-", "2010-"))]
asked = pytest.mark.parametrize("known", [FILES, OTHER], ids=["files", "another store"])


@pytest.mark.parametrize("without", [(), (CONTENT_DATE, CONTENT_TIME)], ids=["dated", "without a date"])
def test_a_server_that_holds_a_document_has_not_edited_it(without: tuple[int, ...]) -> None:
    """What a server notes in `meta` made an edited version of all that was taken out of it; of what has no Content
    Date (dose reports of Toshiba, by PixelMed) one of the day on which the server took it in."""
    document = taken_out_of(DOSE, *without)
    there = checked_to_dicom(held_by(FILES, document), MAPPING, FILES)
    assert there.result == document
    assert not any("edited" in one for one in there.report.warnings)


def test_an_edit_is_dated_by_the_server_that_holds_it() -> None:
    held = held_by(FILES, taken_out_of(DOSE))
    there = to_dicom(held.with_resources({id(held.root): held.root | {"conclusion": "too much"}}), MAPPING, FILES)
    assert NEW_INSTANCE in there.report.warnings
    assert text_of(there.result.header, CONTENT_DATE) == "20261129"


@asked
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda file: file.stem)
def test_a_document_that_a_store_holds_is_that_document_to_anyone(sample: Path, known: Known) -> None:
    """Its ids go by the store, and its ImagingStudy is shared there: it came as an edited one, or not at all."""
    document = taken_out_of(sample)
    assert checked_to_dicom(held_by(STORE, document), MAPPING, known).result == document


@pytest.mark.parametrize("sample", NUMBERED, ids=lambda file: file.stem)
def test_an_edit_of_what_a_store_holds_comes_back(sample: Path) -> None:
    """By `convert`, as it would in the store: all that goes by its ids was an edit, too, and some were refused."""
    held = held_by(STORE, taken_out_of(sample))
    result = next(one for one in held.resources() if numbers_in(one) and not is_summary(one))
    edited = deepcopy(result)
    numbers_in(edited)[0]["value"] = Number("4711.5")
    there = checked_to_dicom(held.with_resources({id(result): edited}), MAPPING, FILES)
    assert not any("does not see it" in one for one in there.report.warnings)
    back = to_fhir(there.result, MAPPING, FILES).result
    (found,) = (one for one in back.resources() if one.get("id") == result["id"])
    assert numbers_in(found)[0]["value"] == "4711.5"
    assert {one["id"] for one in back.resources()} == {one["id"] for one in of_store(held)}
    again = checked_to_dicom(back, MAPPING, FILES)
    assert again.result == there.result


def test_who_converts_a_document_of_a_store_has_the_resources_of_that_store() -> None:
    """What `convert` read in an archive came with another encounter and an identifier that nobody had given, and went
    back with another time zone."""
    encounter = {"reference": "Encounter/7"}
    group = alone(observation(effectiveDateTime="2026-03-02", valueInteger=5, encounter=encounter))
    document = checked_to_dicom(group, MAPPING, STORE).result
    back = to_fhir(document, MAPPING, FILES)
    assert ANEW not in back.report.warnings
    assert [stripped(one) for one in back.result.resources()] == [*group.resources()]
    assert to_dicom(back.result, MAPPING, FILES).result == document


def test_another_store_restores_the_resources_of_a_document() -> None:
    """Without an encounter, which would be none of its own."""
    group = alone(observation(effectiveDateTime="2026-03-02", valueInteger=5))
    back = to_fhir(checked_to_dicom(group, MAPPING, STORE).result, MAPPING, OTHER)
    assert ANEW not in back.report.warnings


def test_files_need_no_word_of_whom_they_were_made_for() -> None:
    group = alone(observation(effectiveDateTime="2026-03-02T10:00:00+02:00", valueInteger=5))
    back = to_fhir(checked_to_dicom(group, MAPPING, FILES).result, MAPPING, FILES).result
    assert [*back.resources()] == [*group.resources()]


@pytest.mark.parametrize(
    "damage",
    [{"system": 5}, {"source": []}, {"zone": 5}, {"zone": "noon"}, {"first": {}}, {"version": 1}, {"digest": 0}],
)
def test_a_remainder_whose_words_are_none_is_refused_by_name(damage: dict[str, Any]) -> None:
    group = to_fhir(taken_out_of(DOSE), MAPPING, STORE).result
    said = attached(group.root, "document") | damage
    drop_extensions(group.root, lambda one: one.get("url") == REMAINDER_URL)
    attach(group.root, "document", said)
    with pytest.raises(DamagedRemainderError, match="take it out"):
        to_dicom(group, MAPPING, STORE)


def held_by(known: Known, document: Document) -> Group:
    """As a FHIR server holds it: views of a study apart, and with its notes."""
    of_document = replace(known, document=text_of(document.header, SOP_INSTANCE_UID))
    group = to_fhir(document, MAPPING, known).result
    resources, views = apart(list(group.resources()), of_document)
    shared = [view | {"id": key.partition("/")[2]} for key, view in views.items()]
    root, *members = (noted(one) for one in [*resources, *shared])
    return Group(root, tuple(members), group.patient, group.key)


def of_store(held: Group) -> list[Resource]:
    """With its views of studies in place of the shared ones."""
    members = [one for one in held.resources() if one["resourceType"] != "ImagingStudy"]
    return members + [one for one in held.root.get("contained", ()) if one["resourceType"] == "ImagingStudy"]


def numbers_in(resource: Resource) -> list[Resource]:
    homes = [resource, *resource.get("component", ())]
    return [one["valueQuantity"] for one in homes if "value" in one.get("valueQuantity", {})]


def noted(resource: Resource) -> Resource:
    notes = {"versionId": "1", "lastUpdated": "2026-11-29T05:00:00.000+00:00", "source": "#3pTb"}
    return resource | {"meta": resource.get("meta", {}) | notes}


def taken_out_of(file: Path, *tags: int) -> Document:
    """A sample whose attributes of these tags are empty."""
    document = read(file.read_bytes())
    header = tuple(one._replace(value=b"") if one.tag in tags else one for one in document.header)
    return replace(document, header=header)


@pytest.mark.parametrize("turned", [False, True])
def test_utc_in_two_spellings_is_no_edit_in_whatever_order_they_stand(turned: bool) -> None:
    """HAPI writes `+00:00` into `meta`, people `Z`; of as many the first decided, and `meta` comes back last."""
    note = [{"text": "a", "time": "2025-01-03T10:00:00Z"}]
    meta = {"lastUpdated": "2025-02-02T03:04:05.678+00:00"}
    said = {"note": note, "meta": meta} if turned else {"meta": meta, "note": note}
    group = alone({"resourceType": "Observation"} | said | observation())
    back = to_fhir(checked_to_dicom(group, MAPPING, FILES).result, MAPPING, FILES).result
    assert back.root == group.root
    again = checked_to_dicom(
        alone({"resourceType": "Observation"} | dict(reversed(said.items())) | observation()), MAPPING, FILES
    )
    assert again.result.header == checked_to_dicom(group, MAPPING, FILES).result.header
