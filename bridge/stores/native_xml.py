"""The Native DICOM Model in XML (PS3.19 A.1), as the JSON of PS3.18 F says it: what older archives answer with,
whatever they are asked for. Declarations of a document type are refused, and with them entities that grow."""

from __future__ import annotations

from html.parser import HTMLParser

from bridge.model.group import Json

_NUMBERS = frozenset({"US", "SS", "UL", "SL", "IS"})
_MOST = 1 << 20  # characters: one instance is spoken of


class NotNativeDicomError(ValueError):
    """It is no such document."""


def is_xml(content_type: str) -> bool:
    """`application/dicom+xml` (PS3.18 8.7.3), or XML of any name; a page of HTML is none of them."""
    return "xml" in content_type.lower() and "html" not in content_type.lower()


def from_xml(text: str) -> Json:
    """The data set: elements with their VR and `Value`; other kinds of value are left out. Raises
    NotNativeDicomError."""
    if len(text) > _MOST:
        raise NotNativeDicomError(f"more than {_MOST} characters")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.root is None or reader.open:
        raise NotNativeDicomError("no NativeDicomModel, or it broke off")
    return reader.root


class _Reader(HTMLParser):
    """Of tags alone, which come in lower case, without a prefix: no entity is known but those of characters."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: Json | None = None
        self.open: list[tuple[str, Json]] = []  # elements that are not at their end, with what they say
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name, said = tag.rpartition(":")[2], dict(attrs)
        around = self.open[-1][1] if self.open else None
        found: Json = {}
        if name == "nativedicommodel" and self.root is None:
            self.root = found
        elif name == "dicomattribute" and isinstance(around, dict):
            around[(said.get("tag") or "").upper()] = found = {"vr": said.get("vr") or ""}
        elif name == "item" and isinstance(around, dict):
            around.setdefault("Value", []).append(found)
        self.open.append((tag, found if isinstance(around, dict) or found is self.root else None))
        self._text = ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise NotNativeDicomError(f"an end of {tag!r} that did not begin")
        self.open.pop()
        around = self.open[-1][1] if self.open else None
        if tag.rpartition(":")[2] == "value" and isinstance(around, dict) and "vr" in around:
            text = self._text.strip()
            value = int(text) if around["vr"] in _NUMBERS and text.isdecimal() else text
            around.setdefault("Value", []).append(value)

    def handle_decl(self, decl: str) -> None:
        raise NotNativeDicomError("a declaration of a document type")

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)
