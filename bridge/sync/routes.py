"""Configuration -> stores and routes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache, partial
from typing import assert_never

from bridge.errors import UsageError
from bridge.settings.only import Only
from bridge.settings.settings import Settings
from bridge.settings.stores import DicomWebSettings, FhirSettings, FolderSettings, OrthancSettings
from bridge.stores.dicomweb import DicomWebStore
from bridge.stores.fhir import FhirStore
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.stores.orthanc import OrthancStore
from bridge.stores.store import InstanceStore, ResourceStore
from bridge.sync.access import access_to
from bridge.sync.basis.route import Route
from bridge.sync.decision.decide import Policy
from bridge.sync.decision.filter import Filter, Wanted
from bridge.sync.listening.feed import KINDS


def routes_of(settings: Settings) -> list[Route]:
    """Each route with its two stores; nothing is called yet. Routes share a store, its rate and what is known of it.
    Raises UsageError."""
    _embedded(settings)
    resources, instances = cache(partial(_resources, settings)), cache(partial(_instances, settings))
    found = []
    named = list(zip(settings.route_names(), settings.route_stores(), settings.routes, strict=True))
    for name, (fhir_name, dicom_name), route in named:
        archive = settings.stores[dicom_name]
        assert not isinstance(archive, FhirSettings)  # the settings were validated
        found.append(
            Route(
                name=name,
                fhir=resources(fhir_name),
                dicom=instances(dicom_name),
                direction=route.direction,
                policy=Policy(deleted=route.deleted, conflicts=route.conflicts, superseded=route.superseded),
                only=_filter(route.only),
                demographics=route.demographics,
                merges=route.merges,
                identity_removed=route.identity_removed,
                imaging_studies=route.imaging_studies and route.direction != "to-dicom",
                system=_system(settings, fhir_name),
                issuer=archive.issuer,
                timezone=archive.timezone,
                beside=tuple((one, pacs) for one, (fhir, pacs), _ in named if fhir == fhir_name and one != name),
            )
        )
    return found


def _embedded(settings: Settings) -> None:
    """The two folders of no configuration: beside one of them the other is new, and is made. A folder that somebody has
    named is not: it is missing. Raises UsageError where neither is there, for that is another place than was meant."""
    if "stores" in settings.model_fields_set:
        return
    paths = [store.path for store in settings.stores.values() if isinstance(store, FolderSettings)]
    if not any(map(os.path.isdir, paths)):
        raise UsageError(
            f"no stores: give --config with `stores`, or make {' or '.join(map(str, paths))}, one of them, here"
        )
    try:
        for path in paths:
            path.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"{error.filename}: cannot be made: {error.strerror}") from error


def _filter(only: Only) -> Filter:
    return Filter(
        categories=_wanted(only.categories),
        profiles=_wanted(only.profiles),
        sop_classes=_wanted(only.sop_classes),
        modalities=_wanted(only.modalities),
        templates=_wanted(only.templates),
        patients=_wanted(only.patient_list()),
    )


def _wanted(said: Iterable[str] | None) -> Wanted:
    return None if said is None else frozenset(said)


def _resources(settings: Settings, name: str) -> ResourceStore:
    store = settings.stores[name]
    match store:
        case FolderSettings():
            return ResourceFolder(name, store.path)
        case FhirSettings():
            searched = sorted(KINDS) if store.feed == "search" else ()
            return FhirStore(name, store.url, access=access_to(name, store), searched=searched)
        case OrthancSettings() | DicomWebSettings():
            raise AssertionError(f"{name} is no FHIR store: the settings were validated")
    assert_never(store)


def _instances(settings: Settings, name: str) -> InstanceStore:
    store = settings.stores[name]
    match store:
        case FolderSettings():
            return InstanceFolder(name, store.path)
        case OrthancSettings():
            return OrthancStore(name, store.url, access=access_to(name, store))
        case DicomWebSettings():
            return DicomWebStore(name, store.url, access=access_to(name, store))
        case FhirSettings():
            raise AssertionError(f"{name} holds no instances: the settings were validated")
    assert_never(store)


def _system(settings: Settings, name: str) -> str:
    store = settings.stores[name]
    if isinstance(store, FhirSettings):
        return store.system or store.url
    return (store.system if isinstance(store, FolderSettings) else None) or name
