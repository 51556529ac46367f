"""What Prometheus reads: what was done, by direction and act, and what is owed, by route and store. No key, no UID and
no name of a person is a label."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bridge.ledger.ledger import Ledger
from bridge.sync.summary import Summary
from bridge.web.certificate import end_of
from bridge.web.unheard import Unheard

_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3600)
_LATE = ("owed", "waiting", "deleted", "absent")
"""States of work that passes have yet to do: a store is that far behind. What is held, dead, or blocked by that is with
a person."""


class Meters:
    """Counted since the start of the process, in a registry of its own."""

    def __init__(
        self, places: Iterable[tuple[str, str]] = (), certificates: Iterable[tuple[str, Path, Path]] = ()
    ) -> None:
        """`places`: route and store of all there are, also of those of which nothing is owed. Of others, which the
        configuration does not name any more, nothing is said: no pass would ever change it. `certificates`: ours, by
        where each is configured, with its key."""
        self._places, self._certificates = tuple(places), tuple(certificates)
        self._registry = registry = CollectorRegistry()
        self._passes = Counter("fhir_dicom_passes", "Passes made, by how they ended", ["ended"], registry=registry)
        self._seconds = Histogram("fhir_dicom_pass_seconds", "Of a pass", buckets=_SECONDS, registry=registry)
        self._acts = Counter("fhir_dicom_acts", "Done to documents", ["direction", "act"], registry=registry)
        self._faults = Counter("fhir_dicom_faults", "Faults that passes reported", registry=registry)
        self._wakes = Counter("fhir_dicom_wakes", "Webhooks that asked for a pass", ["store"], registry=registry)

    def made(self, summary: Summary, seconds: float, *, broken: bool) -> None:
        self._passes.labels("broken" if broken else "faults" if summary.faults else "clean").inc()
        self._seconds.observe(seconds)
        self._faults.inc(len(summary.faults))
        for name, number in summary.acts.items():
            direction, _, act = name.partition(" ")
            self._acts.labels(direction, act).inc(number)

    def woken(self, store: str) -> None:
        self._wakes.labels(store).inc()

    def page(self, ledger: Ledger, down: Container[str] = (), unheard: Iterable[Unheard] = ()) -> bytes:
        """In the text format of Prometheus, with what the ledger says now. `down`: names of stores."""
        now = CollectorRegistry()
        now.register(_Present(ledger, self._places, down, _seconds(self._places, unheard, time.time())))
        now.register(_Certificates(self._certificates))
        return generate_latest(self._registry) + generate_latest(now)


class _Certificates(Collector):
    """As their files are now: they are renewed while the service runs."""

    def __init__(self, certificates: Iterable[tuple[str, Path, Path]]) -> None:
        self._certificates = certificates

    def collect(self) -> Iterator[GaugeMetricFamily]:
        name, what = "fhir_dicom_certificate_expiry_timestamp_seconds", "When one of our certificates ends"
        ends = GaugeMetricFamily(name, what, labels=["tls"])
        for where, certificate, key in self._certificates:
            if (end := end_of(certificate, key)) is not None:
                ends.add_metric([where], end)
        yield ends


class _Present(Collector):
    def __init__(
        self,
        ledger: Ledger,
        places: Iterable[tuple[str, str]],
        down: Container[str],
        unheard: Mapping[tuple[str, str], float],
    ) -> None:
        """`unheard`: for how many seconds each of the places was not heard."""
        self._ledger, self._places, self._down, self._unheard = ledger, places, down, unheard

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._work()
        conflicts = self._ledger.conflicts.count()
        yield GaugeMetricFamily("fhir_dicom_conflicts", "Documents of which both sides have news", conflicts)
        paused = GaugeMetricFamily("fhir_dicom_paused", "Routes that make no pass", labels=["route"])
        for route in sorted(self._ledger.pauses.reasons().keys() & {route for route, _ in self._places}):
            paused.add_metric([route], 1)
        yield paused
        away = GaugeMetricFamily("fhir_dicom_store_down", "1: nothing is asked of it for now", labels=["store"])
        for store in sorted({store for _, store in self._places}):
            away.add_metric([store], store in self._down)
        yield away
        silent = GaugeMetricFamily("fhir_dicom_unheard_seconds", "Since its news were heard", labels=["route", "store"])
        for labels, seconds in sorted(self._unheard.items()):
            silent.add_metric(labels, seconds)
        yield silent

    def _work(self) -> Iterator[GaugeMetricFamily]:
        work = GaugeMetricFamily("fhir_dicom_work", "Not in step, by state", labels=["route", "store", "state"])
        lag = GaugeMetricFamily(
            "fhir_dicom_lag_seconds", "Of the oldest owed work, or unheard", labels=["route", "store"]
        )
        oldest = dict(self._unheard)  # at least: nobody knows what there is to do
        for one in self._ledger.view.counts():
            if (one.route, one.store) not in oldest:
                continue
            work.add_metric([one.route, one.store, one.state], one.number)
            if one.state in _LATE:
                place = (one.route, one.store)
                oldest[place] = max(oldest[place], self._ledger.now() - one.since)
        for labels, seconds in sorted(oldest.items()):
            lag.add_metric(labels, seconds)
        yield from (work, lag)


def _seconds(places: Iterable[tuple[str, str]], unheard: Iterable[Unheard], now: float) -> dict[tuple[str, str], float]:
    """Of each place: route and store."""
    found = dict.fromkeys(places, 0.0)
    for one in unheard:
        for store in one.stores:
            found[one.route, store] = max(found.get((one.route, store), 0.0), now - one.since)
    return found
