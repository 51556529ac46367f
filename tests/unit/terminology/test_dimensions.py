import pytest

from bridge.terminology.dimensions import _OF_ATOM, _dimension, are_of_one_kind
from bridge.terminology.measured import is_of_another_unit
from bridge.terminology.units import METRIC, PLAIN


@pytest.mark.parametrize(
    ("unit", "other"),
    [
        ("mm[Hg]", "kPa"),
        ("Cel", "[degF]"),
        ("mmol/L", "meq/L"),
        ("%", "L/L"),
        ("10*3/uL", "/nL"),
        ("MBq", "mCi"),
        ("mL/(min.kg)", "mL/min/kg"),
        ("J/kg", "Gy"),
        ("W.s", "kcal_[15]"),
        ("dyn.s/cm5", "[PRU]"),
        ("mL/min/{1.73_m2}", "L/h"),
        ("g/dL", "g%"),
    ],
)
def test_units_of_one_kind(unit: str, other: str) -> None:
    assert are_of_one_kind(unit, other) and are_of_one_kind(other, unit)


@pytest.mark.parametrize(
    ("unit", "other"),
    [("mm", "kg"), ("mm", "mm2"), ("mmol/L", "mg/dL"), ("mmol/L", "/L"), ("/min", "min"), ("mL/min/kg", "mL/min.kg")],
)
def test_units_of_two_kinds(unit: str, other: str) -> None:
    assert not are_of_one_kind(unit, other) and not are_of_one_kind(other, unit)


@pytest.mark.parametrize("unit", ["[IU]/L", "[pH]", "[arb'U]/mL", "[m/s2/Hz^(1/2)]", "B[10.nV]"])
def test_of_what_is_not_known_nothing_is_said(unit: str) -> None:
    assert are_of_one_kind(unit, "kg") and are_of_one_kind("mm", unit)


def test_every_atom_is_one_of_ucum() -> None:
    assert _OF_ATOM.keys() <= {*METRIC.split(), *PLAIN.split()}


def test_a_volume_index_is_no_length_in_a_document() -> None:
    """Though its unit has the dimension of one."""
    assert are_of_one_kind("mL/m2", "mm") and not is_of_another_unit("118565006", "mL/m2")


def test_what_is_remembered_has_a_bound() -> None:
    assert _dimension.cache_parameters()["maxsize"]
