"""JSON numbers keep their text; what would be lost in silence is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.codecs import json
from bridge.errors import InvalidFhirError
from bridge.model.group import same

NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?\Z")


@given(NUMBERS)
def test_a_number_keeps_its_text(text: str) -> None:
    assert json.dumps(json.loads(f'{{"value":{text}}}'.encode())) == f'{{"value":{text}}}'.encode()


def test_numbers_strings_and_booleans_are_kept_apart() -> None:
    values = [json.loads(text) for text in (b"1", b"1.0", b'"1.0"', b"true", b"10e-1")]
    assert [[same(one, other) for other in values] for one in values] == [
        [row == column for column in range(5)] for row in range(5)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":', "line 1"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 300 + b"]" * 300, "nested"),
        (b"[" * 100_000, "nested"),
        (b"9" * 1001, "more than 1000 digits"),
        (b"0." + b"1" * 1000, "more than 1000 digits"),
    ],
)
def test_what_cannot_be_kept_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(InvalidFhirError, match=message):
        json.loads(text)


def test_a_key_that_is_there_twice_is_found_in_one_look() -> None:
    """By counting each it would take hours."""
    names = b",".join(b'"%d":0' % number for number in range(200_000))
    with pytest.raises(InvalidFhirError, match="a property occurs twice"):
        json.loads(b'{%b,"last":1,"last":2}' % names)


def test_a_name_that_is_there_twice_is_not_said() -> None:
    with pytest.raises(InvalidFhirError) as raised:
        json.loads(b'{"Jane Doe":1,"Jane Doe":2}')
    assert "Jane" not in str(raised.value)
