"""A panel is an item around its members, and these inherit what it says of subject, site, specimen and observer
(PS3.3 C.17.5). In FHIR they do not: a member without a subject is about the patient, and says so. Where it says no
site, specimen and performer, those of its panel contradict nothing; where it says one that no item does, the panel's
would stand in its place."""

from __future__ import annotations

from collections.abc import Callable

from bridge.mapping.mapping import Mapping
from bridge.model.content import Coded, Container
from bridge.translate.basis.node import LAST, Node
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.native.named_concepts import PATIENT, SUBJECT_CLASS
from bridge.translate.native.sites import is_site
from bridge.translate.native.specimens import SPECIMEN_SOURCE, SPECIMEN_TYPE
from bridge.translate.native.subject_context import is_of_subject
from bridge.translate.native.subjects import is_about_another

_UNSEEN = "a DICOM reader does not see it: members would inherit it, and have another one, or none"
_Is = Callable[[Node], bool]
_OF_SPECIMEN: tuple[tuple[str, _Is], ...] = (
    ("specimen", lambda node: SPECIMEN_TYPE.same(node.concept)),
    ("specimen", lambda node: SPECIMEN_SOURCE.same(node.concept)),
)


def own_context(node: Node, mapping: Mapping) -> list[str]:
    """Sees to it, in place, in a document that was born in FHIR; what was taken away."""
    warnings = [said for child in node.children for said in own_context(child, mapping)]
    if _is_result(node):
        about = _said(node, lambda one: is_of_subject(one.concept))
        lacking = _lacking(node, _is_class) if about else []
        if any(map(_is_other_class, about)) and not any(is_about_another(one.home or {}) for one in lacking):
            for member in lacking:
                _of_patient(member)
        elif lacking and _has_value(node):
            warnings.append("Observation.focus: a DICOM reader takes it for that of members whose own it does not know")
        elif lacking:
            warnings.append(_without(node, about, "focus"))
        for element, is_one in (("bodySite", _site_of(mapping)), ("performer", _is_observer), *_OF_SPECIMEN):
            said = _said(node, is_one)
            if said and any(element in (one.home or {}) for one in _lacking(node, is_one)):
                warnings.append(_without(node, said, element))
    return warnings


def _is_result(node: Node) -> bool:
    return node.home is not None and node.home.get("resourceType") == "Observation"


def _is_component(node: Node) -> bool:
    return node.home is not None and "code" in node.home and "resourceType" not in node.home


def _has_value(node: Node) -> bool:
    """Or components: without its subject, that would be the patient's."""
    return not isinstance(node.value, Container) or any(map(_is_component, node.children))


def _is_class(node: Node) -> bool:
    return SUBJECT_CLASS.same(node.concept)


def _is_other_class(node: Node) -> bool:
    """Of another patient, *Patient* says nothing: a member would have his Subject ID still."""
    return _is_class(node) and node.value != Coded(PATIENT)


def _is_observer(node: Node) -> bool:
    return PERSON_NAME.same(node.concept)


def _site_of(mapping: Mapping) -> _Is:
    return lambda node: node.fold is not None and is_site(node.item(), mapping)


def _said(node: Node, is_one: _Is) -> list[Node]:
    """By elements of the result itself."""
    return [one for one in node.children if is_one(one) and not _is_component(one) and not _is_result(one)]


def _lacking(node: Node, is_one: _Is) -> list[Node]:
    """Results below that would inherit it, for none between says it."""
    found: list[Node] = []
    for child in node.children:
        if not _is_result(child):
            found += _lacking(child, is_one)
        elif not any(map(is_one, child.children)):
            found += [child, *_lacking(child, is_one)]
    return found


def _of_patient(member: Node) -> None:
    """Before its other items: those of primitives are the last ones."""
    said = Node(Coded(PATIENT), SUBJECT_CLASS, None, (LAST, 0), depth=member.depth + 1)
    member.children.insert(0, said)


def _without(node: Node, said: list[Node], element: str) -> str:
    gone = set(map(id, said))
    node.children = [one for one in node.children if id(one) not in gone]
    return f"Observation.{element}: {_UNSEEN}"
