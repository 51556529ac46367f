"""What is left of a group for a reader of FHIR that knows nothing of us."""

from __future__ import annotations

from bridge.model.group import Group
from bridge.translate.remainder.extension import stripped


def ablated(group: Group) -> Group:
    """Our extensions deleted; Composition and element ids stay."""
    return Group(stripped(group.root), tuple(map(stripped, group.members)), group.patient, group.key)
