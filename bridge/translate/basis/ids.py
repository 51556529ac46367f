"""Derived ids: the same input has the same ids (UUIDv5 in one namespace, PS3.5 B.2 for UIDs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from hashlib import sha1

from bridge.mapping.revision import NO_ZONE
from bridge.model.frozen import frozen
from bridge.model.names import NAMESPACE
from bridge.model.version import Version

FILES = "file"
"""Who translates files, and has no store."""


@frozen
class Known:
    """What the caller knows of the stores and of the document: nothing, in `convert`."""

    system: str = FILES  # identity of the FHIR store, or of the files
    issuer: str | None = None  # default issuer of Patient IDs
    zone: str = NO_ZONE  # of DICOM times that name none: `+hh:mm`, or an IANA name
    ids: Mapping[str, str] = field(default_factory=dict)  # `Type|key` -> id, by link
    document: str | None = None  # what ids are derived from, where that is not the SOP Instance UID: its first version,
    # or the name of the resource that it was made from
    supersedes: tuple[Version, ...] = ()  # what a document born in FHIR replaces
    named: tuple[tuple[str | None, str], ...] = ()  # systems and values of what may be the identifier that it names its
    # patient by: of an ID without issuer, one without system, too
    head: str | None = None  # SOP Instance UID of the newest version of the document; empty where that is void
    source: str | None = None  # the system that a document of ours was made for, where that is not this one
    names: str | None = None  # that system, where resources are called as there: it has made them, and not the document
    edited: str | None = None  # instant of the last edit of a document born in DICOM

    def of(self, source: str | None) -> Known:
        """Returns what is known of a document that was made for the system `source`: its ids are derived from that,
        where the caller has no system of its own."""
        if source in (None, self.system):
            return replace(self, source=None)
        return replace(self, system=source, source=None) if self.system == FILES else replace(self, source=source)

    @property
    def naming(self) -> str:
        """The system that what is derived of resources goes by."""
        return self.names or self.system

    def label(self) -> dict[str, str]:
        """What a document of ours says of the system that it was made for; empty where it was made of files."""
        system = self.source or self.system
        return {} if system == FILES else {"system": system}

    def id(self, kind: str, key: str) -> str:
        if self.ids and (linked := self.ids.get(f"{kind}|{key}")) is not None:
            return linked
        made = _hashed(kind, self.naming, key)
        return f"{made[:8]}-{made[8:12]}-5{made[13:16]}-{_VARIANT[made[16]]}{made[17:20]}-{made[20:32]}"


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def _hashed(*parts: str) -> str:
    """UUIDv5 as RFC 9562 5.5 makes it, before version and variant are set; `uuid.uuid5` takes five times as long, for
    every resource."""
    return sha1(_NAMESPACE + "|".join(parts).encode(), usedforsecurity=False).hexdigest()


_NAMESPACE = NAMESPACE.bytes


def _uuid(*parts: str) -> int:
    return int(_hashed(*parts)[:32], 16) & ~(0xF << 76 | 0x3 << 62) | 5 << 76 | 2 << 62


def new_uid(*parts: str) -> str:
    """`2.25.` and the integer of a UUIDv5 of the parts, 64 characters at most."""
    return f"2.25.{_uuid('uid', *parts)}"
