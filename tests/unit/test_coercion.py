"""What an archive may change in an instance that it stores, and what makes it another one."""

from __future__ import annotations

import pytest

from bridge.model.coercion import OTHERWISE, coerced, fault_of, is_kept
from bridge.model.dataset import DataSet, Element, merged, text_element
from bridge.model.tags import PATIENT_ID, PATIENT_NAME

UNICODE = ("ISO_IR 192",)
OURS = (0x00710010, 0x00711001)  # a private block that was sent
SENT: DataSet = (
    text_element(0x00080005, "CS", "ISO_IR 192"),
    text_element(0x00080018, "UI", "2.25.1"),
    text_element(PATIENT_NAME, "PN", "Müller^Max=穆勒", UNICODE),
    text_element(PATIENT_ID, "LO", "4711"),
    text_element(0x00100030, "DA", "19700101"),
    text_element(OURS[0], "LO", "FHIR-DICOM BRIDGE"),
    Element(OURS[1], "OB", b"{}"),
)
ANOTHER = "is there under another name, birth date or sex of the patient"


def named(name: str) -> DataSet:
    return merged(SENT, [text_element(PATIENT_NAME, "PN", name, UNICODE)])


@pytest.mark.parametrize("name", ["MÜLLER^MAX", "Müller^Max^Karl^Dr", "Müller", "=穆勒", "", "Müller^Max=穆勒=x"])
def test_a_name_that_is_written_otherwise_is_the_same(name: str) -> None:
    assert fault_of(SENT, named(name)) is None


@pytest.mark.parametrize("name", ["Schmidt^Max", "Müller^Moritz", "Max^Müller", "Mueller^Max", "Müller^Max=別人"])
def test_a_name_that_says_otherwise_is_somebody_else(name: str) -> None:
    assert fault_of(SENT, named(name)) == ANOTHER


def test_a_name_that_nobody_can_read_is_not_believed() -> None:
    assert fault_of(SENT, merged(SENT, [Element(PATIENT_NAME, "PN", b"M\xfcller^Max ")])) == ANOTHER


def test_sex_is_filled_in_and_never_changed() -> None:
    male, female = ([text_element(0x00100040, "CS", sex)] for sex in "MF")
    assert fault_of(SENT, merged(SENT, male)) is None
    assert fault_of(merged(SENT, female), merged(SENT, male)) == ANOTHER


@pytest.mark.parametrize("without", [0x00080018, *OURS])
def test_what_is_left_out_is_lost(without: int) -> None:
    assert fault_of(SENT, merged(SENT, (), without=[without])) == OTHERWISE


def test_private_elements_of_others_are_theirs_and_none_come_into_our_block() -> None:
    theirs = [text_element(0x00990010, "LO", "ARCHIVE"), text_element(0x00991001, "LO", "seen")]
    assert fault_of(SENT, merged(SENT, theirs)) is None
    beside = [text_element(0x00710011, "LO", "ARCHIVE"), text_element(0x00711101, "LO", "seen")]
    assert fault_of(SENT, merged(SENT, beside)) is None
    assert fault_of(SENT, merged(SENT, [text_element(0x00711002, "LO", "seen")])) == OTHERWISE


def test_whose_it_is_does_not_decide_what_it_says() -> None:
    assert is_kept(SENT, merged(SENT, [text_element(PATIENT_ID, "LO", "9")]))


def test_what_was_changed_is_told_by_its_tag() -> None:
    assert coerced(SENT, SENT) == ""
    assert coerced(SENT, named("MÜLLER^MAX")) == "(0010,0010)"
