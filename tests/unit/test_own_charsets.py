"""An item that says its own Specific Character Set: it overrides the one around it, for all that it holds (PS3.5
7.5.3)."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.codes import code_element
from bridge.model.content import Code, Container, ContentItem, Plain
from bridge.model.dataset import Charset, DataSet, Element, encode_text, find, items, merged, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.sr import read_document, write_document
from bridge.model.tags import CONCEPT, SPECIFIC_CHARACTER_SET, VERIFYING_OBSERVERS
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
LATIN, CYRILLIC, JAPANESE = ("ISO_IR 100",), ("ISO_IR 144",), "日本語"
SAID, OTHER = "Опухоль в печени", "Müller"
FINDING = Code("121071", "DCM", "Finding")


def charset(said: Charset) -> Element:
    return text_element(SPECIFIC_CHARACTER_SET, "CS", "\\".join(said))


def text(said: str, *own: Element) -> ContentItem:
    return ContentItem("CONTAINS", FINDING, Plain("TEXT", said), (), own)


def report(*findings: ContentItem, header: Charset = LATIN, section: DataSet = ()) -> Document:
    """As it is read from a file."""
    within = ContentItem("CONTAINS", Code("121070", "DCM", "Findings"), Container("SEPARATE"), findings, section)
    made = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    root = replace(made.root, children=(within,))
    return read_document(write_document(Document(merged(made.header, [charset(header)]), root)))


def texts(item: ContentItem) -> list[str]:
    own = [item.value.text] if isinstance(item.value, Plain) else []
    return own + [said for child in item.children for said in texts(child)]


def edited(before: Document, old: str, new: str) -> tuple[Document, list[str]]:
    group = copy.deepcopy(to_fhir(before, MAPPING, KNOWN).result)
    for home in homes(group):
        if home.get("valueString") == old:
            home["valueString"] = new
    found = to_dicom(group, MAPPING, KNOWN)
    return read_document(write_document(found.result)), found.report.warnings


def homes(group: Group) -> list[dict[str, Any]]:
    return [home for one in group.members for home in (one, *one.get("component", ()))]


@pytest.mark.parametrize("header", [LATIN, ("ISO_IR 192",), ()])
def test_its_text_is_read_by_it(header: Charset) -> None:
    before = report(text(SAID, charset(CYRILLIC)), text("plain"), header=header)
    group = to_fhir(before, MAPPING, KNOWN).result
    assert SAID in [home.get("valueString") for home in homes(group)]
    assert to_dicom(group, MAPPING, KNOWN).result == before


def test_what_is_below_inherits_it() -> None:
    before = report(text(SAID), section=(charset(CYRILLIC),))
    assert texts(before.root) == [SAID]
    assert find(write_document(before), SPECIFIC_CHARACTER_SET) == charset(LATIN)
    assert to_dicom(to_fhir(before, MAPPING, KNOWN).result, MAPPING, KNOWN).result == before


def test_an_edit_of_another_item_leaves_it_as_it_is() -> None:
    before = report(text(SAID, charset(CYRILLIC)), text(OTHER), text("plain"))
    after, warnings = edited(before, "plain", JAPANESE)
    assert after.charset == ("ISO_IR 192",) and any("ISO_IR 192" in one for one in warnings)
    assert texts(after.root) == [SAID, OTHER, JAPANESE]
    assert after.root.children[0].children[0] == before.root.children[0].children[0]


def test_an_edit_of_it_stays_in_its_character_set() -> None:
    after, warnings = edited(report(text(SAID, charset(CYRILLIC)), text(OTHER)), SAID, SAID[:7])
    assert after.charset == LATIN and not any("ISO_IR 192" in one for one in warnings)
    assert texts(after.root) == [SAID[:7], OTHER]
    assert charset(CYRILLIC) in after.root.children[0].children[0].rest


def test_an_edit_that_it_cannot_hold_takes_it_to_unicode_too() -> None:
    before = report(text(SAID, charset(CYRILLIC)), text(SAID[:7], charset(CYRILLIC)), text(OTHER))
    after, _ = edited(before, SAID, JAPANESE)
    assert after.charset == ("ISO_IR 192",)
    assert texts(after.root) == [JAPANESE, SAID[:7], OTHER]
    assert not after.root.children[0].children[0].rest, "it inherits that of the document"


def test_an_edit_below_it_takes_what_stands_beside_to_unicode() -> None:
    """Bytes of the item itself and of its children are in its own: an unknown element, here."""
    odd = Element(0x00401060, "LO", encode_text("Врач", "LO", CYRILLIC))
    before = report(text(SAID), text(SAID[:7], odd), section=(charset(CYRILLIC), odd))
    after, _ = edited(before, SAID, JAPANESE)
    section = after.root.children[0]
    assert [text_of(one.rest, odd.tag, after.charset) for one in (section, section.children[1])] == ["Врач", "Врач"]
    assert texts(after.root) == [JAPANESE, SAID[:7]]


def test_a_code_is_read_by_that_of_its_sequence_item() -> None:
    inner = code_element(CONCEPT, Code("T1", "99X", "Опухоль"), CYRILLIC).value[0]
    concept = Element(CONCEPT, "SQ", (merged(inner, [charset(CYRILLIC)]),))  # type: ignore[arg-type]
    before = report(text("here", concept), text("plain"), header=("ISO_IR 192",))
    group = to_fhir(before, MAPPING, KNOWN).result
    assert "Опухоль" in [coding.get("display") for home in homes(group) for coding in codings(home)]
    assert to_dicom(group, MAPPING, KNOWN).result == before


def codings(home: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = home.get("code", {}).get("coding", [])
    return found


def test_an_item_of_the_header_is_read_by_its_own() -> None:
    name = Element(0x0040A075, "PN", encode_text("Иванов", "PN", CYRILLIC))
    made = report(text("plain"))
    observers = Element(VERIFYING_OBSERVERS, "SQ", ((charset(CYRILLIC), name),))
    before = Document(merged(made.header, [observers]), made.root)
    group = to_fhir(before, MAPPING, KNOWN).result
    assert "Иванов" in [one["name"][0]["family"] for one in group.members if one["resourceType"] == "Practitioner"]
    assert to_dicom(group, MAPPING, KNOWN).result == before
    assert text_of(items(before.header, VERIFYING_OBSERVERS)[0], 0x0040A075, before.charset) == "Иванов"
