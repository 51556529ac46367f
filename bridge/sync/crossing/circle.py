"""Whether what a version in the PACS says goes in a circle: routes that share stores may each carry on what another has
carried, and two values that are both upheld then take turns for ever. What this route has carried to FHIR several times
before is for a person to decide. What people edit in FHIR, back and forth, is never asked on their own route."""

from __future__ import annotations

import hashlib
import re

from bridge.sync.crossing.arrival import Arrival, Said
from bridge.sync.decision.content import resources_text
from bridge.translate.remainder.extension import stripped

ROUNDS = 3  # times that a content is carried before a person is asked: there, back, and back again are corrections
_KEPT = 16  # digests: of five contents that take turns three rounds
_LENGTH = 16  # of a digest, in hexadecimal digits
_UID = re.compile(r"[0-2](?:\.\d+){2,}")


def is_circle(arrival: Arrival, said: Said) -> bool:
    """Whether the version says once more what was carried that often."""
    before = _before(arrival)
    return len(before) >= ROUNDS and not _is_known(arrival) and before.count(_content(said)) >= ROUNDS


def carried(arrival: Arrival, said: Said) -> str:
    """`Link.carried`, once what the version says is carried. It begins anew where a person has let a circle pass."""
    before = _before(arrival)
    if _is_known(arrival):
        return " ".join(before)
    content = _content(said)
    return " ".join([*before, content][-_KEPT:]) if before.count(content) < ROUNDS else ""


def _before(arrival: Arrival) -> list[str]:
    return arrival.link.carried.split() if arrival.link is not None else []


def _is_known(arrival: Arrival) -> bool:
    """The first version, or the newest one looked at again."""
    return arrival.link is None or arrival.version.sop_instance == arrival.link.head


def _content(said: Said) -> str:
    """Digest of what it says, whichever version says it: without our remainders, and without UIDs, for each version has
    one of its own, and a report names it."""
    text = _UID.sub("", resources_text(map(stripped, said.resources.values())))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
