"""A patient's numbers in the FHIR server are others than they were, or somebody else's, too: two folder stores."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_sync_edges import observation, report
from tests.integration.test_sync_folders import acts, instances, put, tree
from tests.integration.test_sync_patients import CORRECTED, PATIENT, SYSTEM
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_void import configure, passed


def patient(name: str, *numbers: str, **more: Any) -> dict[str, Any]:
    return PATIENT | {"id": name, "identifier": [{"system": SYSTEM, "value": one} for one in numbers]} | more


def result(name: str, of: str, value: int = 60, **more: Any) -> dict[str, Any]:
    return observation(name, value, subject={"reference": f"Patient/{of}"}, **more)


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    put(tmp_path, patient("p", "1"))
    put(tmp_path, result("a", "p"))
    assert passes(tmp_path) == {"to-dicom created": 1}
    return tmp_path


def said(stores: Path) -> str:
    """What a pass says that writes nothing."""
    before = tree(stores / "data")
    done = passed(stores)
    assert acts(done) == {} and tree(stores / "data") == before
    return done.stderr


@pytest.mark.parametrize("demographics", ["new-only", "propagate"])
def test_another_number_is_noticed_at_once(stores: Path, demographics: str) -> None:
    """What was filed under a wrong number is in somebody else's folder, or will be."""
    configure(stores, demographics=demographics)
    passed(stores)
    put(stores, patient("p", "2"))
    assert "under a Patient ID that Patient/p does not have: a document does not change its patient" in said(stores)
    put(stores, patient("p", "1"))
    assert passes(stores) == {}


def test_somebody_else_who_has_the_number_is_named(stores: Path) -> None:
    put(stores, patient("p", "2"))
    put(stores, patient("q", "1"))
    assert "that Patient/p does not have, and Patient/q has" in said(stores)
    assert "merge them again" not in said(stores)


def test_entered_in_error_and_stored_anew_it_is_right(stores: Path) -> None:
    put(stores, patient("p", "2"))
    passed(stores)
    put(stores, result("a", "p", status="entered-in-error"))
    put(stores, result("b", "p"))
    assert passes(stores) == {"to-dicom retracted": 1, "to-dicom created": 1}
    assert {str(one.PatientID) for one in instances(stores).values() if one.Modality == "SR"} == {"1", "2"}
    assert passes(stores) == {}


@pytest.mark.parametrize("numbers", [("2", "1"), ("1", "2")])
def test_one_more_number_is_no_other_person(stores: Path, numbers: tuple[str, str]) -> None:
    put(stores, patient("p", *numbers))
    assert passes(stores) == {}
    put(stores, result("a", "p", 61))
    assert passes(stores) == {"to-dicom updated": 1}
    assert {str(one.PatientID) for one in instances(stores).values()} == {"1"}, "as the document names him"
    assert passes(stores) == {}


def test_a_number_that_is_old_is_no_other_person_until_something_is_corrected(stores: Path) -> None:
    """The archive is told of it by others, or is not: a correction would be filed under the one or the other."""
    renumbered = patient("p", "2", "1")
    renumbered["identifier"][1]["use"] = "old"
    put(stores, renumbered)
    assert passes(stores) == {}
    put(stores, result("a", "p", 61))
    assert "the patient is another than that of the version before" in said(stores)


def test_who_had_no_number_keeps_the_name_that_his_documents_have(stores: Path) -> None:
    put(stores, {key: value for key, value in patient("q").items() if key != "identifier"})
    put(stores, result("c", "q"))
    done = passed(stores)
    assert acts(done) == {"to-dicom created": 1}
    assert "Patient without identifier" in str(json.loads(done.stdout)["status"]["warned"]["most"])
    put(stores, patient("q", "7"))
    assert passes(stores) == {}
    put(stores, result("c", "q", 61))
    assert passes(stores) == {"to-dicom updated": 1}
    assert {str(one.PatientID) for one in instances(stores).values()} == {"1", "q"}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_number_without_a_system_is_one(stores: Path, order: tuple[int, int]) -> None:
    """Another that is added, before it or behind, is no other person."""
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    first, second = ({"type": kind, "value": f"M{one}"} for one in (1, 2))
    put(stores, patient("q") | {"identifier": [first]})
    put(stores, result("c", "q"))
    assert passes(stores) == {"to-dicom created": 1}
    put(stores, patient("q") | {"identifier": [{1: first, 2: second}[one] for one in order]})
    assert passes(stores) == {}
    put(stores, result("c", "q", 61))
    assert passes(stores) == {"to-dicom updated": 1}
    assert {str(one.PatientID) for one in instances(stores).values()} == {"1", "M1"}


