"""One SR instance: its header and its content tree."""

from __future__ import annotations

from bridge.model.content import ContentItem
from bridge.model.dataset import Charset, DataSet, charset_of, items, text_of
from bridge.model.frozen import frozen
from bridge.model.tags import MAPPING_RESOURCE, TEMPLATE, TEMPLATE_ID


@frozen
class Document:
    header: DataSet  # everything on the top level that is not part of the root content item
    root: ContentItem

    @property
    def charset(self) -> Charset:
        return charset_of(self.header)

    @property
    def template(self) -> str | None:
        """Template Identifier (0040,DB00) of the root, such as `1500`."""
        return template_of(self.root.rest)


def template_of(rest: DataSet) -> str | None:
    """Of the DICOM Content Mapping Resource: a number of another resource is another template (PS3.3 C.18.8)."""
    named = next(iter(items(rest, TEMPLATE)), None)
    if named is None or text_of(named, MAPPING_RESOURCE) not in (None, "", "DCMR"):
        return None
    return text_of(named, TEMPLATE_ID)
