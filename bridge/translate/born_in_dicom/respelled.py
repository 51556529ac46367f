"""What a server does to resources, and nobody has said: the same instant with another offset, or with zeros for a
fraction (FHIR R4 datatypes, instant), and a narrative that it generated (FHIR R4 Narrative.status)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from bridge.model.group import Group, Json, Resource
from bridge.translate.basis import times
from bridge.translate.remainder.json_patch import guard

_TIMES = frozenset({"start", "end", "issued", "date", "started", "time", "receivedTime", "valueInstant"})
_ZEROS = re.compile(r"\.?0+(?=[+-]\d\d:\d\d$)")


def spelled_in(group: Group, zone: str) -> dict[str, Json]:
    """To be remembered of the resources that a document became: the instants that they spell otherwise than the clock
    of its `zone` does, by that; and digests of their generated narratives."""
    spelled = dict[str, set[str]]()
    said = list[str]()
    for one in group.resources():
        _gather_times(one, said)
    for instant in dict.fromkeys(said):
        spelled.setdefault(_usual(instant, zone), set()).add(instant)
    unusual = {usual: one.pop() if len(one) == 1 else None for usual, one in spelled.items() if one != {usual}}
    found: dict[str, Json] = {"instants": unusual} if unusual else {}
    narrated = sorted({guard(one["text"]) for one in group.resources() if _is_generated(one)})
    return found | ({"narrated": narrated} if narrated else {})


def as_spelled(group: Group, remainder: dict[str, Json]) -> Group:
    """The group with instants and narratives as its document gave them; the very same where nobody has touched them.
    An instant that the document spells in two ways stays as it is."""
    zone, unusual = remainder["zone"], remainder.get("instants", {})

    def as_given(said: str) -> str:
        usual = _usual(said, zone)
        if times.offset_of(said) not in ("+00:00", times.offset_of(usual)):
            return said  # servers spell in UTC; an offset that is neither was chosen by somebody
        return unusual.get(usual, usual) or said

    new = {}
    for one in group.resources():
        spelled = _respelled(one, as_given)
        if _is_generated(one) and guard(one["text"]) not in remainder.get("narrated", ()):
            spelled = {key: value for key, value in spelled.items() if key != "text"}
        if spelled is not one:
            new[id(one)] = spelled
    return group.with_resources(new) if new else group


def _is_generated(resource: Resource) -> bool:
    """Whether its narrative says nothing that the resource does not."""
    return "text" in resource and resource["text"].get("status") == "generated"


@lru_cache(maxsize=256)
def _usual(instant: str, zone: str) -> str:
    """As a clock of that zone shows it, without zeros at the end of a fraction."""
    try:
        usual = times.in_zone(instant, zone)
    except ValueError:
        return instant  # of a calendar that Python does not know
    return _ZEROS.sub("", usual) if "." in usual else usual


@lru_cache(maxsize=1024)
def _names_time(key: str) -> bool:
    return key in _TIMES or key.endswith("DateTime")


def _is_time(key: str, value: Json) -> bool:
    return isinstance(value, str) and _names_time(key) and times.INSTANT.fullmatch(value) is not None


def _gather_times(element: Resource, into: list[str]) -> None:
    """A document has hundreds of elements, and few of them are times: their names are looked at where they stand."""
    for key, child in element.items():
        if isinstance(child, str):
            if "T" in child and _names_time(key) and times.INSTANT.fullmatch(child):
                into.append(child)
        elif isinstance(child, dict):
            _gather_times(child, into)
        elif isinstance(child, list):
            for one in child:
                if isinstance(one, dict):
                    _gather_times(one, into)


def _respelled(value: Json, as_given: Callable[[str], str]) -> Json:
    """The very same where no instant in it is spelled otherwise."""
    if isinstance(value, dict):
        new = {key: _child(key, child, as_given) for key, child in value.items()}
        return new if any(new[key] is not child for key, child in value.items()) else value
    if isinstance(value, list):
        each = [_respelled(child, as_given) for child in value]
        return each if any(one is not child for one, child in zip(each, value, strict=True)) else value
    return value


def _child(key: str, child: Json, as_given: Callable[[str], str]) -> Json:
    if not _is_time(key, child):
        return _respelled(child, as_given)
    given = as_given(child)
    return child if given == child else given
