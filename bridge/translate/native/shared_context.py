"""Context that a container says once for all that is in it (PS3.3 C.17.5), and that FHIR repeats on each result: how it
was acquired, at rest or under stress; in which lead or mode (TID 3700, 5200); of which lesion or follicle; at which
time point (TID 1502); in which procedure (TID 1005); that it is quoted (PS3.16 TID 1000); that what is in it is denied,
past, planned, or a relative's (TID 1350; SNOMED CT, situation with explicit context). Copies, as components: the items
of the container say it, or its heading, or of a plan its title."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Container, ContentItem, Num, Reference, value_type
from bridge.translate.basis.codeable import code_pairs, codes_in
from bridge.translate.basis.element_ids import is_inherited
from bridge.translate.basis.node import INHERITED, Home
from bridge.translate.native.asserted import EXPLICIT_CONTEXT, is_not_done
from bridge.translate.native.sites import coded_of, folded_as
from bridge.translate.native.subject_context import is_of_subject
from bridge.translate.native.told_before import of_section
from bridge.translate.native.values import value_to_fhir
from bridge.translate.remainder.json_patch import canonical_text

_STATES = frozenset({("109054", "DCM"), ("109091", "DCM"), ("432655005", "SCT")})  # Patient State, Cardiac Stress State
_CONTEXT = (
    EXPLICIT_CONTEXT
    | _STATES
    | frozenset(
        {
            ("121001", "DCM"),  # Quotation Mode
            ("121018", "DCM"),  # Procedure Study Instance UID
            ("121019", "DCM"),  # Procedure Study Component UID
            ("121022", "DCM"),  # Accession Number
            ("121023", "DCM"),  # Procedure Code
            ("122146", "DCM"),  # Procedure DateTime
            ("C2348792", "UMLS"),  # Time Point
            ("126070", "DCM"),  # Subject Time Point Identifier
            ("126071", "DCM"),  # Protocol Time Point Identifier
            ("126072", "DCM"),  # Time Point Type
            ("126073", "DCM"),  # Time Point Order
            ("128740", "DCM"),  # Longitudinal Temporal Offset from Event
            ("122148", "DCM"),  # Lead ID
            ("121151", "DCM"),  # Lesion Identifier
            ("125010", "DCM"),  # Identifier, of a follicle (TID 5013)
            ("399264008", "SCT"),  # Image Mode
            ("G-0373", "SRT"),
            ("G-C32E", "SRT"),  # Subject relationship context
        }
    )
)
_ACQUIRED, _ABOUT = "HAS ACQ CONTEXT", ("HAS OBS CONTEXT", "HAS CONCEPT MOD")
_PLANS = frozenset({("130226", "DCM")})  # Planned Imaging Agent Administration (TID 11001)
_OF_THE_PATIENT = frozenset({("121118", "DCM")})  # Patient Characteristics (TID 10024), of a plan, too: they are so
_PLANNED = Code("408730004", "SCT", "Procedure context"), Code("397943006", "SCT", "Planned")
Shared = tuple[Home, ...]
"""Components, each of another concept."""


def is_plan(title: Code | None) -> bool:
    """Whether a document of that title says what is to be done: it names doses and agents as one of what was given."""
    return title is not None and title[:2] in _PLANS


def shared_by_title(title: Code | None, mapping: Mapping) -> Shared:
    """What all results of a document have in common that its title alone says."""
    context, planned = (coded_of(one, mapping) for one in _PLANNED)
    return ({"id": INHERITED, "code": context, "valueCodeableConcept": planned},) if is_plan(title) else ()


def shared_by(
    item: ContentItem, around: Shared, mapping: Mapping, zone: str, *, headed: bool = True, ours: bool = False
) -> Shared:
    """What all below the item have in common; what is said nearer takes the place of what is said around. A heading
    alone says it, too, but in what was made from resources (`ours`), which say of themselves what they are. Without
    `headed`, as an earlier bridge read it."""
    if not isinstance(item.value, Container):
        return around
    if headed and not ours and (heading := of_section(item, mapping)):
        around = (*without(around, heading), *heading)
    context = [child for child in item.children if _is_context(child, mapping, headed=headed)]
    names = [child.concept[:2] for child in context if child.concept is not None]
    once = [child for child, name in zip(context, names, strict=True) if names.count(name) == 1]  # a copy has one item
    said = tuple([_component(child, mapping, zone) for child in once])
    return (*said_around(item, around, mapping), *said) if item.children else around


def said_around(item: ContentItem, around: Shared, mapping: Mapping) -> Shared:
    """What the item does not say itself, in whatever way: twice, say, or modified."""
    if not around:
        return around
    if item.concept is not None and item.concept[:2] in _OF_THE_PATIENT:
        around = without(around, [{"code": coded_of(_PLANNED[0], mapping)}])
    return without(around, [{"code": coded_of(child.concept, mapping)} for child in item.children if child.concept])


def _is_context(item: ContentItem, mapping: Mapping, *, headed: bool) -> bool:
    if item.concept is None:
        return False
    name = item.concept[:2]
    is_named = (name in _CONTEXT and (headed or name not in _STATES)) or is_not_done(item)
    if item.relationship != _ACQUIRED and not is_named:
        return False
    # what modifies one that is named, such as from which event a time is counted, changes no copy of it
    is_modified = any(one.relationship == "HAS CONCEPT MOD" for one in item.children)
    if isinstance(item.value, Reference) or (is_modified and not is_named):
        return False
    if value_type(item.value) not in mapping.values or (isinstance(item.value, Num) and len(item.value.values) > 1):
        return False
    return is_named or folded_as(item, mapping) is None


def is_context(concept: Code | None, mapping: Mapping) -> bool:
    """Whether an item of the concept in a container is said of what is in that, and is no result."""
    if concept is None:
        return False
    about = mapping.relationships.get((concept.scheme, concept.value), "CONTAINS")
    return concept[:2] in _CONTEXT or is_of_subject(concept) or about in (_ACQUIRED, *_ABOUT)


def _component(item: ContentItem, mapping: Mapping, zone: str) -> Home:
    component: Home = {"id": INHERITED, "code": coded_of(item.concept, mapping)}
    value_to_fhir(item.value, component, mapping, zone)
    return component


def without(shared: Shared, said: Shared | list[Home]) -> Shared:
    """Drops components of a concept that is said already."""
    own = {code for one in said for code in _codes(one)}
    return tuple(one for one in shared if not own & _codes(one))


def _codes(home: Home) -> set[tuple[str | None, str | None]]:
    """A retired code has today's beside it; without any code, the words."""
    code = home.get("code", {})
    return code_pairs(code) or {(None, code.get("text"))}


def is_beside(item: ContentItem) -> bool:
    """Whether it is context itself, or modifies what it stands below: that is of no context."""
    return item.relationship in (_ACQUIRED, *_ABOUT)


def share(observation: Home, shared: Shared) -> None:
    """Adds the shared components to an Observation, in place. One of the concept of the result itself would take the
    place of its value (FHIR R4 obs-7)."""
    said = observation.get("component", [])
    more = without(shared, [observation, *said])
    if more:
        observation["component"] = in_their_order([*said, *map(dict, more)])


def in_their_order(components: list[Home]) -> list[Home]:
    """Puts copies last, ordered by what they are of: their order is nobody's."""
    copies = [one for one in components if is_shared(one)]
    return [*(one for one in components if not is_shared(one)), *sorted(copies, key=concept_of)]


def concept_of(component: Home) -> str:
    return canonical_text(codes_in(component.get("code", {})))


def is_shared(component: Home) -> bool:
    return is_inherited(component)
