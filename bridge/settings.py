"""Configuration: `bridge.yaml`, every key also as `BRIDGE_...`; unknown keys are errors."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bridge.errors import UsageError


def _zone(value: str) -> str:
    if re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", value):
        return value
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("write an IANA zone such as Europe/Berlin, or an offset such as +01:00") from error
    return value


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+[^\s?#]*", value):
        raise ValueError("write http:// or https://, a host, and no user, query or fragment")
    return value.rstrip("/")


Zone = Annotated[str, AfterValidator(_zone)]
Url = Annotated[str, AfterValidator(_url)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FhirSettings(_Strict):
    kind: Literal["fhir"]
    url: Url
    system: str | None = None  # identity of the store, part of every derived id; its URL by default


class OrthancSettings(_Strict):
    kind: Literal["orthanc"]
    url: Url
    issuer: str | None = None  # of Patient IDs that name none
    timezone: Zone = "+00:00"  # of times that name none


class DicomWebSettings(_Strict):
    kind: Literal["dicomweb"]
    url: Url
    issuer: str | None = None
    timezone: Zone = "+00:00"


class FolderSettings(_Strict):
    kind: Literal["folder"]
    path: Path
    holds: Literal["fhir", "dicom"]
    system: str | None = None
    issuer: str | None = None
    timezone: Zone = "+00:00"


StoreSettings = Annotated[
    FhirSettings | OrthancSettings | DicomWebSettings | FolderSettings, Field(discriminator="kind")
]


class RouteSettings(_Strict):
    between: tuple[str, str]  # names of two stores, one of each world
    direction: Literal["both", "to-fhir", "to-dicom"] = "both"
    deleted: Literal["mark", "delete", "ignore"] = "mark"  # what was deleted on one side, on the other
    superseded: Literal["keep", "delete"] = "keep"  # SR instances that a newer version of ours replaces
    conflicts: Literal["hold", "fhir", "dicom"] = "hold"  # whose news hold where both sides have some


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BRIDGE_", extra="forbid")

    mappings: Path | None = None  # a site's own folder; its rows win over the shipped ones
    issuer: str | None = None  # `convert`: issuer of Patient IDs that name none
    timezone: Zone = "+00:00"  # `convert`: of DICOM times that name none
    fhir_version: Literal["R4", "R5"] = "R4"  # `convert` and /translate: of the resources
    stores: dict[str, StoreSettings] = {
        "fhir": FolderSettings(kind="folder", path=Path("data/fhir"), holds="fhir"),
        "dicom": FolderSettings(kind="folder", path=Path("data/dicom"), holds="dicom"),
    }
    routes: tuple[RouteSettings, ...] = (RouteSettings(between=("fhir", "dicom")),)
    ledger: str = "sqlite:///bridge.db"
    interval: Annotated[float, Field(gt=0)] = 30.0  # `serve`: seconds from one pass to the next
    reconcile: Annotated[float, Field(gt=0)] = 86400.0  # `serve`: seconds from one full comparison to the next

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> Settings:
        for route in self.routes:
            held = []
            for name in route.between:
                if name not in self.stores:
                    raise ValueError(f"routes: there is no store {name!r}; there are {', '.join(self.stores)}")
                held.append(holds(self.stores[name]))
            removes = "delete" in (route.deleted, route.superseded)
            if removes and any(isinstance(self.stores[name], DicomWebSettings) for name in route.between):
                raise ValueError(f"routes: {' and '.join(route.between)}: DICOMweb deletes nothing; take mark and keep")
            if sorted(held) != ["dicom", "fhir"]:
                raise ValueError(f"routes: {' and '.join(route.between)} both hold {held[0]}; name one of each world")
        return self

    def route_names(self) -> tuple[str, ...]:
        """The FHIR store first."""
        pairs = (sorted(route.between, key=lambda name: holds(self.stores[name]) == "dicom") for route in self.routes)
        return tuple("-".join(pair) for pair in pairs)


def holds(store: StoreSettings) -> str:
    if isinstance(store, FolderSettings):
        return store.holds
    return "fhir" if isinstance(store, FhirSettings) else "dicom"


def settings(file: Path | None) -> Settings:
    """Raises UsageError naming every key at fault."""
    found: object = {}
    if file is not None:
        try:
            found = yaml.safe_load(file.read_text("utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"{file}: cannot be read: {error.__class__.__name__}; give a YAML file") from error
    if not isinstance(found, dict):
        raise UsageError(f"{file}: no map of keys; write `key: value`")
    from_environment = {key.lower() for key in os.environ}
    given: dict[str, Any] = {str(key): value for key, value in found.items() if f"bridge_{key}" not in from_environment}
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}".lstrip(": ") for one in error.errors())
        raise UsageError(f"{file or 'environment'}: {faults}") from error
