import subprocess
import sys

import pytest

from bridge.terminology.snomed import _names, is_sct, sct_of


@pytest.mark.parametrize(
    ("srt", "sct"),
    [
        ("T-A0100", "12738006"),  # Brain
        ("T-04000", "76752008"),  # Breast
        ("G-C0E3", "363698007"),  # Finding Site
        ("F-008EC", "271649006"),  # Systolic blood pressure
        ("F-01860", "60621009"),  # Body mass index
    ],
)
def test_codes_of_reports_are_known(srt: str, sct: str) -> None:
    assert sct_of(srt) == sct


@pytest.mark.parametrize("code", ["", "T-A0100 ", "t-a0100", "12738006", "99-LOCAL"])
def test_what_is_no_srt_code_is_none(code: str) -> None:
    assert sct_of(code) is None


def test_the_table_is_read_only_when_asked() -> None:
    ask = (
        "import sys, bridge.terminology.snomed as s; before = 'pydicom.sr._snomed_dict' in sys.modules; "
        "s.sct_of('x'); print(before, 'pydicom.sr._snomed_dict' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "True"]


def test_every_code_that_pydicom_ships_has_its_check_digit() -> None:
    """Of PS3.16, but for the one that it writes with a wrong digit; a digit that is another, or two in each other's
    place, is none."""
    known = [code for code in _names() if code != "115347700"]
    assert len(known) > 8000 and all(map(is_sct, known))
    assert not any(is_sct(f"{code[:-1]}{(int(code[-1]) + 1) % 10}") for code in known)
    assert not any(is_sct(f"{code[:-2]}{code[-1]}{code[-2]}") for code in known if code[-1] != code[-2])


@pytest.mark.parametrize("code", ["T-A0100", "12345", "373098007:363698007=12738006", "0123456"])
def test_what_is_no_identifier_is_not_looked_at(code: str) -> None:
    assert is_sct(code)
