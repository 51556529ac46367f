import subprocess
import sys

import pytest

from bridge.terminology.snomed import sct_of


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
