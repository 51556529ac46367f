"""A PACS whose Patient IDs are a system of the EHR, by configuration: who has a number there is found by it, and named
by it. Two folder stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.ledger.ledger import Ledger
from bridge.model.group import Resource
from bridge.sync.basis.route import Route
from tests.folders import passed, route_of
from tests.integration.test_sync_folders import get, instances, put
from tests.samples import ecg_report, measured

MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
OURS, THEIRS = "urn:oid:1.2.3", "urn:oid:9.9.9"
OF_OTHERS = {"type": MR, "system": THEIRS, "value": "555"}
Passes = Callable[[Route], dict[str, int]]


@pytest.fixture
def passes(tmp_path: Path) -> Passes:
    def one(route: Route) -> dict[str, int]:
        ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
        try:
            return passed(route, ledger)
        finally:
            ledger.close()

    return one


def issued(stores: Path, issuer: str | None = OURS) -> Route:
    return replace(route_of(stores), issuer=issuer)


def patient(*identifiers: Resource, **more: Any) -> Resource:
    return {"resourceType": "Patient", "id": "p", "identifier": list(identifiers)} | more


def store(stores: Path, uid: str, **header: str) -> None:
    """Of a device that says a Patient ID, and not whose."""
    dataset = ecg_report(uid, **header)
    del dataset.IssuerOfPatientID
    folder = stores / "data" / "dicom" / dataset.StudyInstanceUID / dataset.SeriesInstanceUID
    folder.mkdir(parents=True, exist_ok=True)
    dataset.save_as(folder / f"{uid}.dcm", enforce_file_format=True)


def patients(stores: Path) -> list[Any]:
    return sorted(one.stem for one in (stores / "data" / "fhir" / "Patient").glob("*.json"))


def named(instance: pydicom.Dataset) -> tuple[str, str | None]:
    qualifiers = instance.get("IssuerOfPatientIDQualifiersSequence")
    return instance.PatientID, qualifiers[0].get("UniversalEntityID") if qualifiers else None


@pytest.mark.parametrize("issuer", [OURS, "https://h.example/mrn", "urn:uuid:0e4e8d4c-0b4b-4c5e-9f0e-2b6f3d1a9c11"])
def test_an_sr_finds_the_patient_of_the_ehr(tmp_path: Path, passes: Passes, issuer: str) -> None:
    put(tmp_path, patient({"system": issuer, "value": "777"}))
    store(tmp_path, "1.2.3.4.5", PatientID="777")
    assert passes(issued(tmp_path, issuer)) == {"to-fhir created": 1}
    assert patients(tmp_path) == ["p"]
    (report,) = (tmp_path / "data" / "fhir" / "DiagnosticReport").glob("*.json")
    found = get(tmp_path, f"DiagnosticReport/{report.stem}")
    assert found["subject"]["reference"] == "Patient/p"
    put(tmp_path, found | {"conclusion": "edited"})
    assert passes(issued(tmp_path, issuer)) == {"to-dicom updated": 1}
    assert [named(one) for one in instances(tmp_path).values()] == [("777", None)] * 2  # in its own words
    assert passes(issued(tmp_path, issuer)) == {}


def test_who_is_not_known_yet_gets_an_identifier_of_that_system(tmp_path: Path, passes: Passes) -> None:
    store(tmp_path, "1.2.3.4.5", PatientID="777")
    passes(issued(tmp_path))
    (one,) = patients(tmp_path)
    assert get(tmp_path, f"Patient/{one}")["identifier"] == [{"system": OURS, "value": "777"}]


def test_a_name_stays_a_name(tmp_path: Path, passes: Passes) -> None:
    store(tmp_path, "1.2.3.4.5", PatientID="777")
    passes(issued(tmp_path, "HOSP"))
    (one,) = patients(tmp_path)
    system = "https://fhir-dicom.org/fhir/issuer/HOSP"
    assert get(tmp_path, f"Patient/{one}")["identifier"] == [{"system": system, "value": "777"}]


@pytest.mark.parametrize("kind", [{"type": MR}, {}])
def test_a_result_goes_under_the_number_that_the_pacs_has(tmp_path: Path, passes: Passes, kind: Resource) -> None:
    """555 is somebody else there."""
    put(tmp_path, patient(OF_OTHERS, {"system": OURS, "value": "777"} | kind))
    put(tmp_path, measured())
    assert passes(issued(tmp_path)) == {"to-dicom created": 1}
    (written,) = instances(tmp_path).values()
    assert named(written) == ("777", OURS.removeprefix("urn:oid:"))
    for file in tmp_path.glob("bridge.db*"):
        file.unlink()
    assert passes(issued(tmp_path)) == {"to-dicom adopted": 1}
    put(tmp_path, measured(valueQuantity={"value": 5}))
    assert passes(issued(tmp_path)) == {"to-dicom updated": 1}


def test_who_has_no_number_there_is_named_as_before(tmp_path: Path, passes: Passes) -> None:
    put(tmp_path, patient({"system": "urn:other", "value": "1"}, OF_OTHERS))
    put(tmp_path, measured())
    passes(issued(tmp_path))
    (written,) = instances(tmp_path).values()
    assert named(written) == ("555", THEIRS.removeprefix("urn:oid:"))


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("merges", ["hold", "follow"])
def test_what_was_filed_before_stays_where_it_is_and_goes_on(
    tmp_path: Path, passes: Passes, lost: bool, merges: Any
) -> None:
    """By an earlier bridge, or before the Patient had a number there."""
    put(tmp_path, patient(OF_OTHERS, {"type": MR, "system": OURS, "value": "777"}))
    put(tmp_path, measured())
    assert passes(issued(tmp_path, None)) == {"to-dicom created": 1}
    before = instances(tmp_path)
    if lost:
        for file in tmp_path.glob("bridge.db*"):
            file.unlink()
    now = replace(issued(tmp_path), merges=merges, demographics="propagate")
    assert passes(now) == ({"to-dicom adopted": 1} if lost else {})
    assert instances(tmp_path) == before
    put(tmp_path, get(tmp_path, "Patient/p") | {"gender": "female"})
    assert passes(now) == {"to-dicom demographics": 1}
    put(tmp_path, measured(valueQuantity={"value": 5}))
    assert passes(now) == {"to-dicom updated": 1}
    assert {named(one) for one in instances(tmp_path).values()} == {("555", THEIRS.removeprefix("urn:oid:"))}
    assert passes(now) == {}
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "Round"}}
    put(tmp_path, report | {"result": [{"reference": "Observation/o"}], "subject": {"reference": "Patient/p"}})
    put(tmp_path, measured(id="new"))
    assert passes(now) == {"to-dicom created": 2}
    assert sorted(named(one)[0] for one in instances(tmp_path).values()) == ["555", "555", "555", "777"]
