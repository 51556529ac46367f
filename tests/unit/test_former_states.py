"""`convert` knows no former state: what is odd about a result or report that had one is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.codecs import json
from bridge.convert.inputs import DOUBTFUL
from bridge.convert.run import UNNAMED, Job, converted, converted_bytes
from bridge.model.group import Resource
from bridge.translate.basis.ids import Known
from tests.samples import ecg_report
from tests.unit.test_gather import observation, panel, report

JOB = Job("dicom", Known(), None)


def bundle(*resources: Resource) -> bytes:
    entries = [{"fullUrl": f"http://h.org/{one['resourceType']}/{one['id']}", "resource": one} for one in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def warned(warning: str, *resources: Resource) -> dict[str, bool]:
    """Whether it is said of each document, by the id of its root."""
    done = [one.entry for one in converted_bytes("x.json", bundle(*resources), JOB)]
    return {one["source"].rpartition("/")[2]: warning in one["warnings"] for one in done if one["targets"]}


VALUE = {"valueString": "x"}


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_result_that_only_a_withdrawn_report_had_is_doubtful(status: str) -> None:
    result, other = observation("o", **VALUE), observation("p", **VALUE)
    assert warned(DOUBTFUL, result, other, report("r", "o", status=status)) == {"o": True, "p": False}
    assert warned(DOUBTFUL, result, panel("r", "o", status=status)) == {"o": True}


def test_what_a_standing_report_has_is_valid() -> None:
    result, void = observation("o", **VALUE), report("r", "o", status="entered-in-error")
    assert warned(DOUBTFUL, result, void, report("s", "o")) == {"s": False}


def test_a_result_whose_report_waits_is_not_doubtful() -> None:
    assert warned(DOUBTFUL, observation("o", **VALUE), report("r", "o", status="registered")) == {"o": False}


@pytest.mark.parametrize("status", ["amended", "corrected"])
def test_who_amends_names_no_predecessor_and_that_is_said(status: str) -> None:
    result, amended = observation("o", **VALUE), observation("o", status=status, **VALUE)
    assert warned(UNNAMED, result) == {"o": False}
    assert warned(UNNAMED, amended) == {"o": True}
    assert warned(UNNAMED, result, report("r", "o", status=status)) == {"r": True}
    assert warned(UNNAMED, amended, report("r", "o")) == {"r": True}


def test_who_was_born_in_dicom_names_it(tmp_path: Path) -> None:

    ecg_report("2.25.2", predecessor="2.25.1").save_as(tmp_path / "x.dcm")
    (there,) = converted(tmp_path / "x.dcm", Job("fhir", Known(), None))
    (back,) = converted_bytes("bundle", there.data, JOB)
    assert b'"amended"' in there.data
    assert UNNAMED not in back.entry["warnings"]
