"""A conclusion that is corrected in FHIR is corrected in the document that it repeats."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.content import ContentItem, Plain
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.translate.basis.ids import Known
from bridge.translate.born_in_dicom.followed_conclusion import FOLLOWS
from bridge.translate.native.own_words import CONCLUSION
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()


def sample(*more: str) -> Document:
    """TID 2000, with one conclusion; and others at the root."""
    one = structured_report.read((FIXTURES / "dicom" / "2000-imaging-report.dcm").read_bytes())
    added = tuple(ContentItem("CONTAINS", CONCLUSION, Plain("TEXT", text), (), ()) for text in more)
    return replace(one, root=replace(one.root, children=(*one.root.children, *added)))


def conclusions(item: ContentItem) -> Iterator[str]:
    if CONCLUSION.same(item.concept) and isinstance(item.value, Plain):
        yield item.value.text
    for child in item.children:
        yield from conclusions(child)


def edited(document: Document, conclusion: str | None, item: str | None = None) -> tuple[Document, list[str], Group]:
    group = deepcopy(to_fhir(document, MAPPING, KNOWN).result)
    if conclusion is None:
        del group.root["conclusion"]
    else:
        group.root["conclusion"] = conclusion
    for one in group.members if item is not None else ():
        for home in (one, *one.get("component", ())):
            if "121077" in str(home.get("code")):
                home["valueString"] = item
    made = checked_to_dicom(group, MAPPING, KNOWN)
    return made.result, made.report.warnings, group


def test_the_item_follows_and_the_new_version_says_it() -> None:
    before = sample()
    (was,) = conclusions(before.root)
    after, warnings, _ = edited(before, "No infiltrate; corrected.\nBiopsy advised.")
    assert [*conclusions(after.root)] == ["No infiltrate; corrected.\nBiopsy advised."]
    assert was not in str(after.root)
    assert FOLLOWS in warnings
    assert not any("conclusion: edited in FHIR since; a DICOM reader does not see it" in one for one in warnings)
    assert to_fhir(after, MAPPING, KNOWN).result.root["conclusion"] == "No infiltrate; corrected.\nBiopsy advised."


def test_an_item_that_was_edited_itself_holds() -> None:
    after, warnings, _ = edited(sample(), "of the report", "of the item")
    assert [*conclusions(after.root)] == ["of the item"]
    assert FOLLOWS not in warnings


@pytest.mark.parametrize("more", [(), ("another",)])
def test_what_is_not_edited_is_as_it_was(more: tuple[str, ...]) -> None:
    before = sample(*more)
    conclusion = to_fhir(before, MAPPING, KNOWN).result.root["conclusion"]
    after, warnings, _ = edited(before, conclusion)
    assert after == before and FOLLOWS not in warnings


@pytest.mark.parametrize(("more", "conclusion"), [(("another",), "of both"), ((), None)])
def test_of_several_nobody_knows_which_and_none_is_no_word(more: tuple[str, ...], conclusion: str | None) -> None:
    before = sample(*more)
    after, warnings, _ = edited(before, conclusion)
    assert [*conclusions(after.root)] == [*conclusions(before.root)]
    assert FOLLOWS not in warnings
