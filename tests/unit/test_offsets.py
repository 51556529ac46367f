"""Offsets from UTC that there are: PS3.3 C.12.1.1.8, FHIR R4 datatypes.html#dateTime."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.codecs.dicom.structured_report import read
from bridge.mapping.lens import DATETIME
from bridge.mapping.load import load
from bridge.model.dataset import merged, text_element
from bridge.model.tags import TIMEZONE_OFFSET
from bridge.translate.basis.ids import Known
from bridge.translate.basis.times import is_zone
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

REPORT = (FIXTURES / "dicom" / "2000-imaging-report.dcm").read_bytes()
UNREADABLE = "an unreadable Timezone Offset From UTC (0008,0201)"


@pytest.mark.parametrize(
    ("said", "taken"),
    [("+1400", "+14:00"), ("-1200", "-12:00"), ("UTC-04:00", "-04:00")]
    + [(said, None) for said in ("-1500", "+1401", "+0160", "+9900")],
)
def test_an_offset_that_there_is_none_is_unreadable(said: str, taken: str | None) -> None:
    """It rejected the whole report, with a message about FHIR."""
    document = read(REPORT)
    header = merged(document.header, (text_element(TIMEZONE_OFFSET, "SH", said),))
    document = replace(document, header=header)
    made = to_fhir(document, load(), Known())
    assert made.result.root["effectiveDateTime"].endswith(taken or Known().zone or "Z")
    assert any(one.startswith(UNREADABLE) for one in made.report.warnings) == (taken is None)
    assert checked_to_dicom(made.result, load(), Known()).result == document


@pytest.mark.parametrize("dt", ["20260302081500+1430", "20260302081500-1500", "20260302081500+0160"])
def test_a_time_of_such_an_offset_is_none(dt: str) -> None:
    with pytest.raises(ValueError, match="offset"):
        DATETIME.to_fhir(dt)


def test_such_an_offset_is_no_zone_of_a_store() -> None:
    assert [is_zone(one) for one in ("+14:00", "-12:00", "+14:30", "-15:00")] == [True, True, False, False]
