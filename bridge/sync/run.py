"""One pass: take in what changed on both sides, then work until nothing is owed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress

from bridge.errors import BridgeError, LedgerError, defect
from bridge.ledger.ledger import Ledger
from bridge.mapping.mapping import Mapping
from bridge.sync.absence import carry_absences, carry_verdicts
from bridge.sync.basis.hands import Task, is_mine
from bridge.sync.basis.route import Route
from bridge.sync.chosen import check_chosen, heed_zone
from bridge.sync.listening.feed import take_instances, take_resources
from bridge.sync.listening.reconcile import reconcile
from bridge.sync.stuck import watched
from bridge.sync.summary import Summary
from bridge.sync.worker import Worker

_EACH = 10  # items owed for each further worker
_PAUSES = (0.02, 0.05, 0.1, *[0.3] * 20)  # seconds that a pass waits for what other workers have in hand: often briefly
_TRIES = 3  # to get a task of the whole route
_PAUSE = 0.3  # seconds between two of these tries
_BEAT = 30.0  # seconds after which a worker that waits for others tells the ledger that it lives
TASKS: dict[Task, Callable[[Route, Ledger], None]] = {
    "take_resources": take_resources,
    "take_instances": take_instances,
    "reconcile": reconcile,
}


def once(
    routes: Sequence[Route],
    ledger: Ledger,
    mapping: Mapping,
    *,
    reconciling: bool = False,
    resting: Collection[str] = (),
    workers: int = 1,
    stopped: Callable[[], bool] = lambda: False,
) -> Summary:
    """Makes one pass over the routes, with up to `workers` threads. `reconciling`: also compares everything in both
    stores with the ledger. `resting`: names of FHIR stores that are not asked what is new, nor is what they have said
    before done. Once `stopped` answers true, documents in hand are finished and no others are begun. Raises UsageError
    where a setting that is chosen once has been changed, or a later version has migrated the ledger."""
    summary = Summary()
    ledger.check_version()
    for odd in check_chosen(routes, ledger):
        summary.notice(odd)
    for route in routes:
        if odd_zone := heed_zone(route, ledger):
            summary.notice(odd_zone)
        worker = Worker(route, ledger, mapping.of_zone(route.timezone), stopped)
        try:
            _pass(worker, _tasks(route, resting, reconciling=reconciling), workers)
        except Exception:
            ledger.leases.close()
            raise
        ledger.leases.release()
        summary.add(worker.summary)
    return summary


def _tasks(route: Route, resting: Collection[str], *, reconciling: bool) -> Iterator[Task]:
    """The PACS is always asked: nothing is written there before its news are known."""
    if route.fhir.name not in resting:
        yield "take_resources"
    yield "take_instances"
    if reconciling:
        yield "reconcile"


def _pass(worker: Worker, tasks: Iterator[Task], workers: int) -> None:
    route, ledger = worker.route, worker.ledger
    if _paused(worker):
        return
    ledger.work.give_back()  # of a pass that broke
    ledger.work.reap(ledger.leases.is_alive)
    carry_verdicts(worker)
    taken_in = {task: _take_in(worker, task) for task in tasks}
    worker.heard = taken_in["take_instances"] and "take_resources" in taken_in
    worker.summary.compared = taken_in.get("reconcile", True)
    for unread in filter(None, (route.fhir.unread(), route.dicom.unread())):
        worker.summary.notice(unread)
    if _paused(worker):
        return
    with watched():
        _work(worker, workers)
        if carry_absences(worker, compared="reconcile" in taken_in and all(taken_in.values())):
            _work(worker, workers)
    ledger.intents.sweep(route.name)
    if route.settle and worker.heard and (seconds := ledger.work.more_in(route.name)) is not None:
        worker.summary.more_in = seconds


def _paused(worker: Worker) -> bool:
    reason = worker.ledger.pauses.reasons().get(worker.route.name)
    if reason is not None:
        worker.summary.paused.add(worker.route.name)
        worker.summary.fault(f"{worker.route.name}: paused: {reason}")
    return reason is not None


def _take_in(worker: Worker, task: Task) -> bool:
    """One worker does the task for all; the others meanwhile work at what is owed. Whether this one did it, and
    nothing failed."""
    if worker.stopped() or not _comes_first(worker, task):
        return False
    why: str | None = None
    begun = time.monotonic()
    try:
        TASKS[task](worker.route, worker.ledger)
    except BridgeError as error:
        why = str(error)  # the other side, and what is owed already, go on
    except Exception as error:  # noqa: BLE001 - a defect of ours, or an answer like none before: so do other routes
        why = f"{worker.route.name}: {task}: {defect(error)}"
    if why is not None:
        worker.summary.fault(why)
    told_by = _told_by(worker.route)[task]
    worker.summary.heard[worker.route.name, told_by] = why
    worker.summary.listened(dict.fromkeys(told_by, time.monotonic() - begun))
    worker.ledger.leases.release()
    return why is None


def _told_by(route: Route) -> dict[Task, tuple[str, ...]]:
    """By task, the names of the stores that it listens to."""
    fhir, dicom = route.fhir.name, route.dicom.name
    return {"take_resources": (fhir,), "take_instances": (dicom,), "reconcile": (fhir, dicom)}


def _comes_first(worker: Worker, task: Task) -> bool:
    """Whether this worker got the task. It tries a few times, because another one may hold the lease only for the
    moment in which it asks whether anybody is at it."""
    for _ in range(_TRIES):
        if is_mine(worker.route, worker.ledger, task):
            return True
        time.sleep(_PAUSE)
    return False


def _work(worker: Worker, workers: int) -> None:
    owed = worker.ledger.work.owed(worker.route.name)
    others = [_Other(worker) for _ in range(min(workers, 1 + owed // _EACH) - 1)]
    for other in others:
        other.start()
    try:
        _to_the_end(worker)
    finally:
        for other in others:
            while other.is_alive():
                other.join(_BEAT)
                with suppress(LedgerError):  # a lost session is raised again by the next call, when all have ended
                    worker.ledger.leases.keep()
    for other in others:
        worker.summary.add(other.summary())


def _to_the_end(worker: Worker) -> None:
    for pause in _PAUSES:
        if worker.work() or worker.stopped() or worker.outcomes.outage:
            return
        time.sleep(pause)


class _Other(threading.Thread):
    """A further worker of the same route."""

    def __init__(self, first: Worker) -> None:
        super().__init__(name="worker")
        self._ledger = first.ledger.another()
        self._worker = Worker(first.route, self._ledger, first.mapping, first.stopped)
        self._worker.heard = first.heard
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            _to_the_end(self._worker)
            self._ledger.leave()
        except Exception as error:  # noqa: BLE001 - `summary` raises it again, in the thread that waits for this one
            self._error = error
            with suppress(LedgerError):
                self._ledger.work.give_back()
            self._ledger.leases.close()

    def summary(self) -> Summary:
        """Raises what ended it."""
        if self._error is not None:
            raise self._error
        return self._worker.summary
