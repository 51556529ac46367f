"""The ledger, for one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.exc import SQLAlchemyError

from bridge.errors import BridgeError, LedgerError
from bridge.ledger.ledger import Ledger
from bridge.settings.settings import Settings
from bridge.web.outcome import Refused
from bridge.web.passes import Passes

Records = Callable[[], Iterator[Ledger]]


def records_of(settings: Settings, passes: Passes | None) -> Records:
    """That of the passes; without passes it is opened beside the process that makes them. Raises Refused, 503."""

    def records() -> Iterator[Ledger]:
        ledger = passes.ledger if passes is not None else _beside(settings.ledger)
        try:
            yield ledger
        except (LedgerError, SQLAlchemyError) as error:
            raise Refused(503, f"the ledger does not answer: {type(error).__name__}", {"Retry-After": "10"}) from error
        finally:
            if passes is None:
                ledger.close()

    return records


def _beside(url: str) -> Ledger:
    try:
        return Ledger(url, reading=True)
    except BridgeError as error:
        raise Refused(503, str(error)) from error
