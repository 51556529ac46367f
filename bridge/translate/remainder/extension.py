"""The remainder on the FHIR side: an extension on the element that it belongs to, JSON as a string."""

from __future__ import annotations

import base64
import json

from bridge.errors import DamagedRemainderError
from bridge.model.group import Base64, Json, Resource
from bridge.model.names import REMAINDER_URL
from bridge.translate.basis.times import is_zone

MAX_STRING = 1 << 20
"""Characters of a string (FHIR R4 datatypes.html#string): what is longer is base64Binary, which has no such bound."""


def attach(home: dict[str, Json], of: str, remainder: dict[str, Json]) -> None:
    """`of`: `document` (header and root item) or `item`; one element may carry both."""
    text = _encoded(({} if of == "item" else {"of": of}) | remainder)
    value = {"valueString": text}
    if len(text) > MAX_STRING:
        value = {"valueBase64Binary": Base64(base64.b64encode(text.encode("utf-8")), "ascii")}
    home.setdefault("extension", []).append({"url": REMAINDER_URL} | value)


_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def attached(home: dict[str, Json] | None, of: str) -> dict[str, Json]:
    for extension in (home or {}).get("extension", ()):
        if extension.get("url") == REMAINDER_URL:
            try:
                found = json.loads(_text(extension))
            except (KeyError, TypeError, ValueError) as error:
                raise DamagedRemainderError from error
            if not isinstance(found, dict) or not _are_texts(found):
                raise DamagedRemainderError
            if found.get("of", "item") == of:
                return found
    return {}


def is_from_dicom(root: Resource) -> bool:
    """Whether it is the report of a document that was born in DICOM, by the remainder that says what that was."""
    return "digest" in attached(root, "document")


def is_told(remainder: dict[str, Json]) -> bool:
    """Whether the references of a group are said as its reader says them, and what is derived is named as its source
    names it. An earlier bridge left references as the source said them, and named by the reader; so does `convert`."""
    return "source" not in remainder or bool(remainder.get("told"))


def _are_texts(remainder: dict[str, Json]) -> bool:
    """Whether what ids, times and the comparison go by can be what it has to be."""
    return all(isinstance(remainder.get(name, ""), str) for name in _TEXTS) and (
        "zone" not in remainder or is_zone(remainder["zone"])
    )


_TEXTS = ("system", "source", "zone", "first", "version", "digest")


def _text(extension: dict[str, Json]) -> str:
    if "valueBase64Binary" in extension:
        return base64.b64decode(extension["valueBase64Binary"], validate=True).decode("utf-8")
    text: str = extension["valueString"]
    return text


def stripped(value: Json) -> Json:
    """A copy without our remainders; everything else is the very same."""
    if isinstance(value, dict):
        copy = {key: stripped(child) if isinstance(child, dict | list) else child for key, child in value.items()}
        if "extension" in copy and (kept := without_remainders(copy["extension"])) is not copy["extension"]:
            copy["extension"] = kept
            if not kept:
                del copy["extension"]
        return copy
    return [stripped(child) for child in value] if isinstance(value, list) else value


def without_remainders(extensions: Json) -> Json:
    """The very same where there is none."""
    if not isinstance(extensions, list):
        return extensions
    kept = [one for one in extensions if not (isinstance(one, dict) and one.get("url") == REMAINDER_URL)]
    return kept if len(kept) < len(extensions) else extensions
