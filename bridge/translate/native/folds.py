"""Which child items are elements of their parent's resource, beside its value: method, interpretation, note, issued.
The table `folds` of the shapes says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.mapping.mapping import Fold, Mapping
from bridge.mapping.paths import BELOW, WORDS
from bridge.model.content import Coded, ContentItem, Num, Plain, value_type
from bridge.translate.basis.node import Home
from bridge.translate.basis.ranges import of_range

_OF_COMPONENT = frozenset({"code", "valueCodeableConcept", "valueRange", "interpretation", "referenceRange"})  # FHIR R4
SITE = ("bodySite",)
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


def may_be_component(item: ContentItem, mapping: Mapping) -> bool:
    """Whether a component, which is not a whole Observation, has elements for all children."""
    if not item.children:
        return True
    folds = [fold for _, _, fold in folds_in(item, "Observation", mapping)]
    return len(folds) == len(item.children) and all(fold.element[0] in _OF_COMPONENT for fold in folds)


def _placeable(
    children: Sequence[ContentItem], resource: str, mapping: Mapping, *, ours: bool
) -> dict[tuple[str, ...], int]:
    """Elements of the last children as far as these are primitives, each once, with the index of the child: their place
    needs no saying. Of a report, and in a document of `ours`, wherever they stand: others may have added items behind
    them."""
    found: dict[tuple[str, ...], int] = {}
    for index in range(len(children) - 1, -1, -1):
        fold = fold_of(children[index], resource, mapping)
        if fold is not None and fold.is_primitive and fold.element not in found:
            found[fold.element] = index
        elif not (ours or resource == "DiagnosticReport"):
            break
    for lone, other in (_PERIOD, _PERIOD[::-1]):
        if lone in found and other not in found:  # a start alone is the time of the Observation, and a component
            before = -1 if ours else found[lone]
            found = {element: index for element, index in found.items() if element != lone and index > before}
    return found


def whole_period(home: Home) -> bool:
    """Whether effectivePeriod says more than one time."""
    return bool({"start", "end"} <= home.get("effectivePeriod", {}).keys())


def folds_in(
    item: ContentItem, resource: str, mapping: Mapping, *, ours: bool = False
) -> Iterator[tuple[int, ContentItem, Fold]]:
    """Children that may be elements, in order. `ours`: in a document that was made from resources."""
    named = [fold_of(child, resource, mapping) for child in item.children]
    if not any(named):
        return
    allowed = _placeable(item.children, resource, mapping, ours=ours)
    several = _has_several_sites(item.children, resource, mapping)
    words: set[tuple[str, ...]] = set()
    for index, (child, fold) in enumerate(zip(item.children, named, strict=True)):
        if fold is None or (fold.is_primitive and allowed.get(fold.element) != index):
            continue
        if fold.element == SITE and several:
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
            and fold.element == SITE
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
