"""Two FHIR servers over one PACS: what crosses from one to the other points to nobody who is somebody else there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.model.group import Resource
from bridge.model.names import SAID_AT_URL
from tests.command_line import Done, fhir_dicom
from tests.integration.test_sync_edges import observation
from tests.integration.test_sync_folders import tree
from tests.integration.test_sync_void import NOTHING_OPEN, open_points

HERE, THERE = "urn:test:here", "urn:test:there"


def put(stores: Path, ehr: str, resource: Resource) -> None:
    file = stores / ehr / resource["resourceType"] / f"{resource['id']}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(resource))


def get(stores: Path, ehr: str, key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((stores / ehr / f"{key}.json").read_bytes())
    return found


def patient(number: str) -> Resource:
    return {"resourceType": "Patient", "id": "1", "identifier": [{"system": "urn:mrn", "value": number}]}


def named(value: str, system: str = HERE) -> Resource:
    mark = {"system": system, "value": value}
    return {"identifier": mark, "extension": [{"url": SAID_AT_URL, "valueIdentifier": mark}]}


def result(name: str, value: int, **more: Any) -> Resource:
    time = "2026-03-02T10:00:00Z"
    return observation(name, value, subject={"reference": "Patient/1"}, effectiveDateTime=time, **more)


def passed(stores: Path, *options: str) -> Done:
    done = fhir_dicom(stores, "sync", "--once", "--json", "--reconcile", *options, "--config", "bridge.yaml")
    assert (done.returncode, open_points(done)) == (0, NOTHING_OPEN), done.stderr
    return done


def settled(stores: Path) -> dict[str, bytes]:
    """After as many passes as it takes."""
    before: dict[str, bytes] = {}
    while (now := {name: said for part in ("here", "there", "pacs") for name, said in tree(stores / part).items()}) != (
        before
    ):
        before = now
        passed(stores)
    return now


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Ids as a server counts them: of each, `Patient/1`, a device, an order and a doctor."""
    config = {
        "stores": {
            "here": {"kind": "folder", "path": "here", "holds": "fhir", "system": HERE},
            "there": {"kind": "folder", "path": "there", "holds": "fhir", "system": THERE},
            "pacs": {"kind": "folder", "path": "pacs", "holds": "dicom"},
        },
        "routes": [{"between": ["here", "pacs"]}, {"between": ["there", "pacs"]}],
        "settle": 0,
    }
    (tmp_path / "bridge.yaml").write_text(json.dumps(config))
    (tmp_path / "pacs").mkdir()
    for ehr, number in (("here", "1"), ("there", "2")):
        put(tmp_path, ehr, patient(number))
        put(tmp_path, ehr, {"resourceType": "Device", "id": "4", "serialNumber": number})
        put(tmp_path, ehr, {"resourceType": "Practitioner", "id": "3", "identifier": patient(number)["identifier"]})
    return tmp_path


@pytest.fixture
def crossed(stores: Path) -> Path:
    """What the result of today refers to, that of yesterday alone has crossed."""
    put(stores, "here", result("7", 70))
    settled(stores)
    put(stores, "here", TODAY)
    return stores


TODAY = result(
    "8",
    72,
    device={"reference": "Device/4"},
    basedOn=[{"reference": "ServiceRequest/5"}],
    derivedFrom=[{"reference": "Observation/7"}],
    note=[{"text": "discussed", "authorReference": {"reference": "Practitioner/3"}}],
)


def of_pacs(stores: Path) -> int:
    return len(tree(stores / "pacs"))


def test_only_what_has_crossed_is_pointed_to(crossed: Path) -> None:
    before = tree(crossed / "here")
    settled(crossed)
    found = get(crossed, "there", "Observation/8")
    assert (found["device"], found["basedOn"]) == (named("Device/4"), [named("ServiceRequest/5")])
    assert found["note"] == [{"text": "discussed", "authorReference": named("Practitioner/3")}]
    assert found["derivedFrom"] == [{"reference": "Observation/7", "extension": named("Observation/7")["extension"]}]
    assert found["subject"] == get(crossed, "there", "Observation/7")["subject"] != {"reference": "Patient/1"}
    assert (tree(crossed / "here"), of_pacs(crossed)) == (before, 2)
    assert "references are relative to urn:test:here" in fhir_dicom(crossed, "status", "--config", "bridge.yaml").stdout


def test_nobody_has_edited_it_when_the_ledger_is_lost(crossed: Path) -> None:
    before = settled(crossed)
    for file in crossed.glob("bridge.db*"):
        file.unlink()
    assert settled(crossed) == before


def test_what_is_edited_there_is_of_there(crossed: Path) -> None:
    settled(crossed)
    found = get(crossed, "there", "Observation/8")
    put(crossed, "there", found | {"basedOn": [*found["basedOn"], {"reference": "ServiceRequest/77"}]})
    settled(crossed)
    mine = [{"reference": "ServiceRequest/5"}, named("ServiceRequest/77", THERE)]
    assert get(crossed, "here", "Observation/8")["basedOn"] == mine
    assert get(crossed, "here", "Observation/8")["derivedFrom"] == [{"reference": "Observation/7"}]
    theirs = get(crossed, "there", "Observation/8")
    assert theirs["basedOn"] == [named("ServiceRequest/5"), {"reference": "ServiceRequest/77"}]
    put(crossed, "here", get(crossed, "here", "Observation/8") | {"issued": "2026-03-03T10:00:00Z"})
    settled(crossed)
    there = get(crossed, "there", "Observation/8")
    assert (there["issued"], there["basedOn"]) == ("2026-03-03T10:00:00Z", theirs["basedOn"])
    assert of_pacs(crossed) == 4


def test_what_has_the_name_and_is_of_others_is_not_pointed_to(stores: Path) -> None:
    """It is a result of the other server's own, which waits for a person as that of here does."""
    put(stores, "here", result("7", 70))
    put(stores, "there", result("7", 220))
    put(stores, "here", TODAY)
    for _ in range(3):
        done = fhir_dicom(stores, "sync", "--once", "--json", "--config", "bridge.yaml")
    assert open_points(done)["held"] == 2
    assert get(stores, "there", "Observation/8")["derivedFrom"] == [named("Observation/7")]
    assert get(stores, "here", "Observation/8") == TODAY
