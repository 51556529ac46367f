"""Text in the repertoires of a Specific Character Set: what is read can be written, and bytes stay what they were."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from bridge.model.codes import code_element
from bridge.model.content import Code
from bridge.model.dataset import Charset, DataSet, Element, decode_text, encode_text
from bridge.model.sr import item_of, own_elements
from bridge.model.tags import CONCEPT, VALUE_TYPE

CHARSETS: list[Charset] = [
    (),
    ("ISO_IR 6",),
    ("ISO_IR 13",),
    ("ISO_IR 100",),
    ("ISO_IR 166",),
    ("ISO_IR 192",),
    ("GB18030",),
    ("GBK",),
    ("", "ISO 2022 IR 58"),
    ("", "ISO 2022 IR 149"),
    ("ISO 2022 IR 6", "ISO 2022 IR 87", "ISO 2022 IR 159"),
    ("ISO 2022 IR 13", "ISO 2022 IR 87"),
    ("ISO 2022 IR 100", "ISO 2022 IR 144", "ISO 2022 IR 126", "ISO 2022 IR 87"),
]
ESCAPES = [
    b"\x1b(B",
    b"\x1b(J",
    b"\x1b)I",
    b"\x1b-A",
    b"\x1b-L",
    b"\x1b$B",
    b"\x1b$(D",
    b"\x1b$)C",
    b"\x1b$)A",
    b"\x1b",
]
PIECES = ESCAPES + [
    b"A",
    b"^",
    b"=",
    b"\\",
    b"\r\n",
    b"\t",
    b" ",
    b"0!",
    b";3ED",
    b"\xb0\xa1",
    b"\xe9",
    b"\x8e",
    b"\xc3\xa9",
]
BYTES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=8).map(b"".join)
WORDS = "a ^=\\\r\n\téЖδ頭部丂홍길동ﾔﾏ×°あ\u00a0"


@given(BYTES, st.sampled_from(["PN", "LO", "UT"]), st.sampled_from(CHARSETS))
def test_what_is_read_can_be_written(raw: bytes, vr: str, charset: Charset) -> None:
    try:
        text = decode_text(raw, vr, charset)
    except UnicodeError:
        return event("refused")
    assert decode_text(encode_text(text, vr, charset), vr, charset).rstrip(" ") == text.rstrip(" ")  # which pads


@given(st.text(WORDS, max_size=12), st.sampled_from(["PN", "LO", "UT"]), st.sampled_from(CHARSETS))
def test_what_is_written_is_read(text: str, vr: str, charset: Charset) -> None:
    try:
        raw = encode_text(text, vr, charset)
    except UnicodeError:
        return event("refused")
    assert len(raw) % 2 == 0
    assert decode_text(raw, vr, charset) in (text, text.removesuffix(" "))


@given(BYTES, BYTES, st.sampled_from(CHARSETS))
def test_an_item_is_written_as_it_was(value: bytes, meaning: bytes, charset: Charset) -> None:
    named = code_element(CONCEPT, Code("121071", "DCM", "Finding"), ()).value
    code = tuple(Element(0x00080104, "LO", meaning) if one.tag == 0x00080104 else one for one in named[0])  # type: ignore[union-attr]
    own: DataSet = (
        Element(0x0040A010, "CS", b"CONTAINS"),
        Element(VALUE_TYPE, "CS", b"TEXT"),
        Element(CONCEPT, "SQ", (code,)),
        Element(0x0040A160, "UT", value),
    )
    assert own_elements(item_of(own, (), charset), charset) == own
