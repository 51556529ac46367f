"""Items that say what a report itself says in words, and no result: its conclusion, a section of its Composition."""

from __future__ import annotations

from bridge.mapping.codings import concept_to_dicom
from bridge.model.content import Code
from bridge.model.group import Resource
from bridge.model.names import PRIVATE_SCHEME

CONCLUSION = Code("121077", "DCM", "Conclusion")
COMMENT = Code("121106", "DCM", "Comment")
SUMMARY = Code("121111", "DCM", "Summary")  # TID 5100, 5200: a container, of a Comment
_IMPRESSIONS = (
    Code("121073", "DCM", "Impression"),  # TID 2000, TID 2002
    Code("18844-1", "LN", "EKG impression"),  # TID 3719
    SUMMARY,
)
OF_SECTION = {  # element of a section of a Composition -> the TEXT that says it; Part 16 has no concept for these
    "title": Code("title", PRIVATE_SCHEME, "Title"),
    "text": Code("narrative", PRIVATE_SCHEME, "Narrative"),
    "emptyReason": Code("emptyReason", PRIVATE_SCHEME, "Reason why it is empty"),
}
_OF_SECTION = {code[:2]: element for element, code in OF_SECTION.items()}


def of_section(concept: Code | None) -> str | None:
    """The element of a section whose words an item of that concept says."""
    return _OF_SECTION.get(concept[:2]) if concept is not None else None


def element_of(observation: Resource) -> str | None:
    """The element of a section that it says, as it is read natively."""
    return of_section(concept_to_dicom(observation.get("code", {})))


def says_conclusion(home: Resource) -> bool:
    """An Observation, or a component."""
    return CONCLUSION.same(concept_to_dicom(home.get("code", {})))


def is_impression(concept: Code | None, around: Code | None) -> bool:
    """Whether an item of the concept, in one of the concept `around`, sums up a document that says no Conclusion."""
    return any(one.same(concept) for one in _IMPRESSIONS) or (COMMENT.same(concept) and SUMMARY.same(around))


def says_impression(home: Resource, owner: Resource) -> bool:
    """An Observation, or a component of the `owner`."""
    return is_impression(*(concept_to_dicom(one.get("code", {})) for one in (home, owner)))


def is_own(observation: Resource) -> bool:
    concept = concept_to_dicom(observation.get("code", {}))
    return CONCLUSION.same(concept) or of_section(concept) is not None
