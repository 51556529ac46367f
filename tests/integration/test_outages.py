"""Servers that are down: no document is charged with it, and all is done as soon as they are there again. What a server
that answers everything else refuses one document is that document's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.codecs import json
from bridge.errors import TemporaryError
from bridge.model.group import reference_to
from bridge.settings.settings import settings
from bridge.stores import breaker, deadline
from bridge.stores.fhir import FhirStore
from bridge.stores.orthanc import OrthancStore
from bridge.sync import outcome
from bridge.sync.basis.route import Route
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from bridge.sync.summary import Summary
from tests.integration import test_bad_days
from tests.integration.test_sync_void_servers import observation, report_of, stored
from tests.servers.hapi import Hapi
from tests.servers.load import put
from tests.servers.proxy import Answer, Fault, Proxy, Rule, plain, slowly, status, trickling
from tests.servers.service import Service, serving, until
from tests.servers.world import MAPPING, World, started

FAULTS = test_bad_days.FAULTS | {"without permissions": status(403), "not deployed": status(404)}
NOBODY = {"resourceType": "", "id": ""}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shared_hapi: Hapi) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("outages"), shared_hapi) as made:
        made.once()
        yield made


def charged(world: World) -> list[dict[str, Any]]:
    """What was tried and failed."""
    ledger = world.ledger()
    try:
        reasons: list[dict[str, Any]] = ledger.status()["reasons"]
        return reasons
    finally:
        ledger.close()


def passed(world: World, routes: list[Route], **options: Any) -> Summary:
    """A pass that knows what the one before found out, as those of one process do."""
    ledger = world.ledger()
    try:
        return once(routes, ledger, MAPPING, **options)
    finally:
        ledger.close()


@pytest.mark.parametrize(("name", "which"), list(product(FAULTS, ("ehr", "pacs"))))
def test_an_outage_is_no_documents_fault(world: World, name: str, which: str) -> None:
    """Whatever the server does to all that it is asked: what is owed stays so, and is done by the first pass after."""
    number = 10 * list(FAULTS).index(name) + ("ehr", "pacs").index(which)
    for each in range(7):
        put(world.hapi.base, observation(f"outage-{number}-{each}", each))
    stored(world, f"2.25.77{number}")
    proxy = {"ehr": world.to_hapi, "pacs": world.to_orthanc}[which]
    with proxy.inject(FAULTS[name]):
        for _ in range(3):
            assert any(which in fault for fault in world.once().faults)
        assert charged(world) == []
    summary = world.once()
    assert summary.faults == []
    assert (summary.acts["to-dicom created"], summary.acts["to-fhir created"]) == (7, 1)
    assert report_of(world, f"2.25.77{number}")["status"] == "final"


def goes_down(proxy: Proxy) -> Fault:
    """From this call on."""

    def fault(handler: Any, answer: Any) -> None:
        proxy.rules.insert(0, Rule("", "", status(503), 1 << 30))
        status(503)(handler, answer)

    return fault


@pytest.mark.parametrize("workers", [1, 4])
def test_a_server_that_goes_while_documents_are_written(world: World, workers: int) -> None:
    """What was begun is finished by the first pass that it is there for."""
    for each in range(40):
        put(world.hapi.base, observation(f"midst-{workers}-{each}", each))
    (route,) = routes_of(settings(world.configuration))
    proxy = world.to_orthanc
    with proxy.inject(plain, "POST", "/instances", times=10), proxy.inject(goes_down(proxy), "POST", "/instances"):
        acts = passed(world, [route], workers=workers).acts
    assert charged(world) == []
    assert 0 < acts["to-dicom created"] < 40
    proxy.rules.clear()
    later = world.once()
    assert later.faults == []
    assert later.acts["to-dicom adopted"] >= 1, "whose answer was lost"
    assert acts["to-dicom created"] + later.acts["to-dicom created"] + later.acts["to-dicom adopted"] == 40
    assert all(len(world.srs_of(f"Observation/midst-{workers}-{each}")) == 1 for each in (0, 10, 39))


def test_while_it_is_down_it_is_asked_once_a_pass_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in range(20):
        put(world.hapi.base, observation(f"quiet-{each}", each))
    (route,) = routes_of(settings(world.configuration))
    monkeypatch.setattr(breaker, "FIRST_WAIT", 0.0)
    with world.to_orthanc.inject(status(503)) as rule:
        passed(world, [route])
        asked = len(rule.seen)
        for _ in range(3):
            passed(world, [route])
        assert asked <= 3
        assert len(rule.seen) <= asked + 3 * 3, "by the feed, and by one document"
    assert route.dicom.outage() is not None
    assert passed(world, [route]).acts["to-dicom created"] == 20
    assert route.dicom.outage() is None


def test_before_its_time_a_server_is_not_asked_at_all(world: World) -> None:
    put(world.hapi.base, observation("patient-server", 1))
    (route,) = routes_of(settings(world.configuration))
    with world.to_orthanc.inject(status(503, Retry_After="3600")) as rule:
        passed(world, [route])
        asked = len(rule.seen)
        assert any("503" in fault for fault in passed(world, [route]).faults)
        assert len(rule.seen) == asked
    assert world.once().acts["to-dicom created"] == 1


def test_other_routes_go_on(world: World, tmp_path: Path) -> None:
    """Two archives share a FHIR server; one of them is down."""
    said = yaml.safe_load(world.configuration.read_text())
    (tmp_path / "dicom").mkdir()
    said["stores"]["copy"] = {"kind": "folder", "path": str(tmp_path / "dicom"), "holds": "dicom"}
    said["routes"].append({"between": ["ehr", "copy"], "direction": "to-dicom"})
    (tmp_path / "bridge.yaml").write_text(yaml.safe_dump(said))
    to_pacs, to_copy = routes_of(settings(tmp_path / "bridge.yaml"))
    assert to_pacs.fhir is to_copy.fhir
    put(world.hapi.base, observation("two-ways", 1))
    with world.to_orthanc.inject(status(503)):
        assert passed(world, [to_pacs, to_copy]).acts["to-dicom created"] > 0
    assert len(list((tmp_path / "dicom").rglob("*.dcm"))) > 0
    assert to_pacs.dicom.outage() is not None
    assert passed(world, [to_copy]).faults == []
    assert world.once().acts["to-dicom created"] == 1


def test_what_one_document_provokes_is_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tried again later and later, and given up in the end; nothing else waits for it."""
    monkeypatch.setattr(outcome, "LAST_TRY", 3)
    bad = stored(world, "2.25.8801")
    with world.to_orthanc.inject(status(500), "GET", f"{bad}/file"):
        for tries in (1, 2):
            stored(world, f"2.25.880{tries + 1}")
            assert world.once().acts["to-fhir created"] == 1
            (one,) = charged(world)
            assert (one["key"], one["state"], one["attempts"]) == (bad, "owed", tries)
            world.later(7200)
        world.once()
        (one,) = charged(world)
        assert (one["state"], one["attempts"]) == ("dead", 3)
        assert one["reason"].endswith("answered 500; given up after 3 tries")
        world.later(7200)
        assert world.once().faults == []
    world.retry()
    assert world.once().acts["to-fhir created"] == 1


