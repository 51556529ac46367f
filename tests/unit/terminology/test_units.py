import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.terminology.units import is_said_by, is_ucum, plain

# 10^3 is UCUM: `10^` is an atom of its own, beside `10*`
IN_PRACTICE = (
    "mm[Hg] /min {beats}/min 10*3/uL 10*6/uL mL/min/{1.73_m2} kg/m2 Cel [degF] [hnsf'U] {SUVbw}g/ml g/ml{SUVbw}"
    " Gy.m2 mg/dL % 1 {score} [pH] [IU]/L ug/L mmol/L [in_i] [lb_av] meq/L dB mm3 cm2 ms uV Bq MBq mGy.cm uA.s kV"
    " dyn.s.cm-5 10*-3 10*9/L m[IU]/L ug/mL{FEU} {INR} {pulse}/s g.m/(8.h) mg/(24.h) /m2 s-1 umol/(min.L) dam KiBy"
    " dB[uV] cal_[15] m[H2O] [m/s2/Hz^(1/2)] g/(100.mL) (/min) 10^3 mo mol min m"
).split()

NOT = (
    "bpm mmHg mmHG mg/dl/ beats beats/min Gym2 uAs ml/[100]g ppm kilogram KG mg//dl mg..dl .mg mg. / // ( ) () (mg"
    " mg) mg).(mg (mg)2 {a {a}{b} }a{ mg/dl° m² µg 10*3uL 5mL 2.5e3 Mmin k[in_i] k m-/s {a{b}} +1 -1 0 m0 01"
).split() + ["", " ", "kg m", "mm [Hg]", "mg/dL ", " mg/dL", "m\n", "{a b}", "m\t"]

UNITS = st.sampled_from(IN_PRACTICE)


@pytest.mark.parametrize("unit", IN_PRACTICE)
def test_units_in_practice_are_ucum(unit: str) -> None:
    assert is_ucum(unit)


@pytest.mark.parametrize("text", NOT)
def test_what_is_no_ucum_is_refused(text: str) -> None:
    assert not is_ucum(text)


@given(UNITS, UNITS, st.sampled_from("./"))
def test_units_join_by_operators_only(one: str, other: str, operator: str) -> None:
    assert is_ucum(f"({one}){operator}({other})")
    assert is_ucum(f"/({one})")
    assert not is_ucum(f"({one})({other})")
    assert not is_ucum(f"{one}{operator}")
    assert not is_ucum(f"{one} {other}")


@given(UNITS, st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="{}")))
def test_an_annotation_says_anything_in_printable_ascii_but_braces(unit: str, note: str) -> None:
    assert is_ucum(f"({unit}){{{note}}}")
    assert is_ucum(f"{unit}/{{{note}}}")
    assert not is_ucum(f"{unit}/{{{note} }}")
    assert not is_ucum(f"{unit}/{{{note}")


@pytest.mark.parametrize("metric", ["m", "g", "L", "mol", "Bq", "Gy", "m[Hg]", "eq", "[IU]"])
@pytest.mark.parametrize("prefix", ["k", "m", "u", "n", "M", "da"])
def test_metric_units_take_one_prefix(prefix: str, metric: str) -> None:
    assert is_ucum(prefix + metric)
    assert not is_ucum(prefix + prefix + metric)


@pytest.mark.parametrize("plain", ["[in_i]", "[degF]", "[pH]", "%", "deg", "wk", "[hnsf'U]", "10*"])
def test_other_units_take_none(plain: str) -> None:
    assert is_ucum(plain)
    assert not is_ucum("k" + plain)


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert is_ucum(text) in (True, False)


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "(" * 50_000 + "m" + ")" * 50_000, "m/" * 50_000, "1" * 100_000, "{" * 100_000, "m" * 100_000],
)
def test_hostile_text_costs_nothing(text: str) -> None:
    """Of the processor, however busy that is; what looks back at each step takes many minutes."""
    start = time.process_time()
    is_ucum(text)
    assert time.process_time() - start < 30


def test_the_units_of_part_16_are_ucum_but_for_its_known_slips() -> None:
    from pydicom.sr._concepts_dict import concepts

    entries: Any = concepts["UCUM"].values()  # keyword -> {code: (meaning, context groups)}
    codes = {code for entry in entries for code in entry}
    assert {code for code in codes if not is_ucum(code)} == {
        "diop",
        "ppm",  # UCUM writes [diop], [ppm]
        "ml/[100]g/min",
        "ml/[100]ml",
        "{Particles}/[100]g{Tissue}",  # 100.g
        "10-6.mm2/s",  # 10*-6
    }


@pytest.mark.parametrize(
    ("unit", "bare"),
    [
        ("{H.B.}/min", "/min"), ("1/min", "/min"), ("{score}", "1"), ("1", "1"), ("mg/g{creat}", "mg/g"),
        ("ml", "mL"), ("ml/(kg.min)", "mL/(kg.min)"), ("m[iU]/l", "m[IU]/L"),
        ("mol", "mol"), ("cal_th", "cal_th"), ("mm[Hg]", "mm[Hg]"), ("lm", "lm"), ("10/min", "10/min"),
        ("[lb_av]", "[lb_av]"),
        ("Cel", "Cel"), ("[Cal]", "[Cal]"), ("[mclg'U]", "[mclg'U]"), ("[pil]", "[pil]"),
    ],
)  # fmt: skip
def test_one_unit_has_one_spelling(unit: str, bare: str) -> None:
    assert plain(unit) == bare


def test_what_a_unit_says_beyond_another_is_not_said_by_it() -> None:
    assert is_said_by("/min", "{H.B.}/min")
    assert not is_said_by("ug/mL{FEU}", "ug/mL")
    assert not is_said_by("Cel", "[degF]")
