"""The unit that a FHIR profile demands of a concept, of a number in another spelling of it: `{H.B.}/min` is `/min`
(hl7.org/fhir/R4/observation-vitalsigns.html; `unit` and `accept` of the concept rows). The number stays as it is, and
so does what people call the unit: nothing is converted. The document's own spelling is a habit of it (`habits.py`).

What devices write that UCUM does not know is said right as well: `mGycm` of a DLP is `mGy.cm` (`misspelled`). Their own
spelling is what people read in `Quantity.unit`, and by that it comes back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from operator import is_

from bridge.mapping.mapping import ConceptRow, Mapping
from bridge.model.content import Code, ContentItem, Num
from bridge.terminology.units import is_said_by

Spellings = list[list[str]]
"""`[concept, scheme, canonical unit, unit of the document]`."""


def in_canonical_units(item: ContentItem, mapping: Mapping, about: ConceptRow | None = None) -> ContentItem:
    """The tree as FHIR says it. What stands below a number (its normal range) is in the unit of that."""
    row, value = _row(item, mapping, about), item.value
    if isinstance(value, Num) and value.unit is not None and row is not None:
        unit = _canonical(value.unit, row) or (None if row is about else _corrected(value.unit, row))
        value = value if unit is None else replace(value, unit=unit)
    children = tuple([in_canonical_units(child, mapping, row) for child in item.children])
    if value is item.value and all(map(is_, children, item.children)):
        return item
    return replace(item, value=value, children=children)


def _row(item: ContentItem, mapping: Mapping, about: ConceptRow | None) -> ConceptRow | None:
    return (mapping.unit_row(item.concept) or about) if isinstance(item.value, Num) else None


def _canonical(unit: Code | None, row: ConceptRow | None) -> Code | None:
    """None of a unit that is it, that no row accepts, or that would change the number."""
    if unit is None or row is None or row.unit is None or unit.scheme != "UCUM" or unit.value not in row.accept:
        return None
    return _respelled(unit, row.unit) if is_said_by(row.unit, unit.value) else None


def _corrected(unit: Code, row: ConceptRow) -> Code | None:
    """With its words, which are how the device spells it."""
    if unit.scheme != "UCUM" or row.unit is None or not unit.value == unit.meaning in row.misspelled:
        return None
    return unit._replace(value=row.unit)


def as_the_device_wrote(number: Num, concept: Code | None, mapping: Mapping) -> Num:
    """Undoes `in_canonical_units`, where the words of the unit tell what the device wrote."""
    unit = number.unit
    if unit is None or unit.scheme != "UCUM" or unit.meaning == unit.value:
        return number
    row = mapping.unit_row(concept)
    if row is None or unit.value != row.unit or unit.meaning not in row.misspelled:
        return number
    return replace(number, unit=unit._replace(value=unit.meaning))


def _respelled(unit: Code, value: str) -> Code:
    """With its meaning, unless that only repeats the code."""
    return unit._replace(value=value, meaning=value if unit.meaning == unit.value else unit.meaning)


def spellings_of(root: ContentItem, mapping: Mapping) -> Spellings:
    """Of each concept, how most of its numbers spell the canonical unit; none where that is how."""
    said: dict[tuple[str, str, str], Counter[str]] = {}
    _collect(root, mapping, said)
    usual = {key: units.most_common(1)[0][0] for key, units in said.items()}
    return [[*key, unit] for key, unit in usual.items() if unit != key[2]]


def _collect(item: ContentItem, mapping: Mapping, said: dict[tuple[str, str, str], Counter[str]]) -> None:
    value, concept = item.value, item.concept
    row = _row(item, mapping, None)
    if isinstance(value, Num) and value.unit is not None and concept is not None and row is not None and row.unit:
        unit = value.unit.value
        if unit == row.unit or _canonical(value.unit, row) is not None:
            said.setdefault((concept.value, concept.scheme, row.unit), Counter())[unit] += 1
    for child in item.children:
        _collect(child, mapping, said)


def spelled(number: Num, spelling: list[str] | None) -> Num:
    """The number in the document's own spelling of the canonical unit."""
    unit = number.unit
    if spelling is None or unit is None or (unit.value, unit.scheme) != (spelling[2], "UCUM"):
        return number
    return replace(number, unit=_respelled(unit, spelling[3]))
