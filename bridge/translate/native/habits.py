"""How a document writes what has no place in FHIR and is the same all over it: said once, not on every item."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from bridge.model.content import Code, Coded, Container, ContentItem, Num
from bridge.terminology.editions import version_to_fhir
from bridge.translate.basis.canonical_units import spelled
from bridge.translate.basis.node import Node
from bridge.translate.native.valued import concept_of, has_properties, is_alone

Habits = dict[str, Any]
"""`continuity`: of containers; `floating`: numbers say Floating Point Value too; `versions`: of coding schemes;
`properties`: dates have some, though they must not; `alone`: concepts of dates in a container that need none; `units`:
spellings of canonical units; `each`: whether each number is a result, where that is not as its title says; `template`:
that a document of ours was made by, where its resources would be given another one now; `conclusions`: how many lines
of the conclusion each item has, and whether in a section, where people have made several of it; `dated`: the root says
when all was observed, beside Content Date and Time; `apart`: what is of the concept of the value above stands apart."""

CONTINUITY = "SEPARATE"  # where a document has no habit


def habits_of(root: ContentItem) -> Habits:
    """What most items of the document do; what most do not is no habit."""
    items = list[ContentItem]()
    _collect(root, items)
    found: Habits = {}
    continuities = Counter(one.value.continuity for one in items if isinstance(one.value, Container))
    if continuities and (most := continuities.most_common(1)[0][0]) != CONTINUITY:
        found["continuity"] = most
    numbers = [one.value for one in items if isinstance(one.value, Num) and len(one.value.values) == 1]
    if sum(2 if one.floating == _floating(one) is not None else 0 for one in numbers) > len(numbers):
        found["floating"] = True
    if any(map(has_properties, items)):
        found["properties"] = True
    if alone := [concept_of(one) for one in items if is_alone(one)]:
        found["alone"] = alone
    usual: dict[str, str] = {}
    for scheme, versions in _versions(items).items():
        if (version := versions.most_common(1)[0][0]) is not None:
            usual[scheme] = version
    if usual:
        found["versions"] = usual
    return found


def accustomed(node: Node, habits: Habits) -> None:
    """Gives the items of a native translation the habits of their document, in place."""
    if habits:
        _accustom(node, habits)


def _accustom(node: Node, habits: Habits, spelling: list[str] | None = None) -> None:
    """`spelling`: of the unit of the number that the item stands below."""
    versions, value = habits.get("versions", {}), node.value
    if not isinstance(value, Num):
        spelling = None
    elif node.concept is not None and "units" in habits:
        own = (one for one in habits["units"] if [*node.concept[:2]] == one[:2])
        spelling = next(own, spelling)
    if versions:
        node.concept = _versioned(node.concept, versions)
    if isinstance(value, Container):
        node.value = Container(habits.get("continuity", CONTINUITY))
    elif isinstance(value, Coded):
        node.value = Coded(_versioned(value.code, versions)) if versions else value
    elif isinstance(value, Num):
        value = spelled(value, spelling)
        usual = _floating(value) if habits.get("floating") and value.floating is None else value.floating
        unit, qualifier = value.unit, value.qualifier
        if versions:
            unit, qualifier = _versioned(unit, versions), _versioned(qualifier, versions)
        if not (usual is value.floating and unit is value.unit and qualifier is value.qualifier):
            value = Num(value.values, unit, qualifier, usual)
        node.value = value
    for child in node.children:
        _accustom(child, habits, spelling)


def _versioned(code: Code | None, versions: dict[str, str]) -> Code | None:
    version = versions.get(code.scheme) if code is not None else None
    return code._replace(version=version) if code is not None and code.version is None is not version else code


def _floating(number: Num) -> str | None:
    """Floating Point Value of a Numeric Value that is exact as it stands."""
    try:
        value = float(number.values[0]) if len(number.values) == 1 else math.nan
    except ValueError:
        return None
    return repr(value) if math.isfinite(value) else None


def _versions(items: list[ContentItem]) -> dict[str, Counter[str | None]]:
    """How often each scheme says which version, where its coding does not."""
    said = Counter([code[1:4:2] for item in items for code in _codes(item) if code is not None])
    found: dict[str, Counter[str | None]] = {}
    for (scheme, version), many in said.items():
        if version_to_fhir(scheme, version) is None:
            found.setdefault(scheme, Counter())[version] = many
    return found


def _codes(item: ContentItem) -> tuple[Code | None, ...]:
    value = item.value
    if isinstance(value, Coded):
        return item.concept, value.code
    if isinstance(value, Num):
        return item.concept, value.unit, value.qualifier
    return (item.concept,)


def _collect(item: ContentItem, items: list[ContentItem]) -> None:
    items.append(item)
    for child in item.children:
        _collect(child, items)
