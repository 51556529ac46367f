"""Any results of an SR are withdrawn in FHIR, some at once: the SR follows, with what stands as it is, and a second
translation without an edit gives the very same."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.group import Group, Resource
from bridge.model.sr import write_document
from bridge.model.status import WITHDRAWN
from bridge.translate.basis.ids import Known
from bridge.translate.native.dose_summary import is_summary
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES

MAPPING, KNOWN = load(), Known()
SAMPLES = sorted((FIXTURES / "dicom").glob("*.dcm"))


@cache
def resources(sample: Path) -> Group:
    return to_fhir(structured_report.read(sample.read_bytes()), MAPPING, KNOWN).result


def results(group: Group) -> list[Resource]:
    """But the summary of a dose report, which repeats items, and is made anew."""
    found = (one for one in group.resources() if one["resourceType"] == "Observation" and not is_summary(one))
    return sorted(found, key=lambda one: str(one["id"]))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: str(one.stem))
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_what_is_withdrawn_is_gone_and_what_stands_is_as_it_was(sample: Path, data: st.DataObject) -> None:
    group = deepcopy(resources(sample))
    there = results(group)
    which = data.draw(st.sets(st.integers(0, len(there) - 1), min_size=1, max_size=4)) if there else set[int]()
    for index in which:
        there[index]["status"] = data.draw(st.sampled_from(WITHDRAWN))
    made = checked_to_dicom(group, MAPPING, KNOWN).result
    back = to_fhir(made, MAPPING, KNOWN).result
    assert write_document(checked_to_dicom(deepcopy(back), MAPPING, KNOWN).result) == write_document(made)
    after = {str(one["id"]): one for one in results(back)}
    for before in there:
        one = after[str(before["id"])]
        assert (one["status"] in WITHDRAWN) == (before["status"] in WITHDRAWN)
        assert [one.get(element) for element in ("code", "focus", "valueQuantity")] == [
            before.get(element) for element in ("code", "focus", "valueQuantity")
        ]
