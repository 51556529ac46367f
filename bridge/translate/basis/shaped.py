"""Pairs of an attribute and an element, as the shapes list them."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.mapping.mapping import Pair
from bridge.mapping.texts import one_value
from bridge.model.dataset import UNICODE, Element, text_element, text_of
from bridge.model.document import Document
from bridge.model.group import Resource

_LENGTH = {"LO": 64, "SH": 16}
"""Characters that these hold (PS3.5 6.2)."""


def shaped_to_fhir(shape: tuple[Pair, ...], document: Document, resource: Resource) -> Resource:
    """Sets the elements that the header says; what a lens cannot read stays in the header, which the report carries."""
    charset = document.charset
    for pair in shape:
        found = text_of(document.header, pair.tag, charset)
        if found is None:
            continue
        try:
            resource[pair.element] = pair.lens.to_fhir(found)
        except ValueError:  # not of that form
            continue
    return resource


def shaped_to_dicom(shape: tuple[Pair, ...], resource: Resource) -> Iterator[Element | str]:
    """Yields the elements of the header; a warning in place of one that DICOM cannot hold."""
    for pair in shape:
        if pair.element in resource:
            try:
                text = pair.lens.to_dicom(resource[pair.element])
                if (length := _LENGTH.get(pair.vr)) is not None:
                    if len(text) > length:
                        yield f"{resource['resourceType']}.{pair.element} has more than {length} characters: it is cut"
                    text = one_value(text, length)
                yield text_element(pair.tag, pair.vr, text, UNICODE)
            except ValueError:
                yield f"{resource['resourceType']}.{pair.element} has no DICOM form"
