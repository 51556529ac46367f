"""Law 6: what goes over comes back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.mapping.lens import DATETIME, LENSES
from bridge.mapping.numbers import decimal
from bridge.mapping.people import REPRESENTATION_URL, spoken
from bridge.model.content import Code, Num

DAYS = st.dates().map(str).flatmap(lambda day: st.sampled_from([day[:4], day[:7], day]))
ZONES = st.sampled_from(["", "+01:00", "-04:30"])
TIMES = st.times().map(lambda time: time.isoformat())
MOMENTS = st.builds("{}T{}{}".format, st.dates(), TIMES, ZONES)


@given(st.dates().map(str))
def test_a_date_comes_back(value: str) -> None:
    assert LENSES["date"].to_fhir(LENSES["date"].to_dicom(value)) == value


@pytest.mark.parametrize("value", ["1970", "1970-05"])
def test_less_than_a_day_is_no_date_of_dicom(value: str) -> None:
    with pytest.raises(ValueError, match="less than a day"):
        LENSES["date"].to_dicom(value)


@given(DAYS | MOMENTS)
def test_a_moment_comes_back(value: str) -> None:
    assert DATETIME.to_fhir(DATETIME.to_dicom(value)) == value


@given(TIMES)
def test_a_time_comes_back(value: str) -> None:
    assert LENSES["time"].to_fhir(LENSES["time"].to_dicom(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str))
def test_a_number_means_the_same(text: str) -> None:
    assert Decimal(str(decimal(text))) == Decimal(text)


@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?\Z"))
def test_a_quantity_comes_back(text: str) -> None:
    num = Num((text,), Code("mm", "UCUM", "millimeter"), None)
    said = text if Decimal(text) else text.removeprefix("-")  # no decimal of HAPI is -0
    assert LENSES["quantity"].to_dicom(LENSES["quantity"].to_fhir(num)) == replace(num, values=(said,))


@pytest.mark.parametrize(
    ("lens", "text"),
    [
        ("date", "yesterday"),
        ("date", "20261301"),
        ("time", "2561"),
        ("datetime", "2026-01-01"),
        ("uid-string", "1.2\\3"),
        ("string", "\f"),
        ("sex", "X"),
    ],
)
def test_what_cannot_be_held_is_refused(lens: str, text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        LENSES[lens].to_fhir(text)


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "Nd"]), min_size=1, max_size=12)


@given(WORDS, st.sampled_from(["LN", "SCT", "SRT", "DCM", "UCUM", "99LOCAL", "MDC"]), WORDS)
def test_a_code_means_the_same(value: str, scheme: str, meaning: str) -> None:
    assume(scheme != "MDC" or not value.isdecimal())  # DICOM writes partition and term, FHIR one number
    code = Code(value, scheme, meaning)
    assert LENSES["concept"].to_dicom(LENSES["concept"].to_fhir(code)) == code


@given(st.lists(WORDS | st.just(""), min_size=1, max_size=5).filter(any))
def test_a_person_name_comes_back(parts: list[str]) -> None:
    name = "^".join(parts).rstrip("^")
    lens = LENSES["person-name"]
    assert lens.to_fhir(lens.to_dicom(lens.to_fhir(name))) == lens.to_fhir(name)


JAPANESE: list[dict[str, Any]] = [
    {"family": "Yamada", "given": ["Hanako"]},
    {"extension": [{"url": REPRESENTATION_URL, "valueCode": "IDE"}], "family": "山田", "given": ["花子"]},
    {"extension": [{"url": REPRESENTATION_URL, "valueCode": "SYL"}], "family": "やまだ", "given": ["はなこ"]},
]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Yamada^Hanako=山田^花子=やまだ^はなこ", JAPANESE),
        ("Yamada^Hanako=山田^花子", JAPANESE[:2]),
        ("=山田^花子=やまだ^はなこ", JAPANESE[1:]),
        ("Yamada^Hanako==やまだ^はなこ", JAPANESE[::2]),
        ("==やまだ^はなこ", JAPANESE[2:]),
    ],
)
def test_each_group_of_a_name_is_a_name_in_that_representation(name: str, said: list[dict[str, Any]]) -> None:
    """PS3.5 6.2.1.2; JP Core says it with the same extension."""
    lens = LENSES["person-name"]
    assert lens.to_fhir(name) == said
    assert lens.to_dicom(said) == lens.to_dicom(said[::-1]) == name


def test_what_is_called_alphabetic_is_so_and_former_names_are_none() -> None:
    said: list[dict[str, Any]] = [JAPANESE[1] | {"use": "maiden"}, *JAPANESE]
    said[1] = said[1] | {"extension": [{"url": REPRESENTATION_URL, "valueCode": "ABC"}]}
    assert LENSES["person-name"].to_dicom(said) == "Yamada^Hanako=山田^花子=やまだ^はなこ"


def test_a_name_is_spoken_as_it_is_written() -> None:
    assert [spoken(name) for name in ("Yamada^Hanako=山田^花子", "=山田^花子")] == ["Hanako Yamada", "山田 花子"]


NAMES = st.lists(WORDS | st.just(""), min_size=1, max_size=5).filter(lambda parts: parts[0] and parts[-1]).map("^".join)


@given(st.lists(NAMES, min_size=1, max_size=3).map("=".join))
def test_a_name_in_one_string_comes_back(name: str) -> None:
    assert LENSES["person-string"].to_dicom(LENSES["person-string"].to_fhir(name)) == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Doe^Jane", "Doe, Jane"),
        ("Doe^Jane^^Dr.", "Doe, Jane, , Dr."),
        ("Yamada^Tarou=山田^太郎", "Yamada, Tarou = 山田, 太郎"),
        ("=山田^太郎", "= 山田, 太郎"),
        ("==やまだ^たろう", "= = やまだ, たろう"),
        ("Doe^Jane==どう^じぇいん", "Doe, Jane = = どう, じぇいん"),
        ("Doe^Jane==", "Doe, Jane"),
    ],
)
def test_a_name_is_read_in_one_string(name: str, text: str) -> None:
    assert LENSES["person-string"].to_fhir(name) == text
    assert LENSES["person-string"].to_dicom(text) == name.rstrip("=")


def test_the_parts_of_an_edited_name_stay_in_their_groups() -> None:
    assert LENSES["person-string"].to_dicom("= 山田, 花子 = やまだ, はなこ") == "=山田^花子=やまだ^はなこ"
    for text in ("=", "= =", " = "):
        with pytest.raises(ValueError, match="empty name"):
            LENSES["person-string"].to_dicom(text)


@given(st.sampled_from("MFO"))
def test_sex_comes_back(text: str) -> None:
    assert LENSES["sex"].to_dicom(LENSES["sex"].to_fhir(text)) == text


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=8).map(lambda parts: ".".join(map(str, parts))))
def test_a_uid_comes_back(uid: str) -> None:
    for name in ("uid-string", "uid-identifier"):
        assert LENSES[name].to_dicom(LENSES[name].to_fhir(uid)) == uid
