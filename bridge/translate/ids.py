"""Derived ids: the same input has the same ids (UUIDv5 in one namespace, PS3.5 B.2 for UIDs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import NamedTuple

from bridge.model.names import NAMESPACE


class Version(NamedTuple):
    """One instance of a document, as a Predecessor Documents Sequence names it."""

    study: str
    series: str
    sop_class: str
    sop_instance: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller knows of the stores and of the document: nothing, in `convert`."""

    system: str = "file"  # identity of the FHIR store, or of the files
    issuer: str | None = None  # default issuer of Patient IDs
    zone: str = "+00:00"  # of DICOM times that name none
    ids: Mapping[str, str] = field(default_factory=dict)  # `Type|key` -> id, by link
    document: str | None = None  # what ids are derived from, where that is not the SOP Instance UID: its first version
    supersedes: tuple[Version, ...] = ()  # what a document born in FHIR replaces

    def id(self, kind: str, key: str) -> str:
        if (linked := self.ids.get(f"{kind}|{key}")) is not None:
            return linked
        made = f"{_uuid(kind, self.system, key):032x}"
        return f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"


def _uuid(*parts: str) -> int:
    """UUIDv5 as RFC 9562 5.5 makes it; `uuid.uuid5` takes four times as long, for every resource."""
    hashed = sha1(NAMESPACE.bytes + "|".join(parts).encode(), usedforsecurity=False).digest()
    return int.from_bytes(hashed[:16], "big") & ~(0xF << 76 | 0x3 << 62) | 5 << 76 | 2 << 62


def new_uid(*parts: str) -> str:
    """`2.25.` and the integer of a UUIDv5 of the parts, 64 characters at most."""
    return f"2.25.{_uuid('uid', *parts)}"
