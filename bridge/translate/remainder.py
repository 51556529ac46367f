"""The remainder: what one side holds that the other has no native place for, as a guarded difference.

`to_fhir` translates natively, translates that back natively, and keeps what differs; `to_dicom` likewise. Each piece is
guarded by a digest of the native value it replaces: where that has changed since, the native value wins and the piece
is dropped and reported, never re-aimed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable

from bridge.errors import DamagedRemainderError
from bridge.model.dataset import TEXT_VRS, Charset, DataSet, Element, decode_text, encode_text
from bridge.model.document import Document
from bridge.model.group import Json, same
from bridge.model.names import REMAINDER_URL
from bridge.model.sr import write_document
from bridge.model.tags import CONCEPT, VALUE_TAGS

GUARD = 4  # bytes: one edit in four thousand million would be taken for none
Group = Callable[[int], str]
"""Tags whose elements stand and fall together."""


def item_group(tag: int) -> str:
    return "c" if tag == CONCEPT else "v" if tag in VALUE_TAGS else f"{tag:08X}"


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
    guards = {name: guard for tag in elements if (guard := _guard(native, name := group(int(tag, 16)), group))}
    return {"e": elements} | ({"g": guards} if guards else {})


def patched(native: DataSet, patch: dict[str, Json], group: Group, charset: Charset) -> tuple[DataSet, list[str]]:
    """`native` with the patch; and the groups of it whose native value has changed, which stay native."""
    guards = patch.get("g", {})
    dropped: set[str] = set()
    found = {element.tag: element for element in native}
    for name, element in patch.get("e", {}).items():
        tag = int(name, 16)
        belongs = group(tag)
        if _guard(native, belongs, group) != guards.get(belongs):
            dropped.add(belongs)
        elif element is None:
            found.pop(tag, None)
        else:
            found[tag] = element_of(tag, element, charset)
    return tuple(found[tag] for tag in sorted(found)), sorted(dropped)


def _guard(native: DataSet, name: str, group: Group) -> str | None:
    of_group = [element for element in native if group(element.tag) == name]
    return digest(repr(of_group), GUARD) if of_group else None


def digest(text: str, size: int = 6) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def document_digest(document: Document) -> str:
    """Of what would be written."""
    return digest(repr(write_document(document)))


def element_json(element: Element, charset: Charset) -> dict[str, Json]:
    """DICOM JSON (PS3.18 F.2), its text only where it comes back byte for byte; else the bytes of whatever VR."""
    if isinstance(element.value, tuple):
        return {"vr": element.vr, "Value": [dataset_json(item, charset) for item in element.value]}
    if not element.value:
        return {"vr": element.vr}
    if element.vr in TEXT_VRS:
        try:
            text = decode_text(element.value, element.vr, charset)
            if encode_text(text, element.vr, charset) == element.value and text.isprintable():
                return {"vr": element.vr, "Value": [text]}
        except UnicodeError:
            pass  # not of its character set: the bytes say it
    return {"vr": element.vr, "InlineBinary": base64.b64encode(element.value).decode()}


def dataset_json(dataset: DataSet, charset: Charset) -> dict[str, Json]:
    return {f"{element.tag:08X}": element_json(element, charset) for element in dataset}


def element_of(tag: int, found: dict[str, Json], charset: Charset) -> Element:
    vr = found["vr"]
    if "InlineBinary" in found:
        return Element(tag, vr, base64.b64decode(found["InlineBinary"]))
    if vr == "SQ":
        return Element(tag, vr, tuple(dataset_of(item, charset) for item in found.get("Value", ())))
    return Element(tag, vr, encode_text(found["Value"][0], vr, charset) if "Value" in found else b"")


def dataset_of(found: dict[str, Json], charset: Charset) -> DataSet:
    return tuple(element_of(int(tag, 16), found[tag], charset) for tag in sorted(found))


# -- where it lives in FHIR -----------------------------------------------------------------------------------------
def attach(home: dict[str, Json], of: str, remainder: dict[str, Json]) -> None:
    """`of`: `document` (header and root item) or `item`; one element may carry both."""
    text = json.dumps({"of": of, **remainder}, ensure_ascii=False, separators=(",", ":"))
    home.setdefault("extension", []).append({"url": REMAINDER_URL, "valueString": text})


def attached(home: dict[str, Json] | None, of: str) -> dict[str, Json]:
    for extension in (home or {}).get("extension", ()):
        if extension.get("url") == REMAINDER_URL:
            try:
                found = json.loads(extension["valueString"])
            except (KeyError, TypeError, ValueError) as error:
                raise DamagedRemainderError from error
            if not isinstance(found, dict):
                raise DamagedRemainderError
            if found.get("of") == of:
                return found
    return {}


def stripped(value: Json) -> Json:
    """A copy without our remainders; everything else is the very same."""
    if isinstance(value, dict):
        copy = {key: stripped(child) for key, child in value.items()}
        extensions = copy.get("extension")
        if isinstance(extensions, list):
            kept = [one for one in extensions if not (isinstance(one, dict) and one.get("url") == REMAINDER_URL)]
            if kept:
                copy["extension"] = kept
            elif extensions:
                del copy["extension"]
        return copy
    return [stripped(child) for child in value] if isinstance(value, list) else value


# -- JSON -----------------------------------------------------------------------------------------------------------
def json_difference(native: Json, wanted: Json, path: str = "") -> Iterable[list[Json]]:
    """Entries that turn `native` into `wanted`: `[path, guard]` takes away, `[path, guard | null, value]` sets, where
    null says that nothing is there. Key order is not part of it."""
    if same(native, wanted):
        return
    if isinstance(native, dict) and isinstance(wanted, dict):
        for key in sorted(native.keys() | wanted.keys()):
            place = f"{path}/{key}" if path else key
            if key not in wanted:
                yield [place, _json_guard(native[key])]
            elif key not in native:
                yield [place, None, wanted[key]]
            else:
                yield from json_difference(native[key], wanted[key], place)
    elif isinstance(native, list) and isinstance(wanted, list) and len(native) == len(wanted):
        for index, (one, other) in enumerate(zip(native, wanted, strict=True)):
            yield from json_difference(one, other, f"{path}/{index}")
    else:
        yield [path, _json_guard(native), wanted]


def json_patched(native: Json, entries: Iterable[list[Json]]) -> list[str]:
    """Applies the entries in place; returns the paths of those whose native value has changed."""
    dropped: list[str] = []
    for path, guard, *value in entries:
        *above, last = path.split("/")
        parent: Json = native
        for step in above:
            parent = _at(parent, step)
        now = _at(parent, last)
        if parent is None or (None if now is None else _json_guard(now)) != guard:
            dropped.append(path.replace("/", "."))
        elif value:
            parent[_step(parent, last)] = value[0]
        else:
            del parent[_step(parent, last)]
    return dropped


def _at(value: Json, step: str) -> Json:
    if isinstance(value, dict):
        return value.get(step)
    return value[int(step)] if isinstance(value, list) and step.isdecimal() and int(step) < len(value) else None


def _step(parent: Json, step: str) -> Json:
    return int(step) if isinstance(parent, list) else step


def _json_guard(value: Json) -> str:
    return digest(repr(canonical(value)), GUARD)


def canonical(value: Json) -> Json:
    """Key order taken out, types kept apart: what a digest is of."""
    if isinstance(value, dict):
        return [(key, canonical(value[key])) for key in sorted(value)]
    return [canonical(child) for child in value] if isinstance(value, list) else f"{type(value).__name__}:{value}"
