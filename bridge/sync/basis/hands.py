"""A document is in one worker's hands at a time, by whatever key of it a worker came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.sync.basis.held import Busy
from bridge.sync.basis.route import Route

Task = Literal["take_resources", "take_instances", "reconcile"]
"""What one worker does for a whole route. Versions of the bridge that share a ledger lock by these names: one that is
changed is another task to them."""


def take(route: Route, ledger: Ledger, keys: Iterable[str]) -> None:
    """Takes these resources, instances or SOP Instance UIDs in hand, and the documents that they belong to. Raises Busy
    where another worker has one of them."""
    known = set(keys)
    # whose they are is asked when nobody else can make them anybody's
    if not (holds(route, ledger, known) and ledger.leases.hold(ledger.names.documents(route.name, known))):
        raise Busy


def holds(route: Route, ledger: Ledger, names: Iterable[str]) -> bool:
    """Takes what has these names in hand, be it there yet or not. False where another worker has one of them."""
    return ledger.leases.hold(_name(route, name) for name in names)


def document_of(route: Route, key: str, link: Link | None) -> str:
    """What the intents of a document are named by; of one that is to be, after the root resource or SOP Instance UID
    that it is made of."""
    return link.document if link is not None else _name(route, key)


def _name(route: Route, key: str) -> str:
    return f"{route.name}|{key}"


def is_mine(route: Route, ledger: Ledger, task: Task) -> bool:
    """Takes a task of the whole route in hand, which one worker does. False where another is at it."""
    return ledger.leases.hold([_of_route(route, task)])


def is_nobodys(route: Route, ledger: Ledger, task: Task) -> bool:
    """Whether no other worker is doing this task of the route."""
    return ledger.leases.is_free(_of_route(route, task))


def _of_route(route: Route, task: Task) -> str:
    return f"{route.name}|task {task}"
