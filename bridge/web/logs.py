"""JSON lines on standard error, of the bridge and of uvicorn alike. No URLs, and of exceptions no messages but our own:
these never hold patient data, those of libraries may."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict

from bridge.errors import BridgeError


def configure() -> None:
    """For this process, once."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_messages,
    ]
    ours = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
    structlog.configure(
        processors=[*shared, ours],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in ("sqlalchemy", "urllib3", "alembic", "pydicom"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("uvicorn.access").disabled = True  # it writes URLs
    logging.getLogger("uvicorn.error").addFilter(_Seldom())
    threading.excepthook = _thread_died


class _Seldom(logging.Filter):
    """What is no HTTP is no request, and not counted as one: whoever sends it must not fill the disk with warnings."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}  # by the text in the code: there are few

    def filter(self, record: logging.LogRecord) -> bool:
        last = self._said.get(str(record.msg), 0.0)
        if record.levelno == logging.WARNING and record.created - last < 1:
            return False
        self._said[str(record.msg)] = record.created
        return True


def _thread_died(found: threading.ExceptHookArgs) -> None:
    """Python would print what it says."""
    name = found.thread.name if found.thread is not None else "unknown"
    structlog.stdlib.get_logger("bridge").error("a thread died", thread=name, exc_info=found.exc_value)


def _without_messages(_: Any, __: str, event: EventDict) -> EventDict:
    """Of an exception: its type, and where it was raised."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = str(error) if isinstance(error, BridgeError) else type(error).__name__
        event["where"] = [f"{one.filename}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)][-5:]
    return event
