"""The operations of `serve`: looking and deciding over HTTP, and what monitors read."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from fixtures.stores import lay_out
from tests.integration.test_sync_folders import put, sync
from tests.integration.test_sync_void import dispute
from tests.servers.postgresql import Postgresql
from tests.servers.service import Service, serving, until

BROKEN = {"resourceType": "Observation", "id": "broken", "status": "final"}  # without a code


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A pass at the start, and whenever it is woken."""
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"interval": 3600, "serve": {"rate": 1000}}) as made:
        until(lambda: passes(made) >= 1)
        yield made


def passes(service: Service) -> int:
    return int(service.get("/health")["passes"]["made"])


def post(service: Service, path: str, **body: Any) -> Any:
    answer = service.request("POST", path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def trail(service: Service) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.request("GET", "/audit").text.splitlines()]


def metrics(service: Service) -> dict[str, float]:
    lines = service.request("GET", "/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_the_way_of_a_document_by_each_of_its_keys(service: Service) -> None:
    written = next(one for one in trail(service) if one["purposeOfEvent"][0]["text"] == "to-fhir")
    root = written["entity"][0]["what"]["reference"].partition("/_history")[0]
    (way,) = post(service, "/documents", key=root)
    (instance,) = way["link"]["chain"]
    assert (way["link"]["born"], way["open"], way["conflict"], way["done"]) == ("dicom", [], None, [written])
    assert (
        post(service, "/documents", key=instance) == post(service, "/documents", key=way["link"]["instance"]) == [way]
    )
    assert post(service, "/documents", key="Observation/nobody") == []
    put(service.folder, BROKEN)
    post(service, "/wake")
    until(lambda: service.get("/status")["dead"] == 1)
    (way,) = post(service, "/documents", key="Observation/broken")
    assert way["link"] is None and way["open"][0]["state"] == "dead" and "code" in way["open"][0]["reason"]


def test_one_key_or_all_are_tried_again(service: Service) -> None:
    for name in ("broken", "broken-too"):
        put(service.folder, BROKEN | {"id": name})
    post(service, "/wake")
    until(lambda: service.get("/status")["dead"] == 2)
    put(service.folder, BROKEN | {"code": {"text": "Pain"}})
    assert post(service, "/retry", key="Observation/broken") == {"owed": 1, "idle": {}}
    until(lambda: service.get("/status")["linked"]["fhir"] == 6 and service.get("/status")["dead"] == 1)
    assert post(service, "/retry") == {"owed": 1, "idle": {}}
    assert post(service, "/retry", key="Observation/nobody") == {"owed": 0, "idle": {}}
    assert post(service, "/resend", route="fhir-dicom", keys=["Observation/broken"]) == {"owed": 1, "idle": {}}
    until(lambda: service.get("/status")["owed"] == 0)
    assert len(trail(service)) == 11, "six writes, one more, four decisions, and nothing written again"


def test_what_is_outdated_is_looked_at_again(service: Service) -> None:
    assert service.get("/status")["outdated"] == {}
    with sqlite3.connect(service.folder / "bridge.db") as database:
        database.execute("UPDATE link SET revision = 'of yesterday'")
    number = service.get("/status")["outdated"]["fhir-dicom"]
    assert number > 3
    refused = service.request("POST", "/resend", json={"route": "fhir-dicom", "outdated": True, "keys": ["a"]})
    assert refused.status_code == 422 and "leave them out" in refused.text
    assert post(service, "/resend", route="fhir-dicom", outdated=True) == {"owed": number, "idle": {}}
    until(lambda: service.get("/status")["outdated"] == {})


def test_a_paused_route_makes_no_pass_until_it_is_resumed(service: Service) -> None:
    post(service, "/pause", route="fhir-dicom")
    put(service.folder, BROKEN | {"code": {"text": "Pain"}})
    before = passes(service)
    post(service, "/wake")
    until(lambda: passes(service) > before)
    assert service.get("/status")["linked"]["fhir"] == 5
    why = {"fhir-dicom": "is paused, and no pass is made before it is resumed: by somebody on this machine"}
    assert post(service, "/retry") == {"owed": 0, "idle": {}}
    assert post(service, "/resend", route="fhir-dicom", keys=["Observation/broken"])["idle"] == why
    pause = service.get("/status")["paused"]["fhir-dicom"]
    assert (pause["reason"], pause["absent"]) == ("by somebody on this machine", 0)
    assert service.request("GET", "/ready").status_code == 200, "the page has to be reachable to resume it"
    assert metrics(service)['fhir_dicom_paused{route="fhir-dicom"}'] == 1
    for said in ({"pause": "0"}, {"pause": "0", "deleted": True}):
        stale = service.request("POST", "/resume", json={"route": "fhir-dicom"} | said)
        assert stale.status_code == 409 and "again" in stale.text
    nameless = service.request("POST", "/resume", json={"route": "fhir-dicom", "deleted": True})
    assert nameless.status_code == 422 and "write its name" in nameless.text
    assert post(service, "/resume", route="fhir-dicom", pause=pause["name"])["was_paused"]
    until(lambda: service.get("/status")["linked"]["fhir"] == 6)


def test_a_verdict_on_an_older_state_is_refused(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    dispute(tmp_path)
    with serving(tmp_path, {"interval": 3600}) as service:
        (conflict,) = service.get("/conflicts")
        assert service.request("POST", "/conflicts/0", json={"holds": "fhir"}).status_code == 409
        refused = service.request("POST", f"/conflicts/{conflict['name']}", json={"holds": "both"})
        assert refused.status_code == 422 and "body.holds: write 'fhir' or 'dicom'" in refused.text
        post(service, f"/conflicts/{conflict['name']}", holds="dicom")
        until(lambda: not service.get("/conflicts"))
        assert service.request("POST", f"/conflicts/{conflict['name']}", json={"holds": "fhir"}).status_code == 409
        said = {one["purposeOfEvent"][0]["text"]: one["agent"][0]["who"]["display"] for one in trail(service)}
        assert said[f"conflict {conflict['name']}: dicom holds"] == "somebody on this machine"


def test_the_audit_trail_in_pages(service: Service) -> None:
    whole, found, path = trail(service), [], "/audit?limit=2"
    while True:
        answer = service.request("GET", path)
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        found += [json.loads(line) for line in answer.text.splitlines()]
        if "next" not in answer.links:
            break
        path = answer.links["next"]["url"]
    assert found == whole and len(whole) == 6
    assert service.request("GET", "/audit?limit=100000").status_code == 422


def test_passes_export_the_head_of_the_trail(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"interval": 3600, "audit_heads": "heads"}) as service:
        until(lambda: passes(service) == 1)
        post(service, "/wake")
        until(lambda: passes(service) == 2)
    (line,) = (tmp_path / "heads").read_text().splitlines()  # a pass that did nothing says nothing new
    assert line.startswith("6 ")


def test_a_ledger_that_others_share(tmp_path: Path) -> None:
    """On PostgreSQL, with an operator's process that makes no passes beside the one that does."""
    lay_out(tmp_path / "data")
    server = Postgresql()
    server.start()
    try:
        keys = {"ledger": server.ledger(), "interval": 3600}
        (tmp_path / "beside").mkdir()
        with serving(tmp_path, keys) as working, serving(tmp_path / "beside", keys, "--no-sync") as beside:
            until(lambda: passes(working) == 1)
            assert beside.get("/status")["linked"] == {"dicom": 1, "fhir": 5}
            post(beside, "/pause", route="fhir-dicom")
            assert working.get("/status")["paused"]["fhir-dicom"]["reason"] == "by somebody on this machine"
            assert metrics(beside)['fhir_dicom_paused{route="fhir-dicom"}'] == 1
            assert len(trail(beside)) == 7
            server.stop()
            assert beside.request("GET", "/ready").status_code == 503
    finally:
        server.stop()


def test_metrics_tell_what_is_owed_and_no_key(service: Service) -> None:
    put(service.folder, BROKEN)
    post(service, "/wake")
    until(lambda: service.get("/status")["dead"] == 1)
    until(lambda: passes(service) == 2)
    found = metrics(service)
    assert found['fhir_dicom_work{route="fhir-dicom",state="dead",store="fhir"}'] == 1
    assert found['fhir_dicom_lag_seconds{route="fhir-dicom",store="dicom"}'] == 0
    assert found['fhir_dicom_acts_total{act="created",direction="to-dicom"}'] == 5
    assert found['fhir_dicom_passes_total{ended="clean"}'] == found['fhir_dicom_passes_total{ended="faults"}'] == 1
    assert found["fhir_dicom_pass_seconds_count"] == 2
    labels = re.findall(r'"([^"]*)"', service.request("GET", "/metrics").text)
    assert not any("broken" in label or "2.25." in label or "Observation" in label for label in labels)


def test_lag_is_the_age_of_the_oldest_owed_work(tmp_path: Path) -> None:
    """Of a route that is paused, whose news nobody takes in: what was owed before grows old."""
    lay_out(tmp_path / "data")
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", time.time)
    ledger.feeds.take_in("fhir-dicom", "fhir", [News("Observation/1", "1", ("Observation/1",))])
    ledger.close()
    with serving(tmp_path, {"interval": 3600}, "--no-sync") as service:
        name = 'fhir_dicom_lag_seconds{route="fhir-dicom",store="fhir"}'
        first = metrics(service)[name]
        until(lambda: metrics(service)[name] > first > 0)


def test_without_passes_nothing_pretends_to_wake_them(tmp_path: Path) -> None:
    with serving(tmp_path, {}, "--no-sync") as service:
        assert service.request("GET", "/ready").status_code == 503, "there is no ledger yet"
        assert service.request("GET", "/health").status_code == 200
        assert service.request("POST", "/wake").status_code == 503
        lay_out(tmp_path / "data")
        sync(tmp_path)
        assert service.get("/status")["linked"] == {"dicom": 1, "fhir": 5}


def test_logs_are_json_and_name_keys_at_most(service: Service) -> None:
    put(service.folder, BROKEN | {"valueString": "Jane Doe", "subject": {"display": "Jane Doe"}})
    post(service, "/wake")
    until(lambda: any(one["event"] == "fault" for one in service.entries()))
    (fault,) = (one for one in service.entries() if one["event"] == "fault")
    assert fault["what"].startswith("dead: fhir-dicom: fhir: Observation/broken") and fault["level"] == "warning"
    assert "Jane" not in service.log()


def test_sigterm_ends_it_in_order(tmp_path: Path) -> None:
    lay_out(tmp_path / "data")
    with serving(tmp_path, {"interval": 3600}) as service:
        service.process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert service.process.wait(60) in (0, -signal.SIGTERM)
        assert time.monotonic() - begun < 50, "an hour of waiting is cut short"
        assert "Application shutdown complete." in service.log()
    assert sync(tmp_path).returncode == 0, "the ledger is free again"


def test_a_long_pass_ends_after_the_documents_in_hand(tmp_path: Path) -> None:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    for number in range(400):
        put(tmp_path, BROKEN | {"id": f"a{number}", "code": {"text": "Pain"}, "valueInteger": number})
    with serving(tmp_path, {"interval": 3600}) as service:
        until(lambda: service.get("/status")["linked"])
    found = json.loads(sync(tmp_path).stdout)
    before = 400 - found["acts"]["to-dicom created"]
    assert 0 < before < 400, "the first pass had begun, and had not ended"
    assert found["status"]["linked"] == {"fhir": 400} and found["status"]["intents"] == 0
