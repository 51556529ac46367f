"""A document whose patient's identity was removed (PS3.3 C.7.1.1) becomes a Patient: a warning says that it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.translate.basis.ids import Known
from bridge.translate.to_fhir import to_fhir
from tests.samples import ecg_report


@pytest.mark.parametrize("issuer", ["", "TRIAL-7"])
@pytest.mark.parametrize(("removed", "count"), [("YES", 1), ("NO", 0)])
@pytest.mark.parametrize("known", [Known(), Known(issuer="HOSPITAL")])
def test_who_is_a_pseudonym_is_warned_of_once(
    tmp_path: Path, known: Known, issuer: str, removed: str, count: int
) -> None:
    file = tmp_path / "x.dcm"
    ecg_report("2.25.1", PatientIdentityRemoved=removed, IssuerOfPatientID=issuer).save_as(file)
    found = to_fhir(structured_report.read(file.read_bytes()), load(), known).report.warnings
    assert sum("Patient Identity Removed (0012,0062) is YES" in one for one in found) == count
