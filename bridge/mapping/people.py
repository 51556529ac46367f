"""PN and Patient's Sex <-> HumanName and gender. All raise ValueError on what they cannot hold."""

from __future__ import annotations

import re

from bridge.mapping.texts import fhir_string
from bridge.model.group import Json


def person_name(pn: str) -> dict[str, Json]:
    """PN, alphabetic group (PS3.5 6.2.1) -> HumanName."""
    parts = [*(part.strip() for part in pn.split("=")[0].split("^")), "", "", "", "", ""][:5]
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
    if not found:
        raise ValueError("an empty name")
    return found


def name_of(human: dict[str, Json]) -> str:
    """HumanName -> PN; all given names but the first are middle names."""
    given = human.get("given") or []
    parts = [
        human.get("family") or "",
        given[0] if given else "",
        " ".join(filter(None, given[1:])),
        " ".join(filter(None, human.get("prefix") or [])),
        " ".join(filter(None, human.get("suffix") or [])),
    ]
    text = "^".join(re.sub(r"[\^=\\]", " ", part or "") for part in parts).rstrip("^")
    text = text or re.sub(r"[\^=\\]", " ", human.get("text") or "")
    if not text:
        raise ValueError("an empty name")
    return text[:64]


def person_string(pn: str) -> str:
    """PN (PS3.5 6.2.1) in one string: `Doe, Jane, , Dr.`, its groups with ` = ` between them."""
    groups = [[part.strip() for part in group.split("^")] for group in pn.split("=")]
    said = [", ".join(parts).rstrip(", ") for parts in groups if any(parts)]
    if not said:
        raise ValueError("an empty name")
    return fhir_string(" = ".join(said))


def person_of_string(text: str) -> str:
    """The PN again; a name that is written otherwise is one component, for nothing says which part of it is which."""
    groups = [re.sub(r"[\^=\\]", " ", group).split(", ") for group in fhir_string(text).split(" = ")]
    if len(groups) > 3 or any(len(parts) > 5 for parts in groups):
        return name_of({"text": text})
    return "=".join("^".join(parts)[:64] for parts in groups)


def person_text(name: dict[str, Json]) -> str:
    """HumanName -> how a person is spoken of."""
    parts = (*name.get("prefix", ()), *name.get("given", ()), name.get("family", ""), *name.get("suffix", ()))
    return name.get("text") or " ".join(filter(None, parts))


def names_to_fhir(pn: str) -> list[dict[str, Json]]:
    return [person_name(pn)]


def names_to_dicom(names: list[dict[str, Json]]) -> str:
    current = [name for name in names if name.get("use") not in ("old", "maiden")] or names
    by_use = {name.get("use"): name for name in reversed(current)}
    return name_of(by_use.get("official") or by_use.get("usual") or current[0])


_SEX = {"M": "male", "F": "female", "O": "other"}


def sex_to_fhir(text: str) -> str:
    if text not in _SEX:
        raise ValueError("not a Patient's Sex")
    return _SEX[text]


def sex_to_dicom(value: str) -> str:
    return {"male": "M", "female": "F", "other": "O"}.get(value, "")  # unknown: type 2, empty
