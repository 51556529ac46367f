"""Configuration: `bridge.yaml`, every key at its top also as `BRIDGE_...`; unknown keys are errors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bridge.errors import UsageError
from bridge.settings.only import Only
from bridge.settings.service import Service
from bridge.settings.stores import DicomWebSettings, FolderSettings, StoreSettings, Zone, holds
from bridge.settings.strict import Strict


class RouteSettings(Strict):
    between: tuple[str, str]  # names of two stores, one of each world
    direction: Literal["both", "to-fhir", "to-dicom"] = "both"
    deleted: Literal["mark", "delete", "ignore"] = "mark"  # what was deleted on one side, on the other
    superseded: Literal["keep", "delete"] = "keep"  # SR instances that a newer version of ours replaces
    demographics: Literal["new-only", "propagate", "from-dicom"] = "new-only"  # where a corrected Patient goes
    merges: Literal["hold", "follow"] = "hold"  # what a Patient that another replaces means for the documents
    identity_removed: Literal["hold", "skip", "carry"] = "hold"  # pseudonyms among the Patient IDs of the archive
    imaging_studies: bool = True  # each study of the PACS as ImagingStudy
    conflicts: Literal["hold", "fhir", "dicom"] = "hold"  # whose news hold where both sides have some
    only: Only = Only()


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
    serve: Service = Service()
    workers: Annotated[int, Field(gt=0, le=64)] = 4  # threads that work at what is owed
    audit_heads: Path | None = None  # file at whose end each pass writes the newest head of the audit trail
    interval: Annotated[float, Field(gt=0)] = 2.0  # `serve`: seconds from one pass to the next, at least
    settle: Annotated[float, Field(ge=0, le=3600)] = 1.0  # `serve`: seconds that results wait for their report
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
        for number, route in enumerate(self.routes):
            if names[number] in names[:number]:
                raise ValueError(f"routes: there are two between {' and '.join(route.between)}; make one of them")
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


def settings(file: Path | None) -> Settings:
    """Raises UsageError naming every key at fault."""
    found: object = {}
    if file is not None:
        try:
            found = yaml.safe_load(file.read_text("utf-8")) or {}
        except yaml.MarkedYAMLError as error:
            line = f":{error.problem_mark.line + 1}" if error.problem_mark is not None else ""
            raise UsageError(f"{file}{line}: no YAML: {error.problem or 'it cannot be parsed'}") from error
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"{file}: cannot be read: {error.__class__.__name__}; give a YAML file") from error
    if not isinstance(found, dict):
        raise UsageError(f"{file}: no map of keys; write `key: value`")
    from_environment = {key.lower() for key in os.environ}
    given: dict[str, Any] = {str(key): value for key, value in found.items() if f"bridge_{key}" not in from_environment}
    return _checked(given, str(file or "environment"))


def listening(found: Settings, host: str | None, port: int | None) -> Settings:
    """The same on another address, which is as safe. Raises UsageError."""
    said = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return _checked(dict(found) | {"serve": found.serve.model_dump() | said}, "--host, --port") if said else found


def _checked(given: dict[str, Any], where: str) -> Settings:
    try:
        return Settings(**given)
    except SettingsError as error:  # of the environment: what is no plain text is JSON there
        raise UsageError(f"{where}: {error}; write JSON, as BRIDGE_ROUTES='[...]'") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}".lstrip(": ") for one in error.errors())
        raise UsageError(f"{where}: {faults}") from error
