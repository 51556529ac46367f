"""Guarded difference of two JSON values: what the items of a document do not say of a resource."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.model.group import Json, same
from bridge.translate.digests import GUARD, digest


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
