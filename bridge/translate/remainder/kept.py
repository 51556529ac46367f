"""What an SR of ours said privately before somebody edited its items in DICOM: written again while nobody edits the
resources, because a SOP Instance UID names one content."""

from __future__ import annotations

from typing import Any

from bridge.errors import DamagedRemainderError
from bridge.model.content import Path
from bridge.model.document import Document
from bridge.model.group import Group, boxed, unboxed
from bridge.translate.basis.digests import GUARD, digest, document_digest
from bridge.translate.remainder.extension import attach, attached
from bridge.translate.remainder.private import Piece

_Pieces = dict[Path, Piece]


def keep(group: Group, document: Document, made: _Pieces, said: _Pieces) -> None:
    """In place of the pieces that are `made` of the group, those that the document `said`."""
    pieces: dict[str, Any] = {".".join(map(str, path)): boxed(piece) for path, piece in said.items()}
    attach(group.root, "pieces", {"guard": _guard(document, made), "said": pieces})


def as_kept(group: Group, document: Document, made: _Pieces) -> _Pieces:
    remainder = attached(group.root, "pieces")
    kept = remainder and remainder.get("guard") == _guard(document, made)
    return _said(remainder) if kept else made


def said_before(group: Group) -> _Pieces:
    """What the document said before somebody edited its items; empty where nobody has."""
    remainder = attached(group.root, "pieces")
    return _said(remainder) if remainder else {}


def _said(remainder: dict[str, Any]) -> _Pieces:
    try:
        said = remainder["said"].items()
        return {tuple(map(int, path.split("."))) if path else (): unboxed(one) for path, one in said}
    except (AttributeError, KeyError, ValueError) as error:
        raise DamagedRemainderError from error


def _guard(document: Document, pieces: _Pieces) -> str:
    return document_digest(document) + digest(repr(sorted(pieces.items())), GUARD)
