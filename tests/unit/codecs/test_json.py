"""JSON numbers keep their digits; what would be lost in silence is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.codecs import json
from bridge.errors import InvalidFhirError
from bridge.model.group import same

NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?\Z")


@given(NUMBERS)
def test_a_number_keeps_its_digits_and_where_it_has_no_exponent_its_text(text: str) -> None:
    written = json.dumps(json.loads(f'{{"value":{text}}}'.encode())).decode()[len('{"value":') : -1]
    assert Decimal(written).as_tuple() == Decimal(text).as_tuple()
    if "e" not in text.lower():
        assert written == text


@given(NUMBERS)
def test_one_number_is_one_however_a_client_spells_it(text: str) -> None:
    value = Decimal(text)
    assume(-60 <= int(value.as_tuple().exponent) <= 0)
    found = [json.loads(one.encode()) for one in (text, f"{value:E}", f"{value:e}", str(value), f"{value:f}")]
    assert all(same(found[0], one) for one in found)


def test_numbers_strings_and_booleans_are_kept_apart() -> None:
    values = [json.loads(text) for text in (b"1", b"1.0", b'"1.0"', b"true", b"100e-2")]
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
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b'{"\\udc00": 1}', "half of a surrogate pair"),
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
