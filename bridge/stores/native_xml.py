"""The Native DICOM Model in XML (PS3.19 A.1), as the JSON of PS3.18 F says it: what older archives answer with,
whatever they are asked for. A document type is refused, and with it entities that grow, or name a file."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from bridge.model.group import Json

_MOST = 1 << 20  # bytes: one instance is spoken of


class NotNativeDicomError(ValueError):
    """It is no such document."""


def is_xml(content_type: str) -> bool:
    """`application/dicom+xml` (PS3.18 8.7.3), or XML of any name; a page of HTML is none of them."""
    return "xml" in content_type.lower() and "html" not in content_type.lower()


def from_xml(data: bytes) -> Json:
    """The data set: elements with their VR and `Value`, numbers as text; other kinds of value are left out. Raises
    NotNativeDicomError."""
    if len(data) > _MOST:
        raise NotNativeDicomError(f"more than {_MOST} bytes")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = reader.document_type
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.said.append
    try:
        parser.Parse(data, True)
    except NotNativeDicomError:  # of ours, and a ValueError
        raise
    except expat.ExpatError as error:
        raise NotNativeDicomError("it is no XML, or broke off") from error
    except (LookupError, ValueError) as error:  # codecs of Python, by the name that the document gives
        raise NotNativeDicomError("in an encoding that is not read") from error
    if reader.root is None:
        raise NotNativeDicomError("it is no NativeDicomModel")
    return reader.root


class _Reader:
    """`open`: what the elements that are not at their end become; None of what is not read."""

    def __init__(self) -> None:
        self.root: Json | None = None
        self.open: list[Json | None] = []
        self.said: list[str] = []

    def document_type(self, *_: object) -> NoReturn:
        raise NotNativeDicomError("it has a document type")

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        name, around = name.rpartition(" ")[2], self.open[-1] if self.open else None
        found: Json | None = None
        if name == "NativeDicomModel" and not self.open:
            found = self.root = {}
        elif name == "DicomAttribute" and around is not None:
            found = around[attributes.get("tag", "").upper()] = {"vr": attributes.get("vr", "")}
        elif name == "Item" and around is not None:
            found = {}
            around.setdefault("Value", []).append(found)
        self.open.append(found)
        self.said.clear()

    def end(self, name: str) -> None:
        self.open.pop()
        around = self.open[-1] if self.open else None
        if name.rpartition(" ")[2] == "Value" and around is not None:
            around.setdefault("Value", []).append("".join(self.said).strip())
