"""The conclusion of a report that was born in DICOM is a copy of its Conclusion (DCM 121077). Whoever corrects the copy
means that: a reader of the PACS would see the former one, in a version that counts as the newest."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.group import Group, Resource
from bridge.translate.basis.codeable import displays_in
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.basis.node import Home
from bridge.translate.native.asserted import is_denied
from bridge.translate.native.own_words import says_conclusion, says_impression

FOLLOWS = "DiagnosticReport.conclusion was edited: its document says so as Conclusion; correct that Observation, too"

DENIED = "DiagnosticReport.conclusion was edited, and components of its Observation say against it what they said"


def conclusion_in(group: Group) -> str | None:
    """Digest of a conclusion that one item says, and of the text of that, where modifiers make it longer; of several,
    nobody knows which one is meant."""
    said = group.root.get("conclusion")
    if not isinstance(said, str):
        return None
    texts = [text for _, home in _homes(group) if _is_said_by(text := home["valueString"].strip(), said.strip())]
    if len(texts) != 1:
        return None
    return _digest(said) + (_digest(texts[0]) if texts[0] != said.strip() else "")


def _is_said_by(text: str, said: str) -> bool:
    """In brackets stands what modifies it."""
    return said == text or (said.startswith(f"{text} (") and said.endswith(")"))


def with_conclusion(group: Group, before: str | None) -> tuple[Group, list[str]]:
    """The group whose Conclusion says what was edited; the very same, without a warning, where nothing was, or the item
    was edited itself. `before`: `conclusion_in` the document as it was."""
    now = group.root.get("conclusion")
    if before is None or not isinstance(now, str) or not now.strip() or _digest(now) == before[:_LENGTH]:
        return group, []
    text = before[_LENGTH:] or before
    found = [(owner, home) for owner, home in _homes(group) if _digest(home["valueString"]) == text]
    if len(found) != 1:
        return group, []
    ((owner, home),) = found
    said = _unmodified(now, home)
    dropped = said == now and is_denied(home, {})
    return group.with_resources({id(owner): _saying(owner, home, said)}), [FOLLOWS, *([DENIED] if dropped else [])]


def _unmodified(said: str, home: Home) -> str:
    """Less the brackets that repeat its components."""
    text, _, words = said.rstrip().rpartition(" (")
    values = [value for one in home.get("component", ()) for value in _words(one)]
    return text if text and words.endswith(")") and set(words[:-1].split(", ")) <= {*values} else said


def _words(component: Home) -> list[str]:
    value = component.get("valueCodeableConcept", {})
    return [*displays_in(value), *(value[key] for key in ("text",) if key in value), component.get("valueString", "")]


def _saying(owner: Resource, home: Home, now: str) -> Resource:
    if home is owner:
        return owner | {"valueString": now}
    return owner | {"component": [one | {"valueString": now} if one is home else one for one in owner["component"]]}


def _homes(group: Group) -> Iterator[tuple[Resource, Home]]:
    """Observations and components that say a conclusion, each with its Observation; an impression where none does."""
    observations = [one for one in group.members if one["resourceType"] == "Observation"]
    places = [(one, home) for one in observations for home in (one, *one.get("component", ())) if "valueString" in home]
    concluding = [(one, home) for one, home in places if says_conclusion(home)]
    return iter(concluding or [(one, home) for one, home in places if says_impression(home, one)])


def _digest(text: str) -> str:
    return digest(text.strip(), GUARD)


_LENGTH = len(_digest(""))
