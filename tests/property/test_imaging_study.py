"""Instances of a study -> ImagingStudy: laws."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.codecs.fhir import validate
from bridge.mapping.load import load
from bridge.model.dataset import UNICODE, DataSet, text_element
from bridge.model.group import same
from bridge.model.tags import (
    INSTANCE_NUMBER,
    SERIES_NUMBER,
    SERIES_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    STUDY_UID,
)
from bridge.translate.basis.ids import Known
from bridge.translate.header.imaging_study import OURS, imaging_study
from bridge.translate.header.study import SERIES_DESCRIPTION, STUDY_DATE

MAPPING = load()
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.33"
KNOWN = Known("urn:test:ehr", "TEST-HOSPITAL", "+01:00")


def header(series: int, instance: int, sop_class: str, number: str, description: str, date: str) -> DataSet:
    said = {
        SPECIFIC_CHARACTER_SET: ("CS", "ISO_IR 192"),
        SOP_CLASS_UID: ("UI", sop_class),
        SOP_INSTANCE_UID: ("UI", f"2.25.{series}.{instance}"),
        STUDY_DATE: ("DA", date),
        SERIES_DESCRIPTION: ("LO", description),
        STUDY_UID: ("UI", "2.25.7"),
        SERIES_UID: ("UI", f"2.25.{series}"),
        SERIES_NUMBER: ("IS", str(series)),
        INSTANCE_NUMBER: ("IS", number),
    }
    return tuple(text_element(tag, vr, text, UNICODE) for tag, (vr, text) in sorted(said.items()))


numbers = st.one_of(st.integers(-5, 1 << 40).map(str), st.sampled_from(("", "1.5", " 3", "one")))
texts = st.text(st.characters(exclude_characters="\\\x1b", exclude_categories=["Cs"]), max_size=12)
dates = st.sampled_from(("20260302", "2026", "", "never"))
headers = st.builds(
    header, st.integers(1, 4), st.integers(1, 30), st.sampled_from((CT, CT, SR, "1.2.3")), numbers, texts, dates
)
studies = st.lists(headers, min_size=1, max_size=25)


def made(some: list[DataSet]) -> dict[str, Any]:
    return imaging_study(some, None, KNOWN.zone, MAPPING, KNOWN)


@given(studies)
def test_it_is_valid_says_nothing_of_others_and_counts_what_it_lists(some: list[DataSet]) -> None:
    study = made(some)
    validate(study)
    assert study.keys() <= OURS | {"resourceType", "id"}
    listed = [one["uid"] for series in study["series"] for one in series["instance"]]
    assert len(listed) == len(set(listed)) == study["numberOfInstances"]
    assert study["numberOfSeries"] == len(study["series"])
    assert [one["numberOfInstances"] for one in study["series"]] == [len(one["instance"]) for one in study["series"]]
    uids = {element.value.decode().strip("\0") for one in some for element in one if element.tag == SOP_INSTANCE_UID}  # type: ignore[union-attr]
    assert set(listed) == uids


@given(st.lists(headers, min_size=1, max_size=25, unique_by=lambda one: one[2]), st.randoms(use_true_random=False))
def test_the_order_in_which_a_store_lists_them_does_not_matter(some: list[DataSet], order: random.Random) -> None:
    mixed = list(some)
    order.shuffle(mixed)
    assert same(made(some), made(mixed))


@given(st.lists(headers, min_size=1, max_size=12, unique_by=lambda one: one[2]), texts)
def test_a_report_that_is_added_changes_nothing_that_the_images_say(some: list[DataSet], text: str) -> None:
    images = [*some, header(1, 99, CT, "1", "", "20260302")]
    grown = made([*images, header(9, 1, SR, "1", text, "20270101")])
    before = made(images)
    listing = ("numberOfSeries", "numberOfInstances", "series", "modality")
    assert {key: value for key, value in grown.items() if key not in listing} == {
        key: value for key, value in before.items() if key not in listing
    }
    assert [one for one in grown["series"] if one["uid"] != "2.25.9"] == before["series"]
