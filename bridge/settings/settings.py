"""Configuration: `bridge.yaml`, every key at its top also as `BRIDGE_...`; unknown keys are errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bridge.errors import UsageError
from bridge.mapping.revision import NO_ZONE
from bridge.model.release import Release
from bridge.settings.access import Remote
from bridge.settings.faults import faults_of
from bridge.settings.issuer import Issuer
from bridge.settings.routes import RouteSettings, route_of
from bridge.settings.service import OidcAuth, Service
from bridge.settings.source import read
from bridge.settings.stores import DicomWebSettings, FolderSettings, StoreSettings, Zone, folders_apart, holds, named
from bridge.settings.strict import only_known


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BRIDGE_", extra="forbid")

    mappings: Path | None = None  # a site's own folder; its rows win over the shipped ones
    issuer: Issuer | None = None  # `convert`: issuer of Patient IDs that name none
    timezone: Zone = NO_ZONE  # `convert`: of DICOM times that name none
    fhir_version: Release = "R4"  # `convert` and /translate: of the resources
    stores: dict[str, StoreSettings] = {
        "fhir": FolderSettings(kind="folder", path=Path("data/fhir"), holds="fhir"),
        "dicom": FolderSettings(kind="folder", path=Path("data/dicom"), holds="dicom"),
    }
    routes: Annotated[tuple[RouteSettings, ...], Field(min_length=1)] = (RouteSettings(between=("fhir", "dicom")),)
    ledger: str = "sqlite:///bridge.db"
    serve: Service = Service()
    workers: Annotated[int, Field(gt=0, le=64)] = 4  # threads that work at what is owed
    audit_heads: Path | None = None  # file at whose end each pass writes the newest head of the audit trail
    interval: Annotated[float, Field(gt=0, le=86400)] = 2.0  # `serve`: seconds from one pass to the next, at least
    settle: Annotated[float, Field(ge=0, le=3600)] = 1.0  # `serve`: seconds that results wait for their report
    reconcile: Annotated[float, Field(gt=0)] = 86400.0  # `serve`: seconds from one full comparison to the next

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        return only_known(cls, given)

    @model_validator(mode="after")
    def _a_route_of_these_stores(self) -> Settings:
        """Of no configuration, between the embedded two; where there are stores, between the two that there are."""
        named(self.stores)
        if "stores" in self.model_fields_set and "routes" not in self.model_fields_set:
            self.routes = (route_of(self.stores),)
        folders_apart(self.stores)
        return self

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> Settings:
        for route in self.routes:
            held = []
            for name in route.between:
                if name not in self.stores:
                    raise ValueError(f"routes: there is no store {name!r}; there are {', '.join(self.stores)}")
                held.append(holds(self.stores[name]))
            removes = "delete" in (route.deleted, route.superseded)
            web = any(isinstance(self.stores[name], DicomWebSettings) for name in route.between)
            if web and removes:
                raise ValueError(f"routes: {' and '.join(route.between)}: DICOMweb deletes nothing; take mark and keep")
            if web and route.demographics == "propagate":
                raise ValueError(f"routes: {' and '.join(route.between)}: DICOMweb replaces nothing; take new-only")
            if web and route.merges == "follow" and route.direction != "to-fhir":
                raise ValueError(f"routes: {' and '.join(route.between)}: DICOMweb moves nothing; take `merges: hold`")
            if sorted(held) != ["dicom", "fhir"]:
                raise ValueError(f"routes: {' and '.join(route.between)} both hold {held[0]}; name one of each world")
        return self

    @model_validator(mode="after")
    def _one_route_between_two(self) -> Settings:
        """What is seen and owed is kept by route: a second one would take what the first one is to carry."""
        names = self.route_names()
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"routes: there are two of the name {name}; make one of them, or rename a store where they are not "
                    "between the same two"
                )
        return self

    @model_validator(mode="after")
    def _one_issuer_is_no_other(self) -> Settings:
        """Patient IDs of two archives in one FHIR store: without their issuers one number would be one person."""
        for name, store in self.stores.items():
            if holds(store) != "fhir":
                continue
            routes = [route for route in self.routes if name in route.between and route.direction != "to-dicom"]
            archives = sorted({one for route in routes for one in route.between if one != name})
            unknown = [one for one in archives if not getattr(self.stores[one], "issuer", None)]
            if len(archives) > 1 and unknown:
                raise ValueError(
                    f"stores: {', '.join(unknown)}: give the `issuer` of their Patient IDs; {name} has patients of "
                    f"{len(archives)} archives, and one ID may be two people"
                )
        return self

    @model_validator(mode="after")
    def _hooks_of_stores(self) -> Settings:
        for name in self.serve.hooks:
            if name not in self.stores:
                raise ValueError(f"serve.hooks: there is no store {name!r}; there are {', '.join(self.stores)}")
        return self

    def route_names(self) -> tuple[str, ...]:
        return tuple("-".join(pair) for pair in self.route_stores())

    def route_stores(self) -> tuple[tuple[str, str], ...]:
        """Names of the FHIR store and of the DICOM store of each route."""
        return tuple(
            (one, other) if holds(self.stores[one]) == "fhir" else (other, one)
            for one, other in (route.between for route in self.routes)
        )

    def places(self) -> Iterator[tuple[str, str]]:
        """Each route with each of its stores, by name."""
        for name, stores in zip(self.route_names(), self.route_stores(), strict=True):
            yield from ((name, store) for store in stores)

    def certificates(self) -> Iterator[tuple[str, Path, Path]]:
        """Where each of our certificates is configured, its file, and that of its key."""
        if self.serve.tls is not None:
            yield "serve", self.serve.tls.certificate, self.serve.tls.key or self.serve.tls.certificate
        if isinstance(self.serve.auth, OidcAuth) and (own := self.serve.auth.tls.own) is not None:
            yield "serve.auth", Path(own[0]), Path(own[1])
        for name, store in self.stores.items():
            if isinstance(store, Remote) and (own := store.tls.own) is not None:
                yield f"stores.{name}", Path(own[0]), Path(own[1])


def settings(file: Path | None) -> Settings:
    """Raises UsageError naming every key at fault."""
    found = read(file) if file is not None else {}
    given = {key: value for key, value in found.items() if _variable(key) is None}
    return _checked(given, str(file or "environment"))


def listening(found: Settings, host: str | None, port: int | None) -> Settings:
    """The same on another address, which is as safe. Raises UsageError."""
    said = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return _checked(dict(found) | {"serve": found.serve.model_dump() | said}, "--host, --port") if said else found


def _variable(key: str) -> str | None:
    """The environment variable that says a key, if there is one."""
    return next((name for name in os.environ if name.lower() == f"bridge_{key}"), None)


def _checked(given: dict[str, Any], where: str) -> Settings:
    try:
        return Settings(**given)
    except SettingsError as error:  # of the environment: what is no plain text is JSON there
        raise UsageError(f"environment: {error}; write JSON, as BRIDGE_ROUTES='[...]'") from error
    except ValidationError as error:
        raise UsageError(faults_of(error, lambda key: where if key in given else _variable(key) or where)) from error
