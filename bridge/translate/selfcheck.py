"""Translation that translates back before it hands out, and refuses a loss."""

from __future__ import annotations

from dataclasses import replace

from bridge.errors import LossError
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.group import Group, Resource, same
from bridge.translate.basis.ids import Known
from bridge.translate.basis.losses import lost_of_resources
from bridge.translate.header.verifiers import without_verifiers
from bridge.translate.remainder.extension import attached, is_from_dicom, is_told, stripped
from bridge.translate.remainder.json_patch import canonical_text
from bridge.translate.remainder.said_elsewhere import compared
from bridge.translate.report.report import Translated
from bridge.translate.to_dicom import as_source, to_dicom
from bridge.translate.to_fhir import to_fhir


def checked_to_dicom(group: Group, mapping: Mapping, known: Known) -> Translated[Document]:
    """Translates a group, and back. Raises LossError where the resources would not come back as they are, or an edit of
    them not at all."""
    translated = to_dicom(group, mapping, known)
    told = is_told(attached(group.root, "document"))
    # whoever reads it has no other version
    there = to_fhir(translated.result, mapping, replace(known, head=None), told=told)
    back = there.result
    if translated.report.anew and there.report.anew:
        places = ", ".join(dict.fromkeys(translated.report.unseen)) or "the resources"
        raise LossError(f"the edit of {places} would not come back from the SR; undo it, or edit what the items say")
    if is_from_dicom(group.root):  # its remainder is made anew, so that only `to_fhir`, which checks itself, can tell
        return translated
    said = (without_verifiers(as_source(found, known)).resources() for found in (group, back))
    before, after = ([*map(stripped, found)] for found in said)
    if back.key != group.key:
        raise LossError("the source that the document names would not come back; please report this file")
    if not _are_same(before, after):
        before, after = ([*map(compared, found)] for found in (before, after))
        if not _are_same(before, after):
            raise LossError(f"{lost_of_resources(before, after)} would not come back; please report this file")
    return translated


def _are_same(before: list[Resource], after: list[Resource]) -> bool:
    """In whatever order, in place put into one."""
    before.sort(key=_name)
    after.sort(key=_name)
    return len(before) == len(after) and all(map(same, before, after))


def _name(resource: Resource) -> tuple[str, ...]:
    """In which order the resources of a document come says nothing."""
    return resource["resourceType"], str(resource.get("id", "")), "" if "id" in resource else canonical_text(resource)
