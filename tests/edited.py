"""A document of ours after somebody edited it in the PACS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.translate.basis.ids import Known
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir


def first_item_edited(
    group: Group, change: Callable[[ContentItem], ContentItem], mapping: Mapping, known: Known
) -> Translated[Group]:
    """What comes back: no resource is made anew, and the edited document comes back from them."""
    document = checked_to_dicom(group, mapping, known).result
    first, *others = document.root.children
    after = Document(document.header, replace(document.root, children=(change(first), *others)))
    back = to_fhir(after, mapping, known)
    assert ANEW not in back.report.warnings
    assert to_dicom(back.result, mapping, known).result == after
    return back
