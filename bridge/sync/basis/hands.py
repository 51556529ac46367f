"""A document is in one worker's hands at a time, by whatever key of it a worker came."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.sync.basis.held import Busy
from bridge.sync.basis.route import Route


def take(route: Route, ledger: Ledger, keys: Iterable[str]) -> None:
    """What these resources, instances or SOP Instance UIDs belong to. Raises Busy where another worker has it."""
    known = set(keys)
    # whose they are is asked when nobody else can make them anybody's
    if not (holds(route, ledger, known) and ledger.leases.hold(ledger.links.documents(route.name, known))):
        raise Busy


def holds(route: Route, ledger: Ledger, names: Iterable[str]) -> bool:
    """Whether what has these names is this worker's to make; documents that are to be, too."""
    return ledger.leases.hold(_name(route, name) for name in names)


def document_of(route: Route, key: str, link: Link | None) -> str:
    """What the intents of a document are named by; of one that is to be, after the root resource or SOP Instance UID
    that it is made of."""
    return link.document if link is not None else _name(route, key)


def _name(route: Route, key: str) -> str:
    return f"{route.name}|{key}"


def is_mine(route: Route, ledger: Ledger, task: str) -> bool:
    """Tasks of the whole route, which one worker does: whoever comes first."""
    return ledger.leases.hold([_of_route(route, task)])


def is_nobodys(route: Route, ledger: Ledger, task: str) -> bool:
    """Whether nobody else is at it."""
    return ledger.leases.is_free(_of_route(route, task))


def _of_route(route: Route, task: str) -> str:
    return f"{route.name}|task {task}"
