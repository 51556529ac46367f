"""One tree of errors. The message says what, where (`file: path`) and what to do; it never holds patient data."""

from __future__ import annotations

import traceback


class BridgeError(Exception):
    """Anything the bridge refuses."""


class TemporaryError(BridgeError):
    """May go away by waiting: a later try may succeed, not before `wait` seconds."""

    def __init__(self, what: str, wait: float = 0) -> None:
        super().__init__(what)
        self.wait = wait


class RefusedError(TemporaryError):
    """A server lets us do it no more, or has no room, or a neighbour in a folder cannot be read: no document is at
    fault, however often it is tried."""


class WithheldError(RefusedError):
    """A server that answers all else does not let us read this one: what it belongs to waits, and nothing else."""


class LedgerError(TemporaryError):
    """The ledger itself cannot be read or written; no document is at fault, and none goes on without it."""


class OutageError(TemporaryError):
    """A server is down, or lets us in no more: no document is at fault, and none is charged with it."""


class PermanentError(BridgeError):
    """Will not go away by waiting: the input, or the configuration, has to change. `at`: the resource of the document
    that is at fault, where it is known."""

    def __init__(self, what: str, at: str | None = None) -> None:
        super().__init__(f"{at}: {what}" if at else what)
        self.what = what


class InvalidDicomError(PermanentError):
    """Bytes that are no readable DICOM file, or a document without what identifies it."""


class InvalidFhirError(PermanentError):
    """Text that is no JSON, or a resource that the FHIR models refuse."""


class MappingError(PermanentError):
    """Mappings with faults; `faults` lists every one as `file:line: what; remedy`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def defect(error: Exception) -> PermanentError:
    """What no error of ours is, by its place in the code: its message may hold a value."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return PermanentError(f"{type(error).__name__} in {where.name} ({where.filename}:{where.lineno})")


class LossError(PermanentError):
    """A translation that would lose something; it is refused."""


class DamagedRemainderError(PermanentError):
    """A remainder extension that does not hold what we wrote; take it out, and what it carried is lost."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


class UsageError(BridgeError):
    """Wrong usage or configuration: exit code 2."""
