"""What an archive says of an instance that it was sent: the response of STOW-RS (PS3.18 10.5.3 and I.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bridge.errors import BridgeError, PermanentError, RefusedError, TemporaryError
from bridge.model.group import Json

_FAILED, _STORED, _OTHER = "00081198", "00081199", "0008119A"  # Failed and Referenced SOP, Other Failures Sequence
_FAILURE, _WARNING = "00081197", "00081196"


class _Meaning(NamedTuple):
    words: str
    kind: type[BridgeError]
    remedy: str


_NO_SR = "does the archive take Structured Reports, and Key Object Selections?"
_FAILURES = {  # PS3.18 table I.2-2
    0xC122: _Meaning("transfer syntax not supported", PermanentError, "have it take Explicit VR Little Endian"),
    0x0110: _Meaning("processing failure", PermanentError, "see its log"),
    0x0122: _Meaning("SOP Class not supported", PermanentError, _NO_SR),
    0x0112: _Meaning("SOP Class not supported", PermanentError, _NO_SR),  # of PS3.7, as is the next
    0x0124: _Meaning("not authorized", RefusedError, "permission is missing"),
}
_RANGES = {  # the same, by the first digits
    0xA7: _Meaning("out of resources", RefusedError, "make room there"),
    0xA9: _Meaning("data set does not match SOP Class", PermanentError, "what it checks, its log says"),
}
_NOT_UNDERSTOOD = _Meaning("cannot understand", PermanentError, "its log says which element")  # Cxxx
_UNKNOWN = _Meaning("a reason of its own", PermanentError, "its conformance statement says what it means")
_WARNINGS = {  # PS3.18 table I.2-1
    0xB000: "Coercion of Data Elements",
    0xB006: "Elements Discarded",
    0xB007: "Data Set does not match SOP Class",
}


def refusal(answer: Json, what: str) -> BridgeError:
    """Why `what` is not there, by an answer that may say nothing: then it may come still."""
    reasons = list(_reasons(answer, (_FAILED, _OTHER), _FAILURE))
    if reasons:
        meaning = _meaning(reasons[0])
        return meaning.kind(f"{what} was not stored: {reasons[0]:04X}, {meaning.words}; {meaning.remedy}")
    if answer and not _items(answer, _STORED):
        return PermanentError(f"{what} was not stored, and it does not say why; see its log")
    return TemporaryError(f"{what} was stored and is not there")


def warning(answer: Json) -> str:
    """What it warns of, as the end of a sentence; empty where it does not."""
    found = next(_reasons(answer, (_STORED,), _WARNING), None)
    return "" if found is None else f" (it says {found:04X}{_named(found)})"


def _named(reason: int) -> str:
    return f", {_WARNINGS[reason]}" if reason in _WARNINGS else ""


def _meaning(reason: int) -> _Meaning:
    found = _FAILURES.get(reason) or _RANGES.get(reason >> 8)
    return found or (_NOT_UNDERSTOOD if reason >> 12 == 0xC else _UNKNOWN)


def _reasons(answer: Json, sequences: tuple[str, ...], tag: str) -> Iterator[int]:
    """US, a number or text of one."""
    for one in (item for sequence in sequences for item in _items(answer, sequence)):
        yield from (int(value) for value in map(str, _values(one, tag)) if value.isdecimal() and len(value) < 6)


def _items(answer: Json, sequence: str) -> list[Json]:
    return [one for one in _values(answer, sequence) if isinstance(one, dict)]


def _values(item: Json, tag: str) -> list[Json]:
    said = item.get(tag)
    found = said.get("Value") if isinstance(said, dict) else None
    return found if isinstance(found, list) else []
