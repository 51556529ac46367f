"""Items that are taken for read back as they are, are."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain
from bridge.model.kept import is_kept
from bridge.model.sr import item_of, own_elements
from bridge.model.tags import PLAIN

TEXT = st.text(st.sampled_from("aA1 .-+e^=~\\\x1b\0\t\n\x85\u00a0\u00e9\u65e5"), max_size=20) | st.text(max_size=4)
WORD = st.sampled_from(["a", "CONTAINS", "HAS PROPERTIES", "1.5", "de"]) | TEXT
CODE = st.builds(Code, WORD, WORD, WORD, st.none() | WORD)
WITH_ANOTHER = st.builds(Code, WORD, WORD, WORD, st.none(), CODE.map(lambda one: (one,)))
CODES = st.sampled_from([None, Code("121071", "DCM", "Finding")]) | CODE | WITH_ANOTHER
VALUES = (
    st.builds(Container, st.none() | WORD)
    | st.builds(Coded, CODES)
    | st.builds(Plain, st.sampled_from(sorted(PLAIN)), WORD)
    | st.builds(Num, st.lists(WORD, max_size=2).map(tuple), CODES, CODES, st.none() | st.floats().map(repr))
)
ITEMS = st.builds(ContentItem, st.none() | WORD, CODES, VALUES, st.just(()), st.just(()))
CHARSETS = st.sampled_from([(), ("ISO_IR 192",), ("ISO_IR 100",), ("ISO_IR 13",), ("", "ISO 2022 IR 87")])


@given(ITEMS, CHARSETS)
def test_what_is_kept_is_read_as_it_was(item: ContentItem, charset: tuple[str, ...]) -> None:
    if is_kept(item, charset):
        event("kept")
        assert item_of(own_elements(item, charset), (), charset) == item