def test_a_server_that_forbids_one_search_is_not_taken_for_down(world: World) -> None:
    """We may be allowed Observations alone."""
    put(world.hapi.base, observation("allowed", 1))
    (route,) = routes_of(settings(world.configuration))
    with (
        world.to_hapi.inject(status(403), "GET", "/DiagnosticReport?"),
        world.to_hapi.inject(status(503), "POST", "/fhir", times=1),
    ):
        passed(world, [route])
        assert route.fhir.outage() is None
        world.later(7200)
        passed(world, [route])
    assert len(world.srs_of("Observation/allowed")) == 1


@pytest.mark.parametrize("code", [403, 507])
def test_what_a_server_refuses_for_now_is_tried_again(world: World, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission that is missing, a disk that is full: it is asked again, however often, and no person has to say
    so."""
    monkeypatch.setattr(outcome, "LAST_TRY", 1)
    put(world.hapi.base, observation(f"refused-{code}", 1))
    with world.to_orthanc.inject(status(code), "POST", "/instances"):
        world.once()
        (one,) = charged(world)
        assert (one["key"], one["state"]) == (f"Observation/refused-{code}", "owed")
        assert f"answered {code}" in one["reason"]
    world.later(7200)
    assert world.once().faults == []
    assert (len(world.srs_of(f"Observation/refused-{code}")), charged(world)) == (1, [])


def entry_of(key: str, code: int) -> Fault:
    """That entry of a batch is answered with the status, as HAPI answers what an interceptor refuses."""

    def fault(handler: Any, answer: Any) -> None:
        said = json.loads(answer.body)
        for number, one in enumerate(said.get("entry", [])):
            if said.get("type") == "batch-response" and reference_to(one.get("resource", NOBODY)) == key:
                said["entry"][number] = {"response": {"status": f"{code} Refused"}}
        plain(handler, Answer(answer.status, answer.headers, json.dumps(said)))

    return fault


@contextmanager
def refusing(world: World, key: str, code: int, **headers: str) -> Iterator[None]:
    """One resource is refused, whether it is asked for among others or alone; the server is well."""
    with (
        world.to_hapi.inject(entry_of(key, code), "POST", "/fhir"),
        world.to_hapi.inject(status(code, **headers), "GET", f"/fhir/{key}"),
    ):
        yield


def by(name: str, performer: str) -> dict[str, Any]:
    return observation(name, 1, performer=[{"reference": performer}])


@pytest.mark.parametrize("code", [401, 403, 408, 409, 423, 425, 429, 507])
def test_what_a_batch_refuses_for_now_is_tried_again(world: World, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry is judged as an answer is: it waits as long as the server says, a missing permission however often; what
    is read together with it is done."""
    monkeypatch.setattr(outcome, "LAST_TRY", 1 if code in (401, 403, 507) else 2)
    closed = f"Practitioner/closed-{code}"
    put(world.hapi.base, {"resourceType": "Practitioner", "id": f"closed-{code}"})
    put(world.hapi.base, by(f"refused-entry-{code}", closed))
    put(world.hapi.base, observation(f"beside-{code}", 1))
    with refusing(world, closed, code, Retry_After="1800"):
        assert world.once().acts["to-dicom created"] == 1
        assert len(world.srs_of(f"Observation/beside-{code}")) == 1
        (one,) = charged(world)
        assert (one["key"], one["state"]) == (f"Observation/refused-entry-{code}", "owed")
        assert f"{closed}: answered {code}" in one["reason"]
    world.later(1700)
    assert world.once().acts["to-dicom created"] == 0
    world.later(200)
    assert world.once().faults == []
    assert (len(world.srs_of(f"Observation/refused-entry-{code}")), charged(world)) == (1, [])


def test_what_is_refused_for_ever_stops_nothing_else(world: World) -> None:
    """A compartment that we may not read: its documents are first in the queue, and more than end a pass."""
    put(world.hapi.base, {"resourceType": "Practitioner", "id": "shut"})
    for each in range(2 * outcome.ENOUGH):
        put(world.hapi.base, by(f"shut-{each}", "Practitioner/shut"))
    with refusing(world, "Practitioner/shut", 403):
        world.once()
        world.later(7200)
        put(world.hapi.base, observation("not-shut", 1))
        assert world.once().acts["to-dicom created"] == 1
        assert {(one["state"], one["attempts"]) for one in charged(world)} == {("owed", 2)}
    world.later(7200)
    assert world.once().acts["to-dicom created"] == 2 * outcome.ENOUGH


def test_the_service_says_which_store_is_down(world: World, tmp_path: Path) -> None:
    said = yaml.safe_load(world.configuration.read_text()) | {"ledger": f"sqlite:///{tmp_path}/bridge.db"}
    name = 'fhir_dicom_store_down{store="%s"}'
    with world.to_orthanc.inject(status(503)), serving(tmp_path, said | {"interval": 3600}) as service:
        until(lambda: service.get("/ready")["down"] == ["pacs"])
        assert service.get("/ready")["ready"], "to start it again would mend nothing"
        assert "503" in service.get("/status")["down"]["pacs"]
        metrics = service.request("GET", "/metrics").text
        assert f"{name % 'pacs'} 1.0" in metrics and f"{name % 'ehr'} 0.0" in metrics
        world.to_orthanc.rules.clear()
        until(lambda: service.get("/ready")["down"] == [])
        until(lambda: service.get("/status")["owed"] == 0)
        assert service.get("/status")["reasons"] == []


@pytest.mark.parametrize(
    ("which", "path", "stores"),
    [("ehr", "/_history", ["ehr"]), ("pacs", "/instances?expand", ["ehr", "pacs"])],
)
def test_the_service_says_which_store_does_not_tell_its_news(
    world: World, tmp_path: Path, which: str, path: str, stores: list[str]
) -> None:
    """It answers all else: nothing is owed, nobody is asked, and nothing new is seen."""
    said = yaml.safe_load(world.configuration.read_text()) | {"ledger": f"sqlite:///{tmp_path}/bridge.db"}
    proxy = {"ehr": world.to_hapi, "pacs": world.to_orthanc}[which]
    with proxy.inject(status(403), "", path) as rule, serving(tmp_path, said | {"interval": 0.5}) as service:
        until(lambda: service.get("/ready")["unheard"] == stores)
        assert service.get("/ready")["ready"] and service.get("/ready")["down"] == []
        (unheard,) = service.get("/status")["unheard"]
        assert (unheard["route"], unheard["stores"]) == ("ehr-pacs", stores)
        assert which in unheard["why"] and "403" in unheard["why"]
        until(lambda: service.get("/status")["owed"] == 0)
        for name, store in product(("unheard", "lag"), stores):
            assert f'fhir_dicom_{name}_seconds{{route="ehr-pacs",store="{store}"}} 0.0\n' not in metrics(service)
        proxy.rules.remove(rule)
        if len(stores) == 1:  # they are compared again after five minutes
            until(lambda: service.get("/ready")["unheard"] == [])
            assert f'fhir_dicom_unheard_seconds{{route="ehr-pacs",store="{which}"}} 0.0\n' in metrics(service)


def metrics(service: Service) -> str:
    return service.request("GET", "/metrics").text


@pytest.mark.parametrize("where", ["head", "body"])
@pytest.mark.parametrize("which", ["ehr", "pacs"])
def test_an_answer_that_trickles_ends(world: World, monkeypatch: pytest.MonkeyPatch, which: str, where: str) -> None:
    """Each byte comes in time, the whole never does."""
    monkeypatch.setattr(deadline, "SECONDS", 1.0)
    with (
        world.to_hapi.inject(trickling(0.05, where == "body"), "POST", "/fhir"),
        world.to_orthanc.inject(trickling(0.05, where == "body"), "GET", "/file"),
    ):
        if which == "ehr":
            with pytest.raises(TemporaryError, match="no answer in time"):
                FhirStore("ehr", world.to_hapi.base).read(["Observation/x"])
        else:
            with pytest.raises(TemporaryError, match="no answer in time"):
                OrthancStore("pacs", world.to_orthanc.base).read(["0" * 40])


def test_what_is_slow_but_in_time_comes_whole(world: World) -> None:
    identifier = stored(world, "2.25.8901")
    with world.to_orthanc.inject(slowly(0.001), "GET", "/file"):
        (one,) = OrthancStore("pacs", world.to_orthanc.base).read([identifier])
    assert one is not None and one.item.data in world.instances()