def test_the_first_change_that_a_ledger_sees_is_noticed(stores: Path) -> None:
    """One of an earlier bridge has kept nobody's numbers; and who was deleted meanwhile has none."""
    with closing(sqlite3.connect(stores / "bridge.db")) as ledger, ledger:
        assert ledger.execute("DELETE FROM edge WHERE target LIKE 'identity:%'").rowcount == 1
    assert passes(stores) == {}
    put(stores, patient("p", "2"))
    assert "that Patient/p does not have" in said(stores)


def test_two_people_of_one_number_are_not_filed_together(stores: Path) -> None:
    put(stores, patient("q", "1", birthDate="1940-01-01", gender="male"))
    put(stores, result("c", "q"))
    put(stores, patient("r", "3"))
    put(stores, result("d", "r"))
    done = passed(stores)
    assert acts(done) == {"to-dicom created": 1}, "the rest goes on"
    same = "fhir: Patient/q and Patient/p have the same identifier; merge"
    assert f"held: fhir-dicom: fhir: Observation/c: {same}" in done.stderr
    put(stores, result("e", "p"))
    assert "Patient/p and Patient/q have the same identifier" in said(stores), "nobody knows whose number it is"
    put(stores, patient("q", "2"))
    assert passes(stores) == {"to-dicom created": 2}
    assert sorted(str(one.PatientID) for one in instances(stores).values()) == ["1", "1", "2", "3"]
    assert passes(stores) == {}


def test_no_number_any_more_is_another(stores: Path) -> None:
    put(stores, {key: value for key, value in patient("p").items() if key != "identifier"})
    assert "that Patient/p does not have" in said(stores)


def test_a_merge_that_is_said_after_the_subjects_changed_is_followed(stores: Path) -> None:
    configure(stores, merges="follow")
    put(stores, patient("q", "2"))
    put(stores, result("a", "q"))
    assert "that Patient/q does not have, and Patient/p has" in said(stores)
    put(stores, patient("p", "1", link=[{"type": "replaced-by", "other": {"reference": "Patient/q"}}]))
    done = passed(stores)
    assert done.returncode == 0, done.stderr
    (head,) = instances(stores).values()
    assert str(head.PatientID) == "2"
    assert passes(stores) == {}
    put(stores, result("b", "p"))  # and one more of whom is replaced
    assert passes(stores) == {"to-dicom created": 1}
    assert {str(one.PatientID) for one in instances(stores).values()} == {"2"}


def test_what_was_dead_for_a_neighbour_s_sake_is_dead_no_more(stores: Path) -> None:
    put(stores, patient("q", "2"))
    put(stores, result("c", "q"))
    put(stores, report("c") | {"subject": {"reference": "Patient/p"}})
    assert "dead: fhir-dicom: fhir: DiagnosticReport/r" in said(stores)
    put(stores, result("c", "p"))
    assert passes(stores) == {"to-dicom created": 1}


@pytest.mark.parametrize("system", [None, "urn:oid:1.2.3"])
def test_a_number_without_a_system_is_one_of_the_archive(stores: Path, system: str | None) -> None:
    """There two people of one number are one, whether the FHIR server knows whose numbers they are, or not."""
    folder = {"kind": "folder", "path": str(stores / "data" / "dicom"), "holds": "dicom", "issuer": "urn:oid:1.2.3"}
    stored = {"fhir": folder | {"path": str(stores / "data" / "fhir"), "holds": "fhir"}, "dicom": folder}
    del stored["fhir"]["issuer"]
    (stores / "bridge.yaml").write_text(json.dumps({"stores": stored, "routes": [{"between": ["fhir", "dicom"]}]}))
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    number = {"type": kind, "value": "77"}
    put(stores, patient("r") | {"identifier": [number | ({"system": system} if system else {})]})
    put(stores, patient("q") | {"identifier": [number]})
    put(stores, result("c", "q"))
    done = passed(stores)
    assert "Patient/q and Patient/r have the same identifier" in done.stderr
    assert "77" not in {str(one.PatientID) for one in instances(stores).values()}


def test_a_corrected_name_does_not_change_what_is_void(stores: Path) -> None:
    """Reinstated later, it is news of FHIR alone."""
    configure(stores, demographics="propagate", conflicts="dicom")
    put(stores, result("a", "p", status="entered-in-error"))
    assert passes(stores) == {"to-dicom retracted": 1}
    put(stores, CORRECTED | {"identifier": patient("p", "1")["identifier"]})
    assert passes(stores) == {}
    put(stores, result("a", "p"))
    assert passes(stores) == {"to-dicom updated": 1}
    assert passes(stores) == {}
