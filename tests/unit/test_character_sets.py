"""Bytes and the Specific Character Set: what it designates is text. Whatever else stands there stays as it is, FHIR
says nothing of it, and a warning names it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.json_model import from_json, from_keywords
from bridge.codecs.dicom.writer import write
from bridge.errors import PermanentError
from bridge.mapping.load import load
from bridge.model.content import Code, Coded, ContentItem, Other, Plain
from bridge.model.dataset import Charset, DataSet, Element, decode_text, encode_text, merged, text_element
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.sr import read_document, write_document
from bridge.model.tags import (
    CONCEPT,
    CONCEPT_CODE,
    ISSUER,
    PATIENT_ID,
    PATIENT_NAME,
    SPECIFIC_CHARACTER_SET,
    VALUE_TYPE,
)
from bridge.translate.basis.ids import Known
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
FINDING = Code("121071", "DCM", "Finding")
WARNING = "that is not of its Specific Character Set: a FHIR client sees none; correct it at its source"

NAMES: list[tuple[Charset, bytes, str]] = [  # PS3.5 annexes H, I, J and K
    (
        ("", "ISO 2022 IR 87"),
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    (
        ("ISO 2022 IR 13", "ISO 2022 IR 87"),
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    (
        ("", "ISO 2022 IR 149"),
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    (("", "ISO 2022 IR 58"), b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东="),
    (("GB18030",), b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang^XiaoDong=王^小东="),
]


@pytest.mark.parametrize(("charset", "raw", "name"), NAMES)
def test_names_of_the_standard(charset: Charset, raw: bytes, name: str) -> None:
    assert decode_text(raw, "PN", charset) == name
    assert encode_text(name, "PN", charset).rstrip(b" ") == raw


def test_each_line_begins_with_the_first_value() -> None:
    raw = b"\x1b$)C\xb5\xce\xba\xce CT\r\n\x1b$)C\xc0\xcc\xbb\xf3"
    assert decode_text(raw, "UT", ("", "ISO 2022 IR 149")) == "두부 CT\r\n이상"
    assert encode_text("두부 CT\r\n이상", "UT", ("", "ISO 2022 IR 149")).rstrip(b" ") == raw


def test_an_escape_that_is_said_once_holds_for_all_of_a_name() -> None:
    """PS3.5 6.1.2.5.3 wants it behind each delimiter; many writers do not repeat it, and nothing else can be meant."""
    charset = ("", "ISO 2022 IR 149")
    once = padded(b"Hong^Gildong=\x1b$)C\xfb\xf3^\xd1\xce\xd4\xd7")
    assert decode_text(once, "PN", charset) == "Hong^Gildong=洪^吉洞"
    before = report(
        "\\ISO 2022 IR 149",
        Element(PATIENT_NAME, "PN", once),
        findings=(item("PNAME", Element(0x0040A123, "PN", once)), item("TEXT", Element(0x0040A160, "UT", once))),
    )
    group = to_fhir(before, MAPPING, KNOWN).result
    assert "洪" in str(patient(group)["name"])
    assert write_document(to_dicom(group, MAPPING, KNOWN).result) == write_document(before)


def test_ascii_behind_kanji_does_not_end_cyrillic() -> None:
    """ESC ( B designates G0; G1 is what it was."""
    raw = b"\x1b$BF,\x1b(B \xbf\xdd"
    assert decode_text(raw, "LO", ("ISO 2022 IR 144", "ISO 2022 IR 87")) == "頭 Пн"


def test_a_latin_set_takes_its_letters_along() -> None:
    """As pydicom writes it."""
    assert decode_text(b"\x1b$BF,It\x1b-A \xe9", "LO", ("ISO_IR 100", "ISO 2022 IR 87")) == "頭部 é"


def test_signs_that_two_sets_have_are_written_by_the_declared_one() -> None:
    assert encode_text("3×4", "LO", ("", "ISO 2022 IR 87")) == b"3\x1b$B!_\x1b(B4"
    with pytest.raises(UnicodeError, match="does not fit"):
        encode_text("3×4", "LO", ("ISO_IR 6",))


def test_latin_9_is_one() -> None:
    """PS3.3 tables C.12-2 and C.12-3; pydicom has no name of it."""
    for charset in (("ISO_IR 203",), ("ISO 2022 IR 203", "ISO 2022 IR 87")):
        assert decode_text(b"\xbcuvray 5 \xa4", "LO", charset) == "Œuvray 5 €"
        assert encode_text("Œuvray 5 €", "LO", charset) == b"\xbcuvray 5 \xa4"
    assert decode_text(b"\x1b-b\xa4", "LO", ("", "ISO 2022 IR 203")) == "€"


OTHER_ESCAPES = {  # legal, and not as we write them
    "kanji and katana in one": ("ISO 2022 IR 13\\ISO 2022 IR 87", b"\x1b$B8!::\x1b(B\xbc\xae\xb9\xdd"),
    "back to ISO 646": ("ISO 2022 IR 13\\ISO 2022 IR 87", b"\x1b$B8!::\x1b(B"),
    "said again": ("\\ISO 2022 IR 149", b"\x1b$)C\xb0\xcb\xbb\xe7 \x1b$)C\xb0\xe1"),
    "not back at the end": ("\\ISO 2022 IR 87", b"\x1b$B8!::"),
}


@pytest.mark.parametrize(("charset", "raw"), OTHER_ESCAPES.values(), ids=OTHER_ESCAPES)
def test_an_edit_that_the_character_set_cannot_hold_takes_all_other_items_along(charset: str, raw: bytes) -> None:
    raw = padded(raw)
    said = decode_text(raw, "LO", tuple(charset.split("\\")))
    before = report(
        charset,
        findings=(
            item("TEXT", Element(0x0040A160, "UT", raw)),
            item("CODE", Element(CONCEPT_CODE, "SQ", ((*code("T1"), Element(0x00080104, "LO", raw)),))),
        ),
    )
    group = to_fhir(before, MAPPING, KNOWN).result
    after = checked_to_dicom(edited(group, "追記😀"), MAPPING, KNOWN).result
    texts = [one.value for one in structured_report.read(write(write_document(after))).root.children]
    assert after.charset == ("ISO_IR 192",)
    assert texts == [Plain("TEXT", "追記😀"), Plain("TEXT", said), Coded(Code("T1", "99X", said))]


NOT_OF_IT = {
    "absent": (None, "Größe".encode("latin-1")),
    "empty": ("", "张三".encode("gb2312")),
    "ISO 646, single": ("ISO_IR 6", "Müller".encode()),
    "GB 2312 that no escape designates": ("\\ISO 2022 IR 58", "张三".encode("gb2312")),
    "the same, first value said": ("ISO 2022 IR 6\\ISO 2022 IR 58", "张三".encode("gb2312")),
    "KS X 1001 that no escape designates": ("\\ISO 2022 IR 149", "홍길동".encode("euc_kr")),
    "Shift-JIS": ("\\ISO 2022 IR 87", "山田".encode("shift_jis")),
    "kanji of two bytes in JIS X 0201": ("ISO_IR 13", "山田".encode("shift_jis")),
    "an escape without the term": ("ISO_IR 100", b"\x1b$B;3ED\x1b(B"),
    "the same, of many": ("ISO 2022 IR 100\\ISO 2022 IR 144", b"\x1b$B;3ED\x1b(B"),
    "an escape without any": (None, b"\x1b$B;3ED\x1b(B"),
    "an escape in UTF-8": ("ISO_IR 192", b"\x1b$B;3ED\x1b(B"),
    "half of a kanji": ("\\ISO 2022 IR 87", b"\x1b$B;3E\x1b(B"),
    "Latin-1 in UTF-8": ("ISO_IR 192", "Größe".encode("latin-1")),
    "no GB 18030": ("GB18030", b"\xff\xffab"),
    "no GBK": ("GBK", b"ab\xd5"),
    "Windows-1252": ("ISO_IR 100", "„so“".encode("cp1252")),
    "unknown": ("ISO_IR 1", b"M\xfcller"),
    "no text": ("HEX", b"M\xfcller"),
}


def padded(raw: bytes) -> bytes:
    return raw + b" " if len(raw) % 2 else raw


def item(kind: str, *own: Element) -> ContentItem:
    elements = (text_element(VALUE_TYPE, "CS", kind), *own)
    return ContentItem("CONTAINS", FINDING, Other(kind), (), tuple(sorted(elements)))


def report(charset: str | None, *elements: Element, findings: tuple[ContentItem, ...] = ()) -> Document:
    """As it is read from a file."""
    made = structured_report.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes())
    said = [] if charset is None else [text_element(SPECIFIC_CHARACTER_SET, "CS", charset)]
    header: DataSet = merged(made.header, [*said, *elements], without=[SPECIFIC_CHARACTER_SET] if not said else [])
    root = replace(made.root, children=(item("TEXT", Element(0x0040A160, "UT", b"plain ")), *findings))
    return structured_report.read(write(write_document(Document(header, root))))


def of_type(group: Group, kind: str) -> list[Resource]:
    return [one for one in group.members if one["resourceType"] == kind]


def patient(group: Group) -> Resource:
    assert group.patient is not None
    return group.patient


@pytest.mark.parametrize(("charset", "raw"), NOT_OF_IT.values(), ids=NOT_OF_IT)
def test_bytes_that_are_not_of_it(charset: str | None, raw: bytes) -> None:
    raw = padded(raw)
    findings = (
        item("TEXT", Element(0x0040A160, "UT", raw)),
        item("PNAME", Element(0x0040A123, "PN", raw)),
        item("CODE", Element(CONCEPT_CODE, "SQ", ((*code("T1"), Element(0x00080104, "LO", raw)),))),
    )
    physician = Element(0x0040A075, "PN", raw)
    before = report(
        charset,
        Element(PATIENT_NAME, "PN", raw),
        Element(0x00081030, "LO", raw),
        Element(0x0040A073, "SQ", ((physician,),)),
        findings=findings,
    )
    translated = to_fhir(before, MAPPING, KNOWN)
    group, warnings = translated.result, translated.report.warnings
    assert "name" not in patient(group)
    said = [one for one in of_type(group, "Observation") if "T1" in str(one) or one.get("valueString")]
    assert [one["valueCodeableConcept"]["coding"] for one in said if "valueCodeableConcept" in one] == [
        [{"system": "https://fhir-dicom.org/fhir/scheme/99X", "code": "T1"}]
    ]
    for name in (
        "Patient's Name (0010,0010)",
        "Study Description (0008,1030)",
        "Verifying Observer Name (0040,A075)",
        "Text Value (0040,A160)",
        "Person Name (0040,A123)",
        "Code Meaning (0008,0104)",
    ):
        assert [one for one in warnings if one.startswith(f"{name} {WARNING}")], name
    after = to_dicom(copy.deepcopy(group), MAPPING, KNOWN).result
    assert write(write_document(after)) == write(write_document(before))


def test_a_term_that_stands_beside_none_is_no_term() -> None:
    with pytest.raises(UnicodeError, match="unknown"):
        decode_text(b"5 \xa4 ", "LO", ("ISO_IR 203", "ISO_IR 192"))


def test_bytes_that_nobody_could_read_do_not_become_text() -> None:
    """Some happen to be UTF-8: which text they were meant to be is a guess all the same."""
    before = report("ISO_IR 6", findings=(item("TEXT", Element(0x0040A160, "UT", b"\xe9 ")),))
    after = checked_to_dicom(edited(to_fhir(before, MAPPING, KNOWN).result, "größer"), MAPPING, KNOWN).result
    assert (after.charset, after.root.children[1]) == (("ISO_IR 192",), before.root.children[1])
    before = report("ISO_IR 6", findings=(item("TEXT", Element(0x0040A160, "UT", "é".encode())),))
    with pytest.raises(PermanentError, match="nobody knows"):
        to_dicom(edited(to_fhir(before, MAPPING, KNOWN).result, "größer"), MAPPING, KNOWN)


def edited(group: Group, text: str) -> Group:
    (said,) = (one for one in of_type(group, "Observation") if one.get("valueString") in ("plain", "ascii"))
    said["valueString"] = text
    return group


def test_a_document_of_an_unknown_character_set_is_not_said_to_be_in_another() -> None:
    """Who knows it reads its bytes; in a document that says ISO_IR 192 nobody would."""
    group = to_fhir(report("ISO_IR 1", Element(0x00081030, "LO", b"M\xfcller")), MAPPING, KNOWN).result
    assert to_dicom(edited(group, "ascii"), MAPPING, KNOWN).result.charset == ("ISO_IR 1",)
    with pytest.raises(PermanentError, match="ISO_IR 1 is not known"):
        to_dicom(edited(group, "größer"), MAPPING, KNOWN)


def code(value: str) -> DataSet:
    return text_element(0x00080100, "SH", value), text_element(0x00080102, "SH", "99X")


def test_a_name_that_is_not_of_it_does_not_hide_which_concept_it_is() -> None:
    named = (*code("T1"), Element(0x00080104, "LO", b"M\xfcll"))
    finding = item("TEXT", Element(CONCEPT, "SQ", (named,)), Element(0x0040A160, "UT", b"said"))
    before = report("ISO_IR 6", findings=(finding,))
    group = to_fhir(before, MAPPING, KNOWN).result
    said = [one for one in of_type(group, "Observation") if one.get("valueString") == "said"]
    assert [one["code"]["coding"][0]["code"] for one in said] == ["T1"]
    assert to_dicom(group, MAPPING, KNOWN).result == before


def test_an_issuer_that_is_not_of_it_is_not_the_one_of_the_archive() -> None:
    known = Known(issuer="https://hospital.example/ids")
    said = text_element(PATIENT_ID, "LO", "4711")
    patients = [
        patient(to_fhir(report("ISO_IR 6", said, Element(ISSUER, "LO", issuer)), MAPPING, known).result)
        for issuer in (b"", b"Gr\xf6\xdfen ")
    ]
    systems = [one["identifier"][0]["system"] for one in patients]
    assert systems[0] == known.issuer
    assert systems[1] != known.issuer


def test_what_is_of_it_has_no_warning() -> None:
    for charset, raw, name in NAMES:
        before = report("\\".join(charset), Element(PATIENT_NAME, "PN", padded(raw)))
        translated = to_fhir(before, MAPPING, KNOWN)
        assert not [one for one in translated.report.warnings if "Character Set" in one], name
        assert patient(translated.result)["name"]
        assert to_dicom(translated.result, MAPPING, KNOWN).result == before
    assert read_document(write_document(before)) == before


def test_escapes_that_an_archive_leaves_in_its_json_are_no_text() -> None:
    uid = {"0020000D": {"vr": "UI", "Value": ["2.25.7"]}}
    said = uid | {"00081030": {"vr": "LO", "Value": ["\x1b$B;3ED\x1b(B"]}}
    assert from_json(said) == from_json(uid)
    assert from_keywords({"StudyDescription": "\x1b$B;3ED\x1b(B"}) == from_keywords({})
