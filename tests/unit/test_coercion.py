"""What an archive may change in an instance that it stores, and what makes it another one."""

from __future__ import annotations

import pytest

from bridge.model.coercion import OTHERWISE, coerced, fault_of, is_issued, is_kept, named_as
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


def test_what_is_left_out_is_lost() -> None:
    assert fault_of(SENT, merged(SENT, (), without=[0x00080018])) == OTHERWISE


@pytest.mark.parametrize("without", [OURS, OURS[1:]])
def test_private_elements_that_are_left_out_are_said_to_be_the_cause(without: tuple[int, ...]) -> None:
    """In items, too, where an archive leaves those out alone; and not where more than that is missing."""
    there = merged(SENT, (), without=without)
    assert "keep all of group 0071" in (fault_of(SENT, there) or "")
    item, bare = ([Element(0x0040A730, "SQ", (one,))] for one in (SENT, there))
    assert "keep all of group 0071" in (fault_of(merged(SENT, item), merged(SENT, bare)) or "")
    assert fault_of(SENT, merged(there, (), without=[0x00080018])) == OTHERWISE
    assert fault_of(SENT, merged(SENT, [Element(OURS[1], "OB", b"[]")])) == OTHERWISE


QUALIFIED = (Element(0x00100024, "SQ", ((text_element(0x00400032, "UT", "1.2.3"),),)),)
ISSUERS = [text_element(0x00100021, "LO", "HOSPITAL")], QUALIFIED


@pytest.mark.parametrize("issuer", ISSUERS)
def test_an_issuer_is_added_where_there_was_none(issuer: list[Element]) -> None:
    """That it is the right one is not known here."""
    issued = merged(SENT, issuer)
    assert is_issued(SENT, issued) and named_as(SENT, issued) == SENT
    assert fault_of(SENT, issued) == "is there under another Patient ID, or issuer of it"


def test_what_was_said_of_the_issuer_is_neither_changed_nor_left_out() -> None:
    """A name beside a universal id, or that beside a name, is added."""
    one, other = (merged(SENT, issuer) for issuer in ISSUERS)
    both = merged(one, QUALIFIED)
    assert is_issued(one, both) and is_issued(other, both)
    assert not is_issued(one, SENT) and not is_issued(both, one) and not is_issued(one, other)
    assert not is_issued(one, merged(one, [text_element(0x00100021, "LO", "ARCHIVE")]))
    assert not is_issued(SENT, merged(one, [text_element(PATIENT_ID, "LO", "9")]))


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
