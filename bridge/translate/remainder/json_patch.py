"""Guarded difference of two JSON values: what the items of a document do not say of a resource.

Lists have no names for their elements, so an entry below a list is bound to what its element is, too: were an item
removed or moved since, another element would stand at that place (`moved.py` finds it)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from typing import TypeAlias

from bridge.model.group import Json, boxed, same, unboxed
from bridge.translate.basis.digests import GUARD, digest
from bridge.translate.remainder.extension import stripped, without_remainders

_CHOICE = re.compile(r"_?(value[A-Z]\w*|effective[A-Z]\w*)|dataAbsentReason")
"""Elements of which one excludes the others: they stand and fall together."""
Names: TypeAlias = dict[int, list[str]]
"""What the elements of lists are, by the identity of the list."""


def json_difference(native: Json, wanted: Json, path: str = "", within: tuple[str, ...] = ()) -> Iterable[list[Json]]:
    """Entries that turn `native` into `wanted`: `[path, guard]` takes away, `[path, guard | null, value]` sets, where
    null says that nothing is there. Key order is not part of it; an entry may say the key behind it, as a fourth."""
    if same(native, wanted):
        return
    if isinstance(native, dict) and isinstance(wanted, dict):
        for key in sorted(native.keys() | wanted.keys()):
            place = f"{path}/{key}" if path else key
            if key not in wanted:
                yield [place, _guard(native[key], within)]
            elif key not in native:
                yield [place, _guard(None, within), wanted[key]]
            else:
                yield from json_difference(native[key], wanted[key], place, within)
    elif isinstance(native, list) and isinstance(wanted, list) and len(native) == len(wanted):
        names = _identities(native)
        for index, (one, other) in enumerate(zip(native, wanted, strict=True)):
            yield from json_difference(one, other, f"{path}/{index}", (*within, names[index]))
    else:
        yield [path, _guard(native, within), wanted]


def guarded_by(native: Json, entries: Iterable[list[Json]]) -> list[list[Json]]:
    """The entries with guards of what is in `native`."""
    names: Names = {}
    return [[path, found_at(native, path, names), *value] for path, _, *value in entries]


def json_patched(native: Json, entries: Iterable[list[Json]], guarded: Json = None) -> list[str]:
    """Applies the entries in place; returns the paths of those whose native value has changed. `guarded`: what the
    guards are of, where that is not the native value as it is."""
    said = list(entries)
    names: Names = {}
    asked = native if guarded is None else guarded
    stale = {together(path) for path, guard, *_ in said if not is_unchanged(asked, path, guard, names)}
    dropped = [path.replace("/", ".") for path, *_ in said if together(path) in stale]
    for path, _, *value in said:
        if together(path) in stale:
            continue
        above, _, last = path.rpartition("/")
        parent: Json = element_at(native, above)
        if value:
            parent[_step(parent, last)] = deepcopy(value[0])  # it is added to; the entries are said again
        else:
            del parent[_step(parent, last)]
    return dropped


def dumped(entries: list[list[Json]]) -> str:
    return json.dumps(boxed(entries), ensure_ascii=False, separators=(",", ":"))


def loaded(text: str) -> list[list[Json]]:
    """Raises ValueError for what are no entries."""
    found = unboxed(json.loads(text))
    if not are_entries(found):
        raise ValueError("no entries of a difference")
    said: list[list[Json]] = found
    return said


def are_entries(found: Json) -> bool:
    return isinstance(found, list) and all(
        isinstance(one, list) and len(one) in (2, 3, 4) and all(isinstance(text, str) for text in (one[0], *one[3:]))
        for one in found
    )


def is_unchanged(native: Json, path: str, guard: str | None, names: Names) -> bool:
    """Whether what is at the place of an entry is what its guard says. `names` are kept from one entry to the next,
    as long as nobody changes what is native."""
    return bool(found_at(native, path, names) == guard)


def element_at(native: Json, path: str) -> Json:
    """Itself for an empty path."""
    for step in path.split("/") if path else ():
        native = _at(native, step)
    return native


def found_at(native: Json, path: str, names: Names) -> Json:
    """The guard of what is there now; one that no entry has where there is no such place."""
    within: tuple[str, ...] = ()
    value = native
    *above, last = path.split("/")
    for step in above:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            within = (*within, _identity(value, int(step), names))
        value = _at(value, step)
        if not isinstance(value, dict | list):
            return False
    if isinstance(value, list) and last.isdecimal() and int(last) < len(value):
        within = (*within, _identity(value, int(last), names))
    return _guard(_at(value, last), within)


def together(path: str) -> str:
    """What an entry stands and falls with: a choice of types at its place, else itself alone."""
    steps = path.split("/")
    for index, step in enumerate(steps):
        if _CHOICE.fullmatch(step):
            return "/".join((*steps[:index], "effective" if "effective" in step else "value"))
    return path


def _identity(elements: list[Json], index: int, names: Names) -> str:
    if id(elements) not in names:
        names[id(elements)] = _identities(elements)
    return names[id(elements)][index]


def _identities(elements: list[Json]) -> list[str]:
    """What each element of a list is, its value and our remainders aside, which say its place in a document; where
    several are the same, all of it."""
    elements = stripped(elements)
    found = [repr(_kept(one)) for one in elements]
    alike = Counter(found)
    return [repr(canonical(one)) if alike[name] > 1 else name for one, name in zip(elements, found, strict=True)]


def _kept(element: Json) -> Json:
    if not isinstance(element, dict):
        return canonical(element)
    return canonical({key: value for key, value in element.items() if not _CHOICE.fullmatch(key)})


def _at(value: Json, step: str) -> Json:
    if isinstance(value, dict):
        return value.get(step)
    return value[int(step)] if isinstance(value, list) and step.isdecimal() and int(step) < len(value) else None


def _step(parent: Json, step: str) -> Json:
    return int(step) if isinstance(parent, list) else step


def _guard(value: Json, within: tuple[str, ...]) -> str | None:
    if value is None and not within:
        return None
    return digest(repr((canonical(value), within)), GUARD)


def canonical(value: Json) -> Json:
    """Key order taken out, types kept apart: what a digest is of."""
    if isinstance(value, dict):
        return [(key, canonical(value[key])) for key in sorted(value)]
    return [canonical(child) for child in value] if isinstance(value, list) else f"{type(value).__name__}:{value}"


def canonical_text(value: Json) -> str:
    """`repr(canonical(stripped(value)))` without the copies."""
    if type(value) is str:  # as most leaves are
        return repr(f"str:{value}")
    if isinstance(value, dict):
        return f"[{', '.join([f'({key!r}, {canonical_text(child)})' for key, child in _said(value)])}]"
    if isinstance(value, list):
        return f"[{', '.join(map(canonical_text, value))}]"
    return repr(f"{type(value).__name__}:{value}")


def guard(value: Json) -> str:
    """Digest of a value, our remainders in it aside: it tells whether somebody has edited that since."""
    return digest(canonical_text(value), GUARD)


def _said(value: dict[str, Json]) -> list[tuple[str, Json]]:
    if "extension" in value and (kept := without_remainders(value["extension"])) is not value["extension"]:
        value = value | {"extension": kept}
        if not kept:
            del value["extension"]
    return sorted(value.items())
