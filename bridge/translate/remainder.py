"""The remainder: what one side holds that the other has no native place for, as a guarded difference.

`to_fhir` translates natively, translates that back natively, and keeps what differs; `to_dicom` likewise. Each piece is
guarded by a digest of the native value it replaces: where that has changed since, the native value wins and the piece
is dropped and reported, never re-aimed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import lru_cache

from bridge.errors import DamagedRemainderError
from bridge.model.dataset import Charset, DataSet, Element
from bridge.model.group import Base64, Json
from bridge.model.names import REMAINDER_URL
from bridge.model.tags import CONCEPT, VALUE_TAGS
from bridge.translate.digests import GUARD, digest
from bridge.translate.element_json import element_json, element_of

MAX_STRING = 1 << 20
"""Characters of a string (FHIR R4 datatypes.html#string): what is longer is base64Binary, which has no such bound."""

Group = Callable[[int], str]
"""Tags whose elements stand and fall together."""


@lru_cache(maxsize=4096)
def item_group(tag: int) -> str:
    return "c" if tag == CONCEPT else "v" if tag in VALUE_TAGS else f"{tag:08X}"


@lru_cache(maxsize=4096)
def header_group(tag: int) -> str:
    return f"{tag:08X}"


# -- data sets ------------------------------------------------------------------------------------------------------
def difference(native: DataSet, wanted: DataSet, group: Group, charset: Charset) -> dict[str, Json]:
    """What turns `native` into `wanted`: `{"e": {tag: element | null}, "g": {group: guard}}`; empty if equal."""
    if native == wanted:
        return {}
    have, want = ({element.tag: element for element in one} for one in (native, wanted))
    elements = {
        f"{tag:08X}": element_json(want[tag], charset) if tag in want else None
        for tag in sorted(have.keys() | want.keys())
        if have.get(tag) != want.get(tag)
    }
    guards = _Guards(native, group)
    said = {name: guard for tag in elements if (guard := guards.of(name := group(int(tag, 16))))}
    return {"e": elements} | ({"g": said} if said else {})


def patched(native: DataSet, patch: dict[str, Json], group: Group, charset: Charset) -> tuple[DataSet, list[str]]:
    """`native` with the patch; and the groups of it whose native value has changed, which stay native."""
    said, guards = patch.get("g", {}), _Guards(native, group)
    dropped: set[str] = set()
    found = {element.tag: element for element in native}
    for name, element in patch.get("e", {}).items():
        try:
            tag = int(name, 16)
        except ValueError as error:
            raise DamagedRemainderError from error
        belongs = group(tag)
        if guards.of(belongs) != said.get(belongs):
            dropped.add(belongs)
        elif element is None:
            found.pop(tag, None)
        else:
            found[tag] = element_of(tag, element, charset)
    return tuple(found[tag] for tag in sorted(found)), sorted(dropped)


class _Guards:
    """Digests of the native elements, by their group."""

    def __init__(self, native: DataSet, group: Group) -> None:
        self.groups: dict[str, list[Element]] = {}
        for element in native:
            self.groups.setdefault(group(element.tag), []).append(element)

    def of(self, name: str) -> str | None:
        return digest(repr(self.groups[name]), GUARD) if name in self.groups else None


# -- where it lives in FHIR -----------------------------------------------------------------------------------------
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
            if not isinstance(found, dict):
                raise DamagedRemainderError
            if found.get("of", "item") == of:
                return found
    return {}


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
