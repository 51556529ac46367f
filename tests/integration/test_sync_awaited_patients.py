"""A result whose Patient is not there, or not yet: it is filed under nobody's ID. Two folder stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.ledger.ledger import Ledger
from bridge.sync.basis.route import Route
from bridge.sync.listening.feed import take_resources
from bridge.sync.patients.awaited import check_subject
from bridge.sync.run import once
from tests.folders import MAPPING, done, passed, route_of
from tests.integration.test_sync_folders import instances, put
from tests.samples import measured

CHECK = "bridge.sync.crossing.write_dicom.check_subject"
PATIENT = {"resourceType": "Patient", "id": "1001", "identifier": [{"system": "urn:oid:1.2.3", "value": "4711"}]}
OF_PATIENT = {"subject": {"reference": "Patient/1001"}}


@pytest.fixture
def route(tmp_path: Path) -> Route:
    return route_of(tmp_path)


def reasons(ledger: Ledger) -> list[tuple[str, str, str]]:
    return [(one["key"], one["state"], one["reason"]) for one in ledger.status()["reasons"]]


@pytest.mark.parametrize(
    "subject",
    [
        OF_PATIENT["subject"],
        {"reference": "Patient/1001/_history/7"},
        {"reference": "Patient/1001", "display": "Erika Beispiel"},
        {"reference": "Patient/1001", "identifier": {"system": "urn:long", "value": "x" * 65}},
    ],
)
def test_a_result_waits_for_its_patient(tmp_path: Path, route: Route, ledger: Ledger, subject: dict[str, Any]) -> None:
    put(tmp_path, measured(subject=subject))
    for reconciling in (False, True):
        assert done(once([route], ledger, MAPPING, reconciling=reconciling)) == {}
    said = f"its subject {subject['reference']} is not in fhir, or is a placeholder there: store that Patient, or"
    assert reasons(ledger) == [("Observation/o", "held", f"{said} correct the reference")]
    assert instances(tmp_path) == {}


def test_so_does_a_report_whose_results_alone_say_him(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    put(tmp_path, measured(**OF_PATIENT))
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "Report"}}
    put(tmp_path, report | {"result": [{"reference": "Observation/o"}]})
    assert done(once([route], ledger, MAPPING)) == {}
    assert {(key, state) for key, state, _ in reasons(ledger)} >= {("DiagnosticReport/r", "held")}
    assert instances(tmp_path) == {}
    put(tmp_path, PATIENT)
    assert passed(route, ledger) == {"to-dicom created": 1}
    (written,) = instances(tmp_path).values()
    assert written.PatientID == "4711"


def test_it_crosses_when_the_patient_arrives(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    put(tmp_path, measured(**OF_PATIENT))
    once([route], ledger, MAPPING)
    put(tmp_path, PATIENT)
    assert passed(route, ledger) == {"to-dicom created": 1}
    (written,) = instances(tmp_path).values()
    assert written.PatientID == "4711"
    assert reasons(ledger) == []
    put(tmp_path, PATIENT | {"gender": "female"})  # of whom nothing is held
    assert passed(route, ledger) == {}


def test_a_patient_that_arrives_while_his_result_is_in_hand_is_not_missed(
    tmp_path: Path, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which another process takes in the news."""

    def interrupted(*asked: Any) -> None:
        monkeypatch.setattr(CHECK, check_subject)
        put(tmp_path, PATIENT)
        take_resources(route, ledger)
        check_subject(*asked)

    put(tmp_path, measured(**OF_PATIENT))
    monkeypatch.setattr(CHECK, interrupted)
    once([route], ledger, MAPPING)
    assert [one.PatientID for one in instances(tmp_path).values()] == ["4711"]


def test_what_is_entered_in_error_waits_for_nobody(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    put(tmp_path, measured(**OF_PATIENT, status="entered-in-error"))
    assert passed(route, ledger) == {}


@pytest.mark.parametrize(
    ("subject", "patient_id"),
    [
        ({"reference": "http://other.example/fhir/Patient/1001"}, "1001"),
        ({"reference": "Patient/1001", "identifier": {"system": "urn:oid:1.2.3", "value": "4711"}}, "4711"),
        ({"identifier": {"system": "urn:oid:1.2.3", "value": "4711"}}, "4711"),
        ({"display": "Erika Beispiel"}, ""),
    ],
)
def test_who_is_named_otherwise_is_not_waited_for(
    tmp_path: Path, route: Route, ledger: Ledger, subject: dict[str, Any], patient_id: str
) -> None:
    put(tmp_path, measured(subject=subject))
    assert passed(route, ledger) == {"to-dicom created": 1}
    assert [one.PatientID for one in instances(tmp_path).values()] == [patient_id]


def test_a_patient_without_identifier_is_named_by_his_id(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    put(tmp_path, measured(**OF_PATIENT))
    put(tmp_path, {"resourceType": "Patient", "id": "1001"})
    assert passed(route, ledger) == {"to-dicom created": 1}
    assert [one.PatientID for one in instances(tmp_path).values()] == ["1001"]


def test_what_an_earlier_bridge_has_filed_goes_on(
    tmp_path: Path, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, measured(**OF_PATIENT))
    with monkeypatch.context() as earlier:
        earlier.setattr(CHECK, lambda *_: None)
        assert passed(route, ledger) == {"to-dicom created": 1}
    put(tmp_path, measured(**OF_PATIENT, valueQuantity={"value": 5}))
    assert passed(route, ledger) == {"to-dicom updated": 1}
    assert [one.PatientID for one in instances(tmp_path).values()] == ["1001", "1001"]
