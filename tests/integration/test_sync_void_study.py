"""An ImagingStudy that only documents of the PACS stand for: void with the last of them, there again with the next."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.images import ct, put_in
from tests.integration.test_sync_edges import store
from tests.integration.test_sync_folders import instances, tree
from tests.integration.test_sync_sides import passes
from tests.integration.test_sync_studies import studies
from tests.integration.test_sync_void import DCM, configure, note


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    store(tmp_path, "2.25.5", "A")
    store(tmp_path, "2.25.6", "B")  # of the same study
    store(
        tmp_path,
        "2.25.9",
        "of another study: else nothing is left there, which would be a question",
        StudyInstanceUID="2.25.90",
    )
    assert passes(tmp_path) == {"to-fhir created": 3}
    assert statuses(tmp_path) == ["available"]
    return tmp_path


def statuses(stores: Path) -> list[str]:
    """Of the first study's."""
    found = [one for one in studies(stores) if one["identifier"][0]["value"] != "urn:oid:2.25.90"]
    return [one["status"] for one in found]


def file_of(stores: Path, uid: str) -> Path:
    return next((stores / "data" / "dicom").rglob(f"{uid}.dcm"))


def delete(stores: Path, uid: str) -> dict[str, Any]:
    file_of(stores, uid).rename(stores / f"{uid}.dcm")
    return passes(stores)


def at_rest(stores: Path) -> None:
    before = tree(stores / "data")
    assert passes(stores) == {} and tree(stores / "data") == before


def test_with_the_last_of_them_and_there_again_with_it(stores: Path) -> None:
    folder = file_of(stores, "2.25.6").parent
    assert delete(stores, "2.25.5") == {"to-fhir retracted": 1}
    assert statuses(stores) == ["available"]  # the other one stands
    assert delete(stores, "2.25.6") == {"to-fhir retracted": 1}
    assert statuses(stores) == ["entered-in-error"]
    at_rest(stores)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(stores / "2.25.6.dcm", folder)
    assert passes(stores) == {"to-fhir updated": 1}
    assert statuses(stores) == ["available"]
    at_rest(stores)


def test_there_again_with_another(stores: Path) -> None:
    delete(stores, "2.25.5")
    delete(stores, "2.25.6")
    assert statuses(stores) == ["entered-in-error"]
    store(stores, "2.25.7", "C")
    assert passes(stores) == {"to-fhir created": 1}
    assert statuses(stores) == ["available"]
    at_rest(stores)


def test_rejected_as_deleted(stores: Path) -> None:
    delete(stores, "2.25.5")
    note(stores, DCM.RejectedForPatientSafetyReasons, instances(stores)["2.25.6"])
    passes(stores)
    assert statuses(stores) == ["entered-in-error"]
    at_rest(stores)


@pytest.mark.parametrize(("policy", "status"), [("ignore", "available"), ("delete", "entered-in-error")])
def test_as_the_policy_says(stores: Path, policy: str, status: str) -> None:
    configure(stores, deleted=policy)
    delete(stores, "2.25.5")
    delete(stores, "2.25.6")
    assert statuses(stores) == [status]
    at_rest(stores)


def test_one_with_images_is_as_these_say(stores: Path) -> None:
    study = str(instances(stores)["2.25.5"].StudyInstanceUID)
    put_in(stores / "data" / "dicom", ct(1, study=study, PatientID=str(instances(stores)["2.25.5"].PatientID)))
    passes(stores)
    delete(stores, "2.25.5")
    delete(stores, "2.25.6")
    assert statuses(stores) == ["available"]
    at_rest(stores)
