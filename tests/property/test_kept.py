"""Items that are taken for read back as they are, are."""

from __future__ import annotations

from hypothesis import event, example, given
from hypothesis import strategies as st

from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain, Value
from bridge.model.dataset import Charset
from bridge.model.kept import is_kept
from bridge.model.sr import item_of, own_elements
from bridge.model.tags import PLAIN

TEXT = st.text("aA1 .-+e^=~\\\x1b\0\t\n\x85\u00a0\u00e9\u65e5", max_size=9)
PLAIN_WORDS = ["a", "CONTAINS", "HAS PROPERTIES", "1.5", "-36.60", "de", "\u00e9"]
ODD_WORDS = [
    "",
    " ",
    "a ",
    " 1",
    "1 2",
    "a\\b",
    "\x1b$B",
    "1\0",
    "\u65e5\u672c",
    "a long one of more than 64 characters" * 2,
]
WORD = st.sampled_from([*PLAIN_WORDS * 4, *ODD_WORDS])
FINDING = Code("121071", "DCM", "Finding")
MAYBE = st.sampled_from([None, *PLAIN_WORDS, *ODD_WORDS])
CODE = st.tuples(WORD, WORD, WORD, MAYBE).map(lambda parts: Code(*parts))
CODES = st.tuples(st.sampled_from([None, True, False]), CODE, CODE).map(
    lambda said: said[0] if said[0] is None else said[1]._replace(equivalents=said[2:] if said[0] else ())
)


@st.composite
def values(draw: st.DrawFn) -> Value:
    kind = draw(st.sampled_from([Container, Coded, Plain, Num]))
    if kind is Container:
        return Container(draw(MAYBE))
    if kind is Coded:
        return Coded(draw(CODES))
    if kind is Plain:
        return Plain(draw(st.sampled_from(sorted(PLAIN))), draw(WORD | TEXT))
    floating = draw(st.sampled_from([None, "1.5", "1.50", "-0.0", "inf", "nan", "1e+300"]))
    return Num(
        tuple(draw(st.lists(WORD, max_size=2))), draw(st.just(FINDING) | CODES), draw(st.none() | CODES), floating
    )


CHARSETS = st.sampled_from([(), ("ISO_IR 192",), ("ISO_IR 100",), ("ISO_IR 13",), ("", "ISO 2022 IR 87")])


@given(MAYBE, CODES, CHARSETS)
def test_a_name_that_is_kept_is_read_as_it_was(
    relationship: str | None, concept: Code | None, charset: Charset
) -> None:
    _is_read_as_it_was(ContentItem(relationship, concept, Container(None), (), ()), charset)


@given(values(), CHARSETS)
@example(Plain("TEXT", "a "), ())
@example(Plain("TEXT", "a\\b"), ("ISO_IR 13",))
@example(Plain("TEXT", "\x1b$B!!\x1b(B"), ("", "ISO 2022 IR 87"))
def test_a_value_that_is_kept_is_read_as_it_was(value: Value, charset: Charset) -> None:
    _is_read_as_it_was(ContentItem("CONTAINS", FINDING, value, (), ()), charset)


def _is_read_as_it_was(item: ContentItem, charset: Charset) -> None:
    if is_kept(item, charset):
        event("kept")
        assert item_of(own_elements(item, charset), (), charset) == item
