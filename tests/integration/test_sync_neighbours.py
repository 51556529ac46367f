"""Documents and routes beside one another: what happens to one is not the fate of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.errors import PermanentError, TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.stores.folder import InstanceFolder
from bridge.sync.basis.held import Busy, Held, Waiting
from bridge.sync.basis.route import Route
from bridge.sync.crossing.to_dicom import ToDicom
from bridge.sync.documents.resources import Present
from bridge.sync.run import once
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.rejection import rejection_of
from tests.folders import MAPPING, passed, route_of
from tests.integration.test_sync_edges import observation, report
from tests.integration.test_sync_folders import get, put

Failures = dict[str, list[Exception]]


@pytest.fixture
def now() -> list[float]:
    return [1e9]


@pytest.fixture
def ledger(tmp_path: Path, now: list[float]) -> Iterator[Ledger]:
    found = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now[0])
    yield found
    found.close()


# -- two routes on one store -----------------------------------------------------------------------------------------
@pytest.fixture
def routes(tmp_path: Path) -> tuple[Route, Route]:
    first = route_of(tmp_path)
    (tmp_path / "other").mkdir(exist_ok=True)
    beside = (("fhir-dicom", "dicom"),)
    other = InstanceFolder("other", tmp_path / "other")
    second = Route("fhir-other", first.fhir, other, "to-dicom", "fhir", None, "Europe/Berlin", beside=beside)
    return first, second


def standing(route: Route) -> set[tuple[str, ...]]:
    """Numbers of each SR that no note rejects and no other supersedes."""
    documents = [_document(route, seen.key) for seen in route.dicom.listing()]
    notes = [found for one in documents if (found := rejection_of(one)) is not None]
    void = {uid for note in notes for uid in note.instances}
    left = [one for one in documents if rejection_of(one) is None and version_of(one).sop_instance not in void]
    superseded = {former.sop_instance for one in left for former in superseded_by(one.header)}
    heads = [one for one in left if version_of(one).sop_instance not in superseded]
    return {tuple(sorted(_numbers(one.root))) for one in heads}


def _document(route: Route, key: str) -> Any:
    (stored,) = route.dicom.read([key])
    assert stored is not None
    return structured_report.read(stored.item.data)


def _numbers(item: Any) -> list[str]:
    own = [str(one) for one in getattr(item.value, "values", ())]
    return own + [number for child in item.children for number in _numbers(child)]


def reported(tmp_path: Path, routes: tuple[Route, Route], ledger: Ledger) -> None:
    """Two results and their report, in step with both."""
    for number, name in enumerate(("a", "b")):
        put(tmp_path, observation(name, 70 + number))
    put(tmp_path, report("a", "b"))
    for route in routes:
        passed(route, ledger)


def test_a_result_that_leaves_its_report_is_a_document_in_both(
    tmp_path: Path, routes: tuple[Route, Route], ledger: Ledger
) -> None:
    reported(tmp_path, routes, ledger)
    put(tmp_path, report("a"))
    for route in routes:
        passed(route, ledger)
    first, second = map(standing, routes)
    assert first == second and len(first) == 2


def test_results_of_a_report_that_is_deleted_stand_in_both(
    tmp_path: Path, routes: tuple[Route, Route], ledger: Ledger
) -> None:
    reported(tmp_path, routes, ledger)
    (tmp_path / "data" / "fhir" / "DiagnosticReport" / "r.json").unlink()
    for route in routes * 2:
        passed(route, ledger)
    first, second = map(standing, routes)
    assert first == second and len(first) == 2


# -- two documents of one component ----------------------------------------------------------------------------------
@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failures:
    """What the next tries to settle a document raise, by its root; then it is settled."""
    failures: Failures = {}
    settle = ToDicom.settle

    def tried(self: ToDicom, present: Present) -> str:
        if left := failures.get(present.root):
            raise left.pop(0)
        return settle(self, present)

    monkeypatch.setattr(ToDicom, "settle", tried)
    return failures


@pytest.fixture
def two_reports(tmp_path: Path) -> Callable[[], None]:
    """That share a result."""

    def laid() -> None:
        put(tmp_path, observation("shared", 70))
        for name in ("a", "b"):
            put(tmp_path, report("shared") | {"id": name})

    return laid


A, B, SHARED = "DiagnosticReport/a", "DiagnosticReport/b", "Observation/shared"


@pytest.mark.parametrize(
    ("one", "state"),
    [(PermanentError("no"), "dead"), (Held("decide"), "held"), (KeyError("a defect"), "dead")],
)
@pytest.mark.parametrize("other", [TemporaryError("503"), Waiting("first"), Busy()])
def test_what_one_is_dead_of_is_not_what_the_other_waits_for(
    tmp_path: Path,
    ledger: Ledger,
    now: list[float],
    failing: Failures,
    two_reports: Callable[[], None],
    one: Exception,
    state: str,
    other: Exception,
) -> None:
    route = route_of(tmp_path)
    two_reports()
    failing |= {A: [one] * 9, B: [other]}
    once([route], ledger, MAPPING)
    now[0] += 400
    once([route], ledger, MAPPING)
    left = {row["key"]: row["state"] for row in ledger.status()["reasons"]}
    assert left.pop(A) == state
    assert left in ({}, {SHARED: state})
    assert ledger.links.of(route.name, B) is not None
    assert ledger.links.of(route.name, A) is None


def test_a_neighbour_that_fails_is_tried_again_for_itself(
    tmp_path: Path, ledger: Ledger, now: list[float], failing: Failures
) -> None:
    """A result that its report leaves is a document of its own now, and has no news of its own."""
    route = route_of(tmp_path)
    put(tmp_path, observation("shared", 70))
    put(tmp_path, report("shared") | {"id": "a"})
    passed(route, ledger)
    empty = {key: said for key, said in report().items() if key != "result"}
    put(tmp_path, empty | {"id": "a", "conclusion": "no result"})
    failing[SHARED] = [TemporaryError("503")]
    once([route], ledger, MAPPING)
    assert standing(route) == {()}
    now[0] += 400
    once([route], ledger, MAPPING)
    assert standing(route) == {(), ("70",)}
    assert ledger.status()["reasons"] == []


# -- what cannot be done any more ------------------------------------------------------------------------------------
def test_an_instance_that_was_refused_and_is_gone_stops_no_edit(
    tmp_path: Path, ledger: Ledger, now: list[float]
) -> None:
    """Though something else in the route is dead."""
    route = route_of(tmp_path)
    put(tmp_path, observation("hr", 70))
    passed(route, ledger)
    link = ledger.links.of(route.name, "Observation/hr")
    assert link is not None
    ledger.work.owe(route.name, route.fhir.name, "Observation/lost")
    (work,) = ledger.work.claim(route.name, route.fhir.name, 1)
    ledger.work.put_off(work, "dead", "it is")
    name = link.document
    ledger.intents.intend(route.name, name, "to-fhir:1.2/3.4/5.6", "fhir", ["Observation/hr", "5.6"])
    put(tmp_path, observation("hr", 71))
    once([route], ledger, MAPPING)
    assert ledger.links.of(route.name, "Observation/hr") == link, "what was begun comes first"
    ledger.work.owe(route.name, route.dicom.name, "1.2/3.4/5.6")  # which is not there
    now[0] += 400
    once([route], ledger, MAPPING)
    after = ledger.links.of(route.name, "Observation/hr")
    assert after is not None and after.head != link.head


# -- what leaves a document -------------------------------------------------------------------------------------------
def settled(route: Route, ledger: Ledger, passes: int = 3) -> None:
    for _ in range(passes):
        passed(route, ledger)


@pytest.mark.parametrize("then", ["edited", "entered-in-error"])
def test_a_result_of_a_void_report_goes_on_by_its_own_chain(tmp_path: Path, ledger: Ledger, then: str) -> None:
    """The report's withdrawal takes nothing back."""
    route = route_of(tmp_path)
    put(tmp_path, observation("a", 70))
    put(tmp_path, observation("b", 71))
    put(tmp_path, report("b"))
    settled(route, ledger, 1)
    put(tmp_path, report("b") | {"status": "entered-in-error"})
    settled(route, ledger)
    assert standing(route) == {("70",), ("71",)}
    more = {"status": "entered-in-error"} if then == "entered-in-error" else {}
    put(tmp_path, observation("b", 72, **more))
    settled(route, ledger)
    assert standing(route) == ({("70",)} if more else {("70",), ("72",)})


