"""A result that was read from an SR and goes into a report of somebody else, or stands alone, is one like any other:
what its document said beyond it stays with that."""

from __future__ import annotations

from copy import deepcopy

import pytest

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
SAMPLES = sorted((FIXTURES / "dicom").glob("*.dcm"))


def results(name: str) -> list[Resource]:
    document = structured_report.read((FIXTURES / "dicom" / name).read_bytes())
    found = [one for one in to_fhir(document, MAPPING, KNOWN).result.resources() if "resourceType" in one]
    return [deepcopy(one) for one in found if one["resourceType"] == "Observation" and "hasMember" not in one]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.stem)
def test_it_is_no_remainder_of_another_document(sample: object) -> None:
    for one in results(str(getattr(sample, "name", sample))):
        alone = Group(one, (), None, f"Observation/{one['id']}")
        report: Resource = {
            "resourceType": "DiagnosticReport",
            "id": "r",
            "status": "final",
            "code": {"text": "Report"},
        }
        report["result"] = [{"reference": f"Observation/{one['id']}"}]
        for group in (alone, Group(report, (one,), None, "DiagnosticReport/r")):
            made = checked_to_dicom(group, MAPPING, KNOWN)
            back = to_fhir(made.result, MAPPING, KNOWN).result
            assert stripped(one) in [stripped(each) for each in back.resources()]
