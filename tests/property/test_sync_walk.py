"""Whatever happens on either side, in whatever order, and wherever a pass is killed: both sides say the same in the
end, and one more pass writes nothing."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.settings.routes import RouteSettings
from bridge.settings.settings import Settings
from bridge.settings.stores import FolderSettings
from bridge.sync import run, worker
from bridge.sync.basis import failpoint
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from tests.integration.test_sync_edges import heads, observation, predecessors, report, store, values
from tests.integration.test_sync_folders import get, instances, put, tree
from tests.integration.test_sync_theirs import edited
from tests.integration.test_sync_void import DCM, file_of, rejected
from tests.integration.test_sync_void import note as reject
from tests.servers.postgresql import Postgresql

MAPPING = load(None)
NAMES = ("a", "b", "c")
CALM = 8  # passes after which nothing moves any more
QUIET = {"owed": 0, "absent": 0, "intents": 0}


class Killed(BaseException):
    """As SIGKILL: nothing that cleans up after an Exception may run."""


class Hospital:
    """Two folders, a ledger, and what happens there."""

    def __init__(self, folder: Path, ledger: str, workers: int, **policy: Any) -> None:
        self.folder, self.workers = folder, workers
        self.uids = itertools.count(1)
        self.values = itertools.count(1000)
        self.killed: tuple[str, int] | None = None
        stores: Any = {
            "fhir": FolderSettings(kind="folder", path=folder / "data" / "fhir", holds="fhir"),
            "dicom": FolderSettings(kind="folder", path=folder / "data" / "dicom", holds="dicom"),
        }
        for one in stores.values():
            one.path.mkdir(parents=True, exist_ok=True)
        route = RouteSettings(between=("fhir", "dicom"), **policy)
        self.settings = Settings(stores=stores, routes=(route,), ledger=ledger)

    def sync(self) -> dict[str, Any]:
        ledger = Ledger(self.settings.ledger)
        try:
            if (pause := ledger.pauses.of("fhir-dicom")) is not None:  # so many deletions at once: they are meant
                ledger.operations.resume("fhir-dicom", "tests", pause.name, deleted=True)
            once(routes_of(self.settings), ledger, MAPPING, workers=self.workers)
            return ledger.status()
        finally:
            ledger.close()

    def settle(self) -> dict[str, Any]:
        for _ in range(CALM):
            before, status = tree(self.folder / "data"), self.sync()
            if tree(self.folder / "data") == before and not status["paused"]:
                return status
        raise AssertionError(f"it does not come to rest: {status}")

    # -- what FHIR does
    def observe(self, name: str) -> None:
        put(self.folder, observation(name, next(self.values)))

    def order(self, name: str, *names: str) -> None:
        """A result may be of both reports."""
        if there := [one for one in names if self.has(f"Observation/{one}")]:
            put(self.folder, report(*there) | {"id": name})

    def group(self, *names: str) -> None:
        """A panel."""
        if there := [one for one in names if self.has(f"Observation/{one}")]:
            members = [{"reference": f"Observation/{one}"} for one in there]
            put(self.folder, observation("panel", next(self.values), hasMember=members))

    def lose(self) -> None:
        """The ledger, and nothing is deleted until there is one again: that would be there again, too."""
        self.settle()
        for file in self.folder.glob("bridge.db*"):
            file.unlink()
        self.settle()

    def status(self, key: str, status: str) -> None:
        if self.has(key):
            put(self.folder, get(self.folder, key) | {"status": status})

    def delete(self, key: str) -> None:
        if self.has(key):
            (self.folder / "data" / "fhir" / f"{key}.json").unlink()

    def has(self, key: str) -> bool:
        return (self.folder / "data" / "fhir" / f"{key}.json").exists()

    # -- what the PACS does
    def send(self) -> None:
        store(self.folder, f"2.25.{9000 + next(self.uids)}", f"text {next(self.values)}")

    def amend(self, which: int) -> None:
        """The newest version of an SR of somebody else."""
        if (head := self._head(which, theirs=True)) is not None:
            uid = f"2.25.{9000 + next(self.uids)}"
            store(self.folder, uid, f"text {next(self.values)}", predecessor=str(head.SOPInstanceUID))

    def edit(self, which: int) -> None:
        """The newest version of any SR, with all that stands privately in it."""
        if (head := self._head(which)) is not None:
            edited(self.folder, head, f"2.25.{9000 + next(self.uids)}", str(next(self.values)))

    def reject(self, which: int) -> None:
        if chain := self._chain(which):
            uid = f"2.25.{7000 + next(self.uids)}"
            reject(self.folder, DCM.RejectedForPatientSafetyReasons, *chain, uid=uid)

    def remove(self, which: int) -> None:
        for one in self._chain(which):
            file_of(self.folder, one).unlink()

    def _chain(self, which: int) -> list[Any]:
        """All versions of a document that are there."""
        there = instances(self.folder)
        found = [head] if (head := self._head(which)) is not None else []
        for one in found:
            found += [there[uid] for uid in predecessors(one) if uid in there and there[uid] not in found]
        return found

    def _head(self, which: int, *, theirs: bool = False) -> Any:
        found = [one for one in heads(self.folder) if one.Modality != "KO"]
        found = [one for one in found if one.PatientID and "FHIR" not in str(one)] if theirs else found
        found.sort(key=lambda one: str(one.SOPInstanceUID))
        return found[which % len(found)] if found else None

    # -- what both say
    def fhir_says(self) -> Counter[tuple[str, ...]]:
        folder = self.folder / "data" / "fhir"
        standing = {
            f"Observation/{file.stem}": one
            for file in (folder / "Observation").glob("*.json")
            if (one := json.loads(file.read_bytes()))["status"] not in ("entered-in-error", "cancelled")
        }
        reports = [json.loads(file.read_bytes()) for file in (folder / "DiagnosticReport").glob("*.json")]
        owners = [
            [one["reference"] for one in each.get("result", ())]
            for each in reports
            if each["status"] not in ("entered-in-error", "cancelled")
        ]
        for key, one in standing.items():
            if "hasMember" in one:
                owners.append([key, *(each["reference"] for each in one["hasMember"])])
        found = [[_value(standing[key]) for key in dict.fromkeys(keys) if key in standing] for keys in owners]
        claimed = {key for keys in owners for key in keys}
        alone = ((_value(one),) for key, one in standing.items() if key not in claimed)
        return Counter(map(_marks, [*found, *alone]))

    def dicom_says(self) -> Counter[tuple[str, ...]]:
        found = instances(self.folder)
        void = {uid for one in found.values() if one.Modality == "KO" for uid in rejected(one)}
        standing = [one for one in heads(self.folder) if one.Modality != "KO" and one.SOPInstanceUID not in void]
        return Counter(_marks(values(one)) for one in standing)


def _marks(values: Iterable[str]) -> tuple[str, ...]:
    """What this test wrote, of all that a document says."""
    return tuple(sorted(one for one in values if one.startswith("text") or (one.isdigit() and int(one) >= 1000)))


def _value(resource: dict[str, Any]) -> str:
    return str(resource.get("valueString") or resource.get("valueQuantity", {}).get("value"))


@contextmanager
def killed_at(name: str, passage: int) -> Iterator[None]:
    def kill(*_: int) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failpoint, "_AT", name)
        patch.setattr(failpoint, "_left", passage)
        patch.setattr(os, "kill", kill)
        yield


def killed(hospital: Hospital, name: str, passage: int) -> None:
    with killed_at(name, passage):
        try:
            hospital.sync()
        except Killed:
            note("killed")


observations = st.sampled_from(NAMES)
REPORTS = st.sampled_from(("r", "s"))
keys = st.sampled_from(
    [*(f"Observation/{name}" for name in (*NAMES, "panel")), "DiagnosticReport/r", "DiagnosticReport/s"]
)
which = st.integers(0, 5)
Steps = tuple[st.SearchStrategy[tuple[Any, ...]], ...]


def step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), *arguments)


OF_FHIR = (
    step("observe", observations),
    step("observe", observations),
    step("order", REPORTS, observations, observations),
    step("group", observations, observations),
    step("status", keys, st.sampled_from(("entered-in-error", "final"))),
    step("delete", keys),
)
OF_PACS = (
    step("send"),
    step("amend", which),
    step("edit", which),
    step("reject", which),
    step("remove", which),
)
OF_BRIDGE = (
    step("sync"),
    step("sync"),
    step("lose"),
    step("killed", st.sampled_from(failpoint.NAMES), st.integers(1, 4)),
)


POLICIES = st.fixed_dictionaries(
    {"conflicts": st.sampled_from(("fhir", "dicom")), "deleted": st.sampled_from(("mark", "delete"))}
)


WALKS = int(os.environ.get("WALKS", "60"))


@given(POLICIES, st.lists(st.one_of(*OF_FHIR, *OF_PACS, *OF_BRIDGE), max_size=20))
@settings(max_examples=WALKS, deadline=None)
def test_both_sides_say_the_same_in_the_end(policy: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        walk(Hospital(folder, f"sqlite:///{folder}/bridge.db", 1, **policy), steps)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(("side", "steps"), [("fhir", OF_FHIR), ("dicom", OF_PACS)])
def test_what_only_one_side_does_is_never_written_there(side: str, steps: Steps) -> None:
    @given(POLICIES, st.lists(st.one_of(*steps, *OF_BRIDGE), max_size=20))
    @settings(max_examples=WALKS // 4, deadline=None)
    def stays(policy: dict[str, Any], steps: list[tuple[Any, ...]]) -> None:
        folder = Path(tempfile.mkdtemp())
        try:
            hospital = Hospital(folder, f"sqlite:///{folder}/bridge.db", 1, **policy)
            done = tree(folder / "data" / side)
            for one in steps:
                before = tree(folder / "data" / side)
                assert before == done, steps
                act(hospital, *one)
                done = tree(folder / "data" / side) if one[0] not in ("sync", "killed", "lose") else before
            hospital.settle()
            assert tree(folder / "data" / side) == done
        finally:
            shutil.rmtree(folder)

    stays()


@given(
    POLICIES,
    st.lists(st.one_of(*OF_FHIR, *OF_PACS, step("sync")), max_size=20),
)
@settings(max_examples=WALKS // 4, deadline=None)
def test_whoever_of_several_workers_comes_first(
    postgresql: Postgresql, policy: dict[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "_EACH", 1)  # each of them has a part in it, however little there is
            patch.setattr(worker, "BATCH", 1)
            walk(Hospital(folder, postgresql.ledger(), 3, **policy), steps)
    finally:
        shutil.rmtree(folder)


def act(hospital: Hospital, name: str, *arguments: Any) -> None:
    if name == "killed":
        killed(hospital, *arguments)
    else:
        getattr(hospital, name)(*arguments)


def walk(hospital: Hospital, steps: list[tuple[Any, ...]]) -> None:
    for one in steps:
        act(hospital, *one)
    status = hospital.settle()
    assert {key: status[key] for key in QUIET} == QUIET, status
    if not status["held"] and not status["dead"]:
        assert hospital.fhir_says() == hospital.dicom_says()
    else:
        note(str(status["reasons"]))
