"""One SR instance: its header and its content tree."""

from __future__ import annotations

from bridge.model.content import ContentItem
from bridge.model.dataset import Charset, DataSet, charset_of, items, text_of
from bridge.model.frozen import frozen
from bridge.model.tags import TEMPLATE, TEMPLATE_ID


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
    return next((text_of(one, TEMPLATE_ID) for one in items(rest, TEMPLATE)), None)