@pytest.mark.parametrize("how", ["void", "deleted", "dropped"])
def test_a_result_that_stood_alone_before_its_report_stands_after_it(tmp_path: Path, ledger: Ledger, how: str) -> None:
    """It says what it said at first: in a new instance, which no note about the report rejects."""
    route = route_of(tmp_path)
    put(tmp_path, observation("x", 70))
    put(tmp_path, observation("y", 71))
    settled(route, ledger, 1)
    put(tmp_path, report("x", "y"))
    settled(route, ledger, 1)
    if how == "deleted":
        (tmp_path / "data" / "fhir" / "DiagnosticReport" / "r.json").unlink()
    else:
        put(tmp_path, report("x", "y") | {"status": "entered-in-error"} if how == "void" else report("y"))
    settled(route, ledger)
    assert standing(route) == {("70",), ("71",)}
    assert get(tmp_path, "Observation/x")["status"] == "final"


def test_members_of_a_void_panel_stand_alone(tmp_path: Path, ledger: Ledger) -> None:
    route = route_of(tmp_path)
    for name, value in (("a", 70), ("b", 71), ("z", 9)):
        put(tmp_path, observation(name, value))
    members = [{"reference": f"Observation/{name}"} for name in ("a", "b")]
    put(tmp_path, observation("p", 1, hasMember=members))
    settled(route, ledger, 1)
    put(tmp_path, observation("p", 1, hasMember=members, status="entered-in-error"))
    settled(route, ledger)
    assert standing(route) == {("70",), ("71",), ("9",)}
    put(tmp_path, observation("a", 72))
    settled(route, ledger)
    assert standing(route) == {("72",), ("71",), ("9",)}


# -- documents that only have to do with each other ------------------------------------------------------------------
@pytest.mark.parametrize("stamp", ["a", "z"])
def test_what_an_extension_refers_to_has_its_own_document(tmp_path: Path, ledger: Ledger, stamp: str) -> None:
    """The time stamp of a Personal Health Device is about the device, and every measurement refers to it."""
    route = route_of(tmp_path)
    url = "http://hl7.org/fhir/uv/phd/StructureDefinition/CoincidentTimeStampReference"
    said = {"extension": [{"url": url, "valueReference": {"reference": f"Observation/{stamp}"}}]}
    put(tmp_path, {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:h", "value": "1"}]})
    put(tmp_path, {"resourceType": "Device", "id": "d"})
    put(tmp_path, observation(stamp, 1000, subject={"reference": "Device/d"}))
    put(tmp_path, observation("o", 2000, subject={"reference": "Patient/p"}, **said))
    assert passed(route, ledger) == {"to-dicom created": 2}
    assert standing(route) == {("1000",), ("2000",)}
    assert passed(route, ledger) == {}
    put(tmp_path, observation(stamp, 1001, subject={"reference": "Device/d"}))
    assert passed(route, ledger) == {"to-dicom updated": 1}
    assert standing(route) == {("1001",), ("2000",)}
