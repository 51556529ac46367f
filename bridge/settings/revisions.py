"""What the documents of each route are translated by, as it is configured now: the mappings, the code, and the zone of
times that name none."""

from __future__ import annotations

from bridge.mapping.load import load
from bridge.settings.settings import Settings
from bridge.settings.stores import FhirSettings


def revisions_of(settings: Settings) -> dict[str, str]:
    """By the name of the route. Raises MappingError."""
    mapping, found = load(settings.mappings), dict[str, str]()
    for name, (_, archive) in zip(settings.route_names(), settings.route_stores(), strict=True):
        store = settings.stores[archive]
        assert not isinstance(store, FhirSettings)  # the settings were validated
        found[name] = mapping.of_zone(store.timezone).revision
    return found
