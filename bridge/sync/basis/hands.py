"""A document is in one worker's hands at a time, whichever of its keys a worker came by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.sync.basis.held import Busy
from bridge.sync.basis.route import Route

Task = Literal["take_resources", "take_instances", "reconcile"]
"""What one worker does for a whole route. These names are part of the leases in shared ledgers: a version of the bridge
with another name would do the task at the same time."""


def take(route: Route, ledger: Ledger, keys: Iterable[str]) -> None:
    """Takes in hand the resources, instances or SOP Instance UIDs with these keys, and the documents that they belong
    to. Raises Busy where another worker has one of them."""
    known = set(keys)
    # the keys first: only then can nobody else change which documents they belong to
    if not (holds(route, ledger, known) and ledger.leases.hold(ledger.names.documents(route.name, known))):
        raise Busy


def holds(route: Route, ledger: Ledger, names: Iterable[str]) -> bool:
    """Takes these names in hand, whether what they name exists yet or not. False where another worker has one of
    them."""
    return ledger.leases.hold(_name(route, name) for name in names)


def document_of(route: Route, key: str, link: Link | None) -> str:
    """The name of a document in the ledger. A document without link gets its name from the root resource, or the SOP
    Instance UID, that it is made from."""
    return link.document if link is not None else _name(route, key)


def _name(route: Route, key: str) -> str:
    return f"{route.name}|{key}"


def is_mine(route: Route, ledger: Ledger, task: Task) -> bool:
    """Takes a task of the whole route in hand. False where another worker does it at the moment."""
    return ledger.leases.hold([_of_route(route, task)])


def is_nobodys(route: Route, ledger: Ledger, task: Task) -> bool:
    """Whether no other worker is doing this task of the route."""
    return ledger.leases.is_free(_of_route(route, task))


def _of_route(route: Route, task: Task) -> str:
    return f"{route.name}|task {task}"
