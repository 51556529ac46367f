"""Child items -> elements beside the value of their parent's resource."""

from __future__ import annotations

from typing import Any

from bridge.mapping.mapping import Fold, Mapping
from bridge.mapping.paths import BELOW, LISTS, WORDS
from bridge.mapping.texts import fhir_string
from bridge.model.content import Code, Coded, ContentItem, Num, Plain, Value
from bridge.translate.basis import times
from bridge.translate.basis.node import Home
from bridge.translate.native.categories import CATEGORY
from bridge.translate.native.limits import group
from bridge.translate.native.words import in_words, marked


def folded_into(into: Home, item: ContentItem, fold: Fold, number: int, mapping: Mapping, zone: str) -> Home | None:
    """Sets the element; the part of it that stands for the item. None where it is taken, or cannot hold the value."""
    try:
        value = _to_fhir(item.value, fold, mapping, zone)
        if (words := _words_below(item, fold)) is not None:
            value = marked(in_words(value, fhir_string(words)))
    except ValueError:
        return None
    head, *rest = fold.element
    if fold.element in WORDS:
        if head not in into and head == "valueCodeableConcept":  # the code says why there is no value
            head = "dataAbsentReason"
        concept = into.get(head)
        if concept is None or "id" in concept:
            return None
        into[head] = {"id": str(number)} | in_words(concept, value)
        named: Home = into[head]
        return named
    if head == "valueRange":
        into.pop("valueString", None)
        into.setdefault(head, {})[rest[0]] = {"id": str(number), **value}
        limit: Home = into[head][rest[0]]
        return limit
    if fold.element == CATEGORY:  # in place of what follows from title, concept and template
        into[head] = [one for one in into.get(head, ()) if "id" in one]
    if head in LISTS:
        home = _listed(into.setdefault(head, []), rest, value, str(number))
        if head == "referenceRange":
            group(into[head])
        return home
    if rest:
        for one in ("effectiveDateTime", "_effectiveDateTime"):
            into.pop(one, None)
        into.setdefault(head, {})[rest[0]] = value
        return {}
    if head in into:
        return None
    into[head] = {"id": str(number), **value} if isinstance(value, dict) else value
    return into[head] if isinstance(value, dict) else {}


def _listed(entries: list[Home], rest: list[str], value: Any, number: str) -> Home:
    if not rest:
        entries.append({"id": number, **value})
        return entries[-1]
    key = rest[0]
    if not entries or key in entries[-1] or ("id" in entries[-1] and not isinstance(value, dict)):
        entries.append({})
    entry = entries[-1]
    if isinstance(value, dict):
        entry[key] = {"id": number, **value}
        part: Home = entry[key]
        return part
    entry.update({"id": number, key: value})
    return entry


def _to_fhir(value: Value, fold: Fold, mapping: Mapping, zone: str) -> Any:
    match value:
        case Coded(Code() as code):
            return mapping.coded(code)
        case Coded():
            raise ValueError("no code")
        case Plain("DATETIME", text):
            moment = times.to_fhir(text, zone)
            if fold.element == ("issued",) and not times.INSTANT.fullmatch(moment):
                raise ValueError("no instant")
            return moment
        case Plain(_, text):
            return fold.lens.to_fhir(text)
        case Num():
            return fold.lens.to_fhir(value)
        case _:
            raise ValueError("a value type without its value")


def _words_below(item: ContentItem, fold: Fold) -> str | None:
    words = item.children[0].value if item.children and (*fold.element, "text") in BELOW else None
    return words.text if isinstance(words, Plain) else None
