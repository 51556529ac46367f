"""Elements beside the value of a resource -> child items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.mapping.codings import code_meaning
from bridge.mapping.lens import CONCEPT
from bridge.mapping.mapping import Fold, Mapping, writing
from bridge.mapping.paths import BELOW, WORDS
from bridge.model.content import Code, Coded, Plain, Value
from bridge.model.group import repetitions
from bridge.translate.basis import times
from bridge.translate.basis.node import OWN, Home, Node
from bridge.translate.native.categories import CATEGORY
from bridge.translate.native.folds import SITE
from bridge.translate.native.words import is_marked, words_of
from bridge.translate.remainder.beside import stale_words

Rows = Sequence[tuple[tuple[str, ...], Sequence[Fold]]]
"""What stands within an element, each with the rows that read it."""


def add_folds(node: Node, head: str, said: Any, rows: Rows, mapping: Mapping, zone: str, *, born: bool) -> None:
    """The items that an element is. Words below a code are those of people, or of an item that was there."""
    for entry in repetitions(said):
        made: Node | None = None
        for rest, folds in rows:
            if folds[0].element not in BELOW:
                made = _add(node, entry, rest, folds, mapping, zone, born=born)
            elif made is not None and (not born or is_marked(entry)):
                _add(made, entry, rest, folds, mapping, zone, born=born)


def _add(
    node: Node, entry: Any, rest: tuple[str, ...], folds: Sequence[Fold], mapping: Mapping, zone: str, *, born: bool
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
    fold = writing(folds, scheme, born=born)
    if fold is None:
        return None
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
            if code is not None and fold.element == SITE and value.get("id") == OWN:
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
