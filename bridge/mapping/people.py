"""PN and Patient's Sex <-> HumanName and gender. All raise ValueError on what they cannot hold."""

from __future__ import annotations

import re

from bridge.mapping.texts import fhir_string
from bridge.model.extensions import values_of
from bridge.model.group import Json

REPRESENTATION_URL = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_DELIMITER = re.compile(r"[\^=\\]")
_NO_COMPONENT = re.compile(r"[\x00-\x1f\x7f^=\\]")
_COMMA = ", "
"""Between the components of a name in one string."""
_BETWEEN = re.compile(r"(?<!\S)=(?!\S)")
"""And between its component groups."""
_GROUP = 64  # characters of a component group (PS3.5 6.2, PN)
_REPRESENTATIONS = (None, "IDE", "SYL")
"""Of the component groups of a PN (PS3.5 6.2.1.2): alphabetic, which FHIR need not say, ideographic, phonetic."""


def _group(group: str, representation: str | None) -> dict[str, Json]:
    """HumanName of one component group; empty where it says nothing."""
    parts = [*(part.strip() for part in group.split("^")), "", "", "", "", ""][:5]
    found: dict[str, Json] = {}
    if parts[0]:
        found["family"] = parts[0]
    given = [part for part in (parts[1], parts[2]) if part]
    if given:
        found["given"] = given
    if parts[3]:
        found["prefix"] = [parts[3]]
    if parts[4]:
        found["suffix"] = [parts[4]]
    if not found or representation is None:
        return found
    return {"extension": [{"url": REPRESENTATION_URL, "valueCode": representation}]} | found


def name_of(human: dict[str, Json]) -> str:
    """HumanName -> PN; all given names but the first are middle names. What is longer than a component group is cut."""
    return _whole(human)[:_GROUP]


def _whole(human: dict[str, Json]) -> str:
    text = "^".join(map(_component, _parts(human))).rstrip("^")
    if not text.strip("^ "):
        raise ValueError("an empty name")
    return text


def _parts(human: dict[str, Json]) -> list[str]:
    given = human.get("given") or []
    parts = [
        human.get("family") or "",
        (given[0] if given else "") or "",
        " ".join(filter(None, given[1:])),
        " ".join(filter(None, human.get("prefix") or [])),
        " ".join(filter(None, human.get("suffix") or [])),
    ]
    return parts if any(parts) else [human.get("text") or ""]


def _component(text: str) -> str:
    """Without what has a meaning of its own in PN, and without control characters (PS3.5 6.2)."""
    return _NO_COMPONENT.sub(" ", text)


def person_string(pn: str) -> str:
    """PN (PS3.5 6.2.1) in one string: `Doe, Jane, , Dr.`, its groups with `=` between them, as a word of its own:
    `= 山田, 太郎` has no alphabetic one."""
    groups = [[part.strip() for part in group.split("^")] for group in pn.split("=")]
    said = [_COMMA.join(parts).rstrip(_COMMA) for parts in groups]
    while said and not said[-1]:
        said.pop()
    if not said:
        raise ValueError("an empty name")
    return fhir_string(" ".join(filter(None, [word for one in said for word in ("=", one)][1:])))


def person_of_string(text: str) -> str:
    """The PN again; a name that is written otherwise is one component, for nothing says which part of it is which."""
    groups = [_component(group.strip()).split(_COMMA) for group in _BETWEEN.split(fhir_string(text))]
    if not any(map(any, groups)):
        raise ValueError("an empty name")
    if len(groups) > 3 or any(len(parts) > 5 for parts in groups):
        return name_of({"text": text})
    return "=".join("^".join(parts)[:_GROUP] for parts in groups)


def person_text(name: dict[str, Json]) -> str:
    """HumanName -> how a person is spoken of: in ideographs and kana the family name is the first."""
    named = [*name.get("given", ()), name.get("family", "")]
    if _representation(name) is not None:
        named = named[-1:] + named[:-1]
    parts = (*name.get("prefix", ()), *named, *name.get("suffix", ()))
    return name.get("text") or " ".join(filter(None, parts))


def spoken(pn: str) -> str:
    """PN -> how a person is spoken of, by the first of its groups."""
    return person_text(names_to_fhir(pn)[0])


def names_to_fhir(pn: str) -> list[dict[str, Json]]:
    """A HumanName for each component group that says something, the alphabetic one first."""
    names = [_group(*both) for both in zip(pn.split("="), _REPRESENTATIONS, strict=False)]
    if not any(names):
        raise ValueError("an empty name")
    return [name for name in names if name]


def names_to_dicom(names: list[dict[str, Json]]) -> str:
    """Of each representation the official name, else the usual, else the first; a nickname, an anonymous, a temporary
    one, and former names, only where there is no other."""
    text = "=".join(group[:_GROUP] for group in _groups(names)).rstrip("=")
    if not text:
        raise ValueError("an empty name")
    return text


def is_cut(names: list[dict[str, Json]]) -> bool:
    """Whether a component group of PN does not hold all of the name."""
    return any(len(group) > _GROUP for group in _groups(names))


def is_respelled(names: list[dict[str, Json]]) -> bool:
    """Whether what has a meaning of its own in PN became blanks: such as a PN that stands in a text."""
    return any(_DELIMITER.search(part) for name in _chosen(names) if name for part in _parts(name))


def _groups(names: list[dict[str, Json]]) -> list[str]:
    return [_spelled(name) if name else "" for name in _chosen(names)]


def _chosen(names: list[dict[str, Json]]) -> list[dict[str, Json] | None]:
    """The name of each representation."""
    least = min(map(_former, names), default=(False, False))
    current = sorted((name for name in names if _former(name) == least), key=_by_use)
    return [next((name for name in current if _representation(name) == one), None) for one in _REPRESENTATIONS]


def _former(name: dict[str, Json]) -> tuple[bool, bool]:
    """Whether it is said to be former; and whether its period has an end (FHIR R4 HumanName.period), whenever that is:
    a translation has no clock."""
    return name.get("use") in ("old", "maiden"), "end" in name.get("period", {})


_USES = {"official": 0, "usual": 1, "nickname": 3, "anonymous": 4, "temp": 5}
"""FHIR R4 name-use, the best first; a name without one, which is current, stands between."""


def _by_use(name: dict[str, Json]) -> int:
    return _USES.get(name.get("use", ""), 2)


def _spelled(name: dict[str, Json]) -> str:
    try:
        return _whole(name)
    except ValueError:  # a name without any part
        return ""


def _representation(name: dict[str, Json]) -> str | None:
    """Whatever else than ideographic and phonetic is alphabetic, as a name is that says nothing of it."""
    said = values_of(name, REPRESENTATION_URL, "valueCode")
    return next((one for one in said if one in _REPRESENTATIONS), None)


_SEX = {"M": "male", "F": "female", "O": "other"}


def sex_to_fhir(text: str) -> str:
    if text not in _SEX:
        raise ValueError("not a Patient's Sex")
    return _SEX[text]


def sex_to_dicom(value: str) -> str:
    return {"male": "M", "female": "F", "other": "O"}.get(value, "")  # unknown: type 2, empty
