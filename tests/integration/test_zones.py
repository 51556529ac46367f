"""The zone of a store is of its documents' days; whoever reads them later, with another zone, gets the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.mapping.load import load
from bridge.model.dataset import merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import same
from bridge.model.tags import CONTENT_DATE, OBSERVATION_DATETIME, TIMEZONE_OFFSET
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.remainder.extension import stripped
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.integration.test_laws_on_files import document

WRITER, READER = Known(zone="+01:00"), Known(zone="+02:00")


def test_resources_come_back_whatever_the_zone_of_the_reader() -> None:
    observation = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "x"},
        "effectiveDateTime": "2026-03-02",
    }
    (group,) = gather([Entry(observation, "Observation/o")]).groups
    made = to_dicom(group, load(), WRITER).result
    back = to_fhir(made, load(), READER).result
    assert same([stripped(one) for one in back.resources()], [observation])
    assert to_dicom(back, load(), READER).result == made


def test_a_document_comes_back_whatever_the_zone_of_the_writer() -> None:
    before = document(FIXTURES / "dicom" / "ecg-report.dcm")
    naive = type(before)(tuple(one for one in before.header if one.tag != 0x00080201), before.root)
    group = to_fhir(naive, load(), WRITER).result
    assert group.root["effectiveDateTime"].endswith("+01:00")
    assert to_dicom(group, load(), READER).result == naive


@pytest.mark.parametrize(("day", "offset"), [("20260302", "+01:00"), ("20260702", "+02:00"), ("", "")])
def test_a_zone_by_its_name_is_that_of_the_day(day: str, offset: str) -> None:
    """`timezone: Europe/Berlin` for `convert`: of a file without an offset no time was valid."""
    before = document(FIXTURES / "dicom" / "ecg-report.dcm")
    header = (one._replace(value=day.encode()) if one.tag == CONTENT_DATE else one for one in before.header)
    naive = type(before)(tuple(one for one in header if one.tag != TIMEZONE_OFFSET), before.root)
    group = to_fhir(naive, load(), Known(zone="Europe/Berlin")).result
    assert group.root.get("effectiveDateTime", "")[19:] == offset
    assert to_dicom(group, load(), READER).result == naive


@pytest.mark.parametrize(
    ("written", "observed", "offset"),
    [("20260702", "20260115100000", "+01:00"), ("20260115", "20260702100000", "+02:00")],
)
def test_each_time_has_the_offset_of_its_own_day(written: str, observed: str, offset: str) -> None:
    """A report of July about a sample of January."""
    before = document(FIXTURES / "dicom" / "ecg-report.dcm")
    header = (one._replace(value=written.encode()) if one.tag == CONTENT_DATE else one for one in before.header)
    rest = merged(before.root.rest, [text_element(OBSERVATION_DATETIME, "DT", observed)])
    naive = Document(tuple(one for one in header if one.tag != TIMEZONE_OFFSET), replace(before.root, rest=rest))
    group = to_fhir(naive, load(), Known(zone="Europe/Berlin")).result
    assert group.root["effectiveDateTime"][11:] == f"10:00:00{offset}"
    assert to_dicom(group, load(), READER).result == naive

    group.root["effectiveDateTime"] = f"2026-12-24T08:00:00{offset}"
    edited = to_dicom(group, load(), READER).result
    assert text_of(edited.root.rest, OBSERVATION_DATETIME) == f"20261224080000{'' if offset == '+01:00' else '+0200'}"


@pytest.mark.parametrize(("day", "offset"), [("2026-03-02", "+0100"), ("2026-07-02", "+0200"), ("2026", "+0100")])
def test_a_day_of_resources_is_in_the_zone_by_its_name(day: str, offset: str) -> None:
    observation = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    (group,) = gather([Entry(observation | {"effectiveDateTime": day}, "Observation/o")]).groups
    made = to_dicom(group, load(), Known(zone="Europe/Berlin")).result
    assert text_of(made.header, TIMEZONE_OFFSET) == offset
