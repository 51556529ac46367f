"""A `timezone` that was wrong, and is set right: whoever asks for it has the times mended. Two folder stores."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.ledger.ledger import Ledger
from bridge.sync.basis.route import Route
from bridge.sync.run import once
from tests.command_line import fhir_dicom
from tests.folders import MAPPING, passed, route_of
from tests.images import ct, put_in
from tests.integration.test_sync_edges import heads, store
from tests.integration.test_sync_folders import put, tree
from tests.samples import measured

NO_OFFSET = {"TimezoneOffsetFromUTC": ""}
WRONG, RIGHT = "2026-03-02T08:15:00+00:00", "2026-03-02T08:15:00+01:00"


@pytest.fixture
def wrong(tmp_path: Path) -> Route:
    store(tmp_path, "1.2.3.4.5", "Sinusrhythmus", **NO_OFFSET)
    return replace(route_of(tmp_path), timezone="+00:00")


@pytest.fixture
def right(wrong: Route) -> Route:
    return replace(wrong, timezone="Europe/Berlin")


def said(folder: Path, kind: str, element: str) -> set[str]:
    files = (folder / "data" / "fhir" / kind).glob("*.json")
    return {one[element] for one in map(json.loads, map(Path.read_bytes, files)) if element in one}


def outdated(route: Route, ledger: Ledger) -> int:
    revision = MAPPING.of_zone(route.timezone).revision
    return ledger.links.outdated({route.name: revision}).get(route.name, 0)


def resend_outdated(route: Route, ledger: Ledger) -> int:
    revision = MAPPING.of_zone(route.timezone).revision
    return ledger.operations.resend_outdated(route.name, "fhir", "dicom", revision, "tests")


def settle(route: Route, ledger: Ledger) -> None:
    """Until it has seen what it wrote."""
    while passed(route, ledger):
        pass


def test_the_times_of_what_crossed_are_mended_when_it_is_asked_for(
    tmp_path: Path, wrong: Route, right: Route, ledger: Ledger
) -> None:
    settle(wrong, ledger)
    before = tree(tmp_path / "data" / "dicom")
    assert said(tmp_path, "DiagnosticReport", "effectiveDateTime") == {WRONG}
    assert outdated(wrong, ledger) == 0
    summary = once([right], ledger, MAPPING)
    (notice,) = (one for one in summary.notices if "timezone" in one)
    assert "was `+00:00`, and is `Europe/Berlin` now" in notice and "`fhir-dicom resend fhir-dicom`" in notice
    assert said(tmp_path, "DiagnosticReport", "effectiveDateTime") == {WRONG}, "nobody asked"
    assert not [one for one in once([right], ledger, MAPPING).notices if "timezone" in one], "it is said once"
    assert outdated(right, ledger) == resend_outdated(right, ledger) == 1
    assert passed(right, ledger) == {"to-fhir updated": 1}
    for kind in ("DiagnosticReport", "Observation"):
        assert said(tmp_path, kind, "effectiveDateTime") == {RIGHT}
    assert said(tmp_path, "ImagingStudy", "started") == {RIGHT}, "of a study that has this document alone"
    assert outdated(right, ledger) == 0
    assert tree(tmp_path / "data" / "dicom") == before
    assert passed(right, ledger) == {}


def test_what_has_its_own_offset_stays_as_it_is(tmp_path: Path, wrong: Route, right: Route, ledger: Ledger) -> None:
    store(tmp_path, "1.2.3.4.5", "Sinusrhythmus")
    settle(wrong, ledger)
    before = tree(tmp_path / "data")
    assert (resend_outdated(right, ledger), passed(right, ledger)) == (1, {})
    assert (outdated(right, ledger), tree(tmp_path / "data")) == (0, before)


def test_a_day_of_resources_is_one_of_the_right_clock(
    tmp_path: Path, wrong: Route, right: Route, ledger: Ledger
) -> None:
    """What has an offset of its own says it in the SR, too, and stays."""
    put(tmp_path, measured(id="day", subject={"display": "E"}, effectiveDateTime="2026-03-02"))
    put(tmp_path, measured(id="time", subject={"display": "E"}, effectiveDateTime="2026-03-02T09:15:00Z"))
    settle(wrong, ledger)
    resend_outdated(right, ledger)
    assert passed(right, ledger) == {"to-dicom updated": 1, "to-fhir updated": 1}
    ours = {one.StudyTime: one.TimezoneOffsetFromUTC for one in heads(tmp_path) if not one.PatientID}
    assert ours == {"": "+0100", "091500": "+0000"}
    settle(right, ledger)
    assert outdated(right, ledger) == 0


def test_an_imaging_study_is_mended_by_a_look_at_all(
    tmp_path: Path, wrong: Route, right: Route, ledger: Ledger
) -> None:
    put_in(tmp_path / "data" / "dicom", ct(1, **NO_OFFSET))
    settle(wrong, ledger)
    ledger.operations.resend(right.name, [], "tests")
    assert passed(right, ledger) == {"imaging-study updated": 1, "to-fhir updated": 1}
    assert "2026-03-02T08:15:00+01:00" in said(tmp_path, "ImagingStudy", "started")


def test_status_and_resend_know_the_zone_of_each_route(tmp_path: Path, wrong: Route) -> None:
    def configure(zone: str) -> None:
        stores: dict[str, Any] = {
            "fhir": {"kind": "folder", "holds": "fhir", "path": "data/fhir"},
            "dicom": {"kind": "folder", "holds": "dicom", "path": "data/dicom", "timezone": zone},
        }
        (tmp_path / "bridge.yaml").write_text(json.dumps({"stores": stores}))

    def run(*words: str) -> str:
        done = fhir_dicom(tmp_path, *words, "--config", "bridge.yaml")
        assert done.returncode == 0, done.stderr
        return done.stdout

    configure("UTC")
    for _ in range(3):
        run("sync", "--once")
    assert json.loads(run("status", "--json"))["outdated"] == {}
    configure("Europe/Berlin")
    assert json.loads(run("status", "--json"))["outdated"] == {"fhir-dicom": 1}
    assert run("resend", "fhir-dicom", "--outdated").startswith("1 ")
    run("sync", "--once")
    assert said(tmp_path, "DiagnosticReport", "effectiveDateTime") == {RIGHT}
    assert json.loads(run("status", "--json"))["outdated"] == {}
