"""Stores, by kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import permutations
from pathlib import Path
from typing import Annotated, Literal, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from bridge.mapping.revision import NO_ZONE
from bridge.model.world import World
from bridge.settings.access import Remote
from bridge.settings.issuer import Issuer
from bridge.settings.strict import Strict


def _zone(value: str) -> str:
    if re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", value):
        return value
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("write an IANA zone such as Europe/Berlin, or an offset such as +01:00") from error
    return value


Zone = Annotated[str, AfterValidator(_zone)]


class FhirSettings(Remote):
    kind: Literal["fhir"]
    system: str | None = None  # identity of the store, part of every derived id; its URL by default
    feed: Literal["history", "search"] = "history"  # what tells that something is new


class OrthancSettings(Remote):
    kind: Literal["orthanc"]
    issuer: Issuer | None = None  # of Patient IDs that name none
    timezone: Zone = NO_ZONE  # of times that name none


class DicomWebSettings(Remote):
    kind: Literal["dicomweb"]
    issuer: Issuer | None = None
    timezone: Zone = NO_ZONE


class FolderSettings(Strict):
    kind: Literal["folder"]
    path: Path
    holds: World
    system: str | None = None
    issuer: Issuer | None = None
    timezone: Zone = NO_ZONE


StoreSettings = Annotated[
    FhirSettings | OrthancSettings | DicomWebSettings | FolderSettings, Field(discriminator="kind")
]


def holds(store: StoreSettings) -> World:
    match store:
        case FolderSettings():
            return store.holds
        case FhirSettings():
            return "fhir"
        case OrthancSettings() | DicomWebSettings():
            return "dicom"
    assert_never(store)


def named(stores: Iterable[str]) -> None:
    """Raises ValueError where one has no name: a command would take it for an option, the ledger for its own."""
    for name in stores:
        if not re.fullmatch(r"\w(.*\S)?", name):
            raise ValueError(f"stores: {name!r} is no name; begin with a letter or a digit, and end with no blank")


def folders_apart(stores: Mapping[str, StoreSettings]) -> None:
    """Raises ValueError where two stores are one folder, or one is in the other: each would take what the other has
    for its own."""
    folders = [(name, store.path.resolve()) for name, store in stores.items() if isinstance(store, FolderSettings)]
    for (one, inner), (other, outer) in permutations(folders, 2):
        if inner.is_relative_to(outer):
            where = "are one folder" if inner == outer else f"are not apart: {one} is in the folder of {other}"
            raise ValueError(f"stores: {one} and {other} {where}; give each a folder of its own")
