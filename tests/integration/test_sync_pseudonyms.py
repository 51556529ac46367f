"""What comes from the PACS without its patient's identity (PS3.3 C.7.1.1): a pseudonym may be a number in use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import fhir_dicom
from tests.folders import make_stores
from tests.images import ct, put_in
from tests.integration.test_sync_edges import reports, store
from tests.integration.test_sync_folders import acts
from tests.integration.test_sync_studies import studies
from tests.integration.test_sync_void import passed

HOSPITAL = "urn:oid:1.2.3"
REMOVED = {
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethod": "by hand",
    "PatientBirthDate": "",
    "PatientSex": "",
}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    make_stores(tmp_path)
    return tmp_path


def configure(stores: Path, issuer: str | None = HOSPITAL, **policy: str) -> None:
    folder: dict[str, Any] = {"kind": "folder", "path": str(stores / "data" / "dicom"), "holds": "dicom"}
    configuration = {
        "stores": {
            "fhir": {"kind": "folder", "path": str(stores / "data" / "fhir"), "holds": "fhir"},
            "dicom": folder | ({"issuer": issuer} if issuer else {}),
        },
        "routes": [{"between": ["fhir", "dicom"], **policy}],
    }
    (stores / "bridge.yaml").write_text(json.dumps(configuration))


def teach(stores: Path, **more: str) -> None:
    """A teaching file under the number of a patient of the hospital; and images."""
    store(stores, "2.25.5", "A", **({"PatientID": "123456", "IssuerOfPatientID": "", **REMOVED} | more))
    put_in(stores / "data" / "dicom", ct(1, **({"PatientID": "123456", "IssuerOfPatientID": "", **REMOVED} | more)))


def test_it_is_held_and_a_person_decides(stores: Path) -> None:
    configure(stores)
    teach(stores)
    store(stores, "2.25.6", "of somebody", StudyInstanceUID="2.25.60")
    done = passed(stores)
    assert acts(done) == {"to-fhir created": 1}, "the rest goes on"
    assert done.returncode == 1 and json.loads(done.stdout)["status"]["held"] == 2
    assert "Patient Identity Removed (0012,0062) is YES" in done.stderr and "123456" not in done.stderr
    assert len(reports(stores)) == 1
    configure(stores, identity_removed="carry")
    fhir_dicom(stores, "retry", "--config", "bridge.yaml")
    done = passed(stores)
    assert (done.returncode, acts(done)) == (0, {"to-fhir created": 1, "imaging-study created": 1}), done.stderr
    (warned,) = json.loads(done.stdout)["status"]["warned"]["most"]
    assert any("taken for one of urn:oid:1.2.3" in one for one in warned["warnings"])
    assert acts(passed(stores)) == {}


def test_it_is_left_alone_where_the_route_says_so(stores: Path) -> None:
    configure(stores, identity_removed="skip")
    teach(stores)
    done = passed(stores)
    assert done.returncode == 0, done.stderr
    assert (reports(stores), studies(stores)) == ([], [])
    assert not any("created" in act for act in acts(done))
    assert acts(passed(stores)) == {}


@pytest.mark.parametrize(
    ("issuer", "more"),
    [
        (None, {}),  # of an unknown issuer: nobody of the hospital
        (HOSPITAL, {"IssuerOfPatientID": "TRIAL-7"}),
        (HOSPITAL, {"PatientIdentityRemoved": "NO"}),
    ],
)
def test_what_says_whose_it_is_crosses(stores: Path, issuer: str | None, more: dict[str, str]) -> None:
    configure(stores, issuer)
    teach(stores, **more)
    done = passed(stores)
    assert (done.returncode, len(reports(stores)), len(studies(stores))) == (0, 1, 2), done.stderr
