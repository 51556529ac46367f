"""Child items that are elements of their parent's resource, beside its value: method, interpretation, note, issued.
Which ones says the table `folds` of the shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bridge.mapping.codings import code_meaning
from bridge.mapping.lens import CONCEPT
from bridge.mapping.mapping import Fold, Mapping
from bridge.mapping.paths import BELOW, LISTS, WORDS
from bridge.mapping.texts import fhir_string
from bridge.model.content import Code, Coded, ContentItem, Num, Plain, Value, value_type
from bridge.translate.basis import times
from bridge.translate.basis.node import OWN, Home, Node
from bridge.translate.basis.ranges import of_range
from bridge.translate.native.categories import CATEGORY
from bridge.translate.native.words import in_words, is_marked, marked, words_of
from bridge.translate.remainder.beside import stale_words

_OF_COMPONENT = frozenset({"code", "valueCodeableConcept", "valueRange", "interpretation", "referenceRange"})  # FHIR R4
_SITE = ("bodySite",)
_PERIOD = (("effectivePeriod", "start"), ("effectivePeriod", "end"))


def fold_of(item: ContentItem, resource: str, mapping: Mapping) -> Fold | None:
    """The row that makes an item an element; None of an item that has children, but for its words."""
    if item.concept is None or (isinstance(item.value, Num) and item.value.qualifier is not None):
        return None  # a Quantity alone has no place for the qualifier
    fold = mapping.folds.get((resource, item.concept.scheme, item.concept.value))
    if fold is None or fold.value_type != value_type(item.value):
        return None
    return fold if not item.children or _has_words_alone(item, fold, resource, mapping) else None


def _has_words_alone(item: ContentItem, fold: Fold, resource: str, mapping: Mapping) -> bool:
    """Whether its only child says in words what its code does."""
    (child, *others) = item.children
    if others or child.children or child.rest or child.concept is None or item.value == Coded(None):
        return False
    found = mapping.folds.get((resource, child.concept.scheme, child.concept.value))
    below = found is not None and found.element in BELOW and found.element[:-1] == fold.element
    return below and isinstance(child.value, Plain) and child.value.value_type == "TEXT"


def _words_below(item: ContentItem, fold: Fold) -> str | None:
    words = item.children[0].value if item.children and (*fold.element, "text") in BELOW else None
    return words.text if isinstance(words, Plain) else None


def may_be_component(item: ContentItem, mapping: Mapping) -> bool:
    """Whether a component, which is not a whole Observation, has elements for all children."""
    if not item.children:
        return True
    folds = [fold for _, _, fold in folds_in(item, "Observation", mapping)]
    return len(folds) == len(item.children) and all(fold.element[0] in _OF_COMPONENT for fold in folds)


def _placeable(children: Sequence[ContentItem], resource: str, mapping: Mapping) -> dict[tuple[str, ...], int]:
    """Elements of the last children as far as these are primitives, each once, with the index of the child: their place
    needs no saying. Of a report wherever they stand: others may have added results behind them."""
    found: dict[tuple[str, ...], int] = {}
    for index in range(len(children) - 1, -1, -1):
        fold = fold_of(children[index], resource, mapping)
        if fold is not None and fold.is_primitive and fold.element not in found:
            found[fold.element] = index
        elif resource != "DiagnosticReport":
            break
    for lone, other in (_PERIOD, _PERIOD[::-1]):
        if lone in found and other not in found:  # a start alone is the time of the Observation, and a component
            found = {element: index for element, index in found.items() if index > found[lone]}
    return found


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
        return _listed(into.setdefault(head, []), rest, value, str(number))
    if rest:
        into.pop("effectiveDateTime", None)
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
    if not entries or key in entries[-1] or key == "text" and "id" in entries[-1]:
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


Rows = Sequence[tuple[tuple[str, ...], Sequence[Fold]]]
"""What stands within an element, each with the rows that write it."""


def add_folds(node: Node, head: str, said: Any, rows: Rows, mapping: Mapping, zone: str, *, born: bool) -> None:
    """The items that an element is. A reference range that is not simply the normal one has no item: it would be taken
    for it. Words below a code are those of people, or of an item that was there."""
    if head == "referenceRange" and not _is_normal_range(said):
        return
    for entry in said if isinstance(said, list) else [said]:
        made: Node | None = None
        for rest, folds in rows:
            if folds[0].element not in BELOW:
                made = _add(node, entry, rest, folds, mapping, zone)
            elif made is not None and (not born or is_marked(entry)):
                _add(made, entry, rest, folds, mapping, zone)


def _is_normal_range(ranges: list[Home]) -> bool:
    """The only thing that TID 312 can say: one range, of everybody, with limits that are numbers."""
    if len(ranges) != 1 or not ranges[0].keys() <= {"id", "extension", "low", "high", "text", "type"}:
        return False
    if any(one.get("code") != "normal" for one in ranges[0].get("type", {"coding": []}).get("coding", [{}])):
        return False
    return not any("comparator" in ranges[0].get(limit, {}) for limit in ("low", "high"))


def _add(
    node: Node, entry: Any, rest: tuple[str, ...], folds: Sequence[Fold], mapping: Mapping, zone: str
) -> Node | None:
    value = entry.get(rest[0]) if rest else entry
    try:
        if folds[0].element in WORDS:
            value = words_of(entry, _coded(node, folds[0], mapping)) if isinstance(entry, dict) else None
        if value is None and isinstance(entry, dict) and (folds[0].element in WORDS or rest == ("text",)):
            value = stale_words(entry)
        if value is None:
            return None
        made = _to_dicom(value, folds[0], mapping, zone)
    except ValueError:  # what DICOM cannot hold: the remainder does
        return None
    if made is None:
        return None
    scheme = made.code.scheme if isinstance(made, Coded) and made.code else None
    fold = next((one for one in folds if one.concept.scheme == scheme), folds[0])  # SRT among SRT
    place = value if isinstance(value, dict) else entry if isinstance(entry, dict) and not fold.is_primitive else None
    added = node.add(made, fold.concept, None if fold.element in BELOW else place)
    added.fold = fold.place
    return added


def _coded(node: Node, fold: Fold, mapping: Mapping) -> Home:
    """The CodeableConcept that the code of the item gives."""
    if fold.element[0] == "code":
        return mapping.coded(node.concept)
    if not isinstance(node.value, Coded):
        raise ValueError("no code: the value says the words")
    if fold.element in BELOW:
        return mapping.coded(node.value.code)
    return CONCEPT.to_fhir(node.value.code)


def _to_dicom(value: Any, fold: Fold, mapping: Mapping, zone: str) -> Value | None:
    match fold.value_type:
        case "CODE":
            code = fold.lens.to_dicom(value) if fold.element == CATEGORY else mapping.concept(value)
            if code is not None and fold.element == _SITE and value.get("id") == OWN:
                code = _as_written(code, value)
            return Coded(code) if code else None
        case "NUM":
            number: Value = fold.lens.to_dicom(value)
            return number
        case "DATETIME":
            return Plain("DATETIME", times.to_dicom(value, zone))
        case kind:
            return Plain(kind, fold.lens.to_dicom(value))


def _as_written(code: Code, concept: Home) -> Code:
    """By its words, as far as a Code Meaning holds them: left or right, which it had inherited, stand nowhere else. Any
    other site is called as its code is: a text beside it may say another site, and would be read as the code's."""
    text = concept.get("text", "")
    return code._replace(meaning=code_meaning(text)) if text.strip() and len(text) <= 64 else code


