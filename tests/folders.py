"""Two folder stores, workers between them, and what happens while a store is asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.ledger.ledger import Ledger
from bridge.mapping.load import load
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.sync.basis.route import Route
from bridge.sync.run import once
from bridge.sync.summary import Summary
from bridge.sync.worker import Worker

MAPPING = load()


def make_stores(stores: Path) -> None:
    """Makes the two folders of the embedded default, where they are not there."""
    for name in ("fhir", "dicom"):
        (stores / "data" / name).mkdir(parents=True, exist_ok=True)


def route_of(stores: Path, **more: Any) -> Route:
    """As the embedded default has it."""
    make_stores(stores)
    fhir, dicom = ResourceFolder("fhir", stores / "data" / "fhir"), InstanceFolder("dicom", stores / "data" / "dicom")
    return Route("fhir-dicom", fhir, dicom, "both", "fhir", None, "+00:00", **more)


def copied(stores: Path) -> Path:
    """A folder with the same data, configuration and ledger, in which nothing is killed."""
    undisturbed = stores / "undisturbed"
    undisturbed.mkdir()
    for part in ("data", "bridge.yaml", "bridge.db"):
        source = stores / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, undisturbed / part)
    return undisturbed


def worker_of(route: Route, ledger: Ledger) -> Worker:
    return Worker(route, ledger, MAPPING.of_zone(route.timezone), lambda: False)


def done(summary: Summary) -> dict[str, int]:
    return summary.done


def passed(route: Route, ledger: Ledger, **how: Any) -> dict[str, int]:
    """What a pass did that said no fault."""
    summary = once([route], ledger, MAPPING, **how)
    assert summary.faults == []
    return done(summary)


def at_call(
    monkeypatch: pytest.MonkeyPatch, store: object, call: str, happens: Callable[..., object], *, number: int = 1
) -> None:
    """Once, when the store has found its answer to the call of that number, and before that reaches whoever asked."""
    plain = getattr(store, call)
    left = number

    def interrupted(*asked: Any) -> Any:
        nonlocal left
        answer = plain(*asked)
        left -= 1
        if left:
            return answer
        monkeypatch.setattr(store, call, plain)
        happens()
        return answer

    monkeypatch.setattr(store, call, interrupted)