def whole_period(home: Home) -> bool:
    """Whether effectivePeriod says more than one time."""
    return bool({"start", "end"} <= home.get("effectivePeriod", {}).keys())


def folds_in(item: ContentItem, resource: str, mapping: Mapping) -> Iterator[tuple[int, ContentItem, Fold]]:
    """Children that may be elements, in order."""
    named = [fold_of(child, resource, mapping) for child in item.children]
    if not any(named):
        return
    allowed = _placeable(item.children, resource, mapping)
    several = _has_several_sites(item.children, resource, mapping)
    words: set[tuple[str, ...]] = set()
    for index, (child, fold) in enumerate(zip(item.children, named, strict=True)):
        if fold is None or (fold.is_primitive and allowed.get(fold.element) != index):
            continue
        if fold.element == _SITE and several:
            continue
        if fold.element[0] == "valueRange" and not _is_range(item, mapping):
            continue
        if fold.element in WORDS:
            coded = fold.element[0] == "code" or (isinstance(item.value, Coded) and item.value.code is not None)
            if fold.element in words or not coded:
                continue
            words.add(fold.element)
        yield index, child, fold


def _has_several_sites(children: Sequence[ContentItem], resource: str, mapping: Mapping) -> bool:
    """Of which `bodySite` would say but one."""
    said = set[str]()
    for child in children:
        fold = mapping.folds.get((resource, child.concept.scheme, child.concept.value)) if child.concept else None
        if (
            fold is not None
            and fold.element == _SITE
            and isinstance(child.value, Coded)
            and child.value.code is not None
        ):
            said.add(repr((child.value.code[:2], [one.value for one in child.children])))
    return len(said) > 1


def _is_range(item: ContentItem, mapping: Mapping) -> bool:
    """A text that says no more than its two limits."""
    limits = limits_of(item, mapping)
    return bool(limits) and isinstance(item.value, Plain) and item.value.text == of_range(limits)


def limits_of(item: ContentItem, mapping: Mapping) -> Home:
    """Its minimum and maximum as a Range; empty where it has none, or one of them twice, or one that is no number."""
    found: Home = {}
    for child in item.children:
        fold = fold_of(child, "Observation", mapping)
        if fold is not None and fold.element[0] == "valueRange":
            if fold.element[1] in found:
                return {}
            try:
                found[fold.element[1]] = fold.lens.to_fhir(child.value)
            except ValueError:
                return {}
    return found
