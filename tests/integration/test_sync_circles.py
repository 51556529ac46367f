"""What goes in a circle ends, and a person is asked; what people correct back and forth goes through."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.ledger.conflicts import CIRCLE
from bridge.ledger.ledger import Ledger
from bridge.model.world import World
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.sync.basis.route import Route
from bridge.sync.crossing.circle import ROUNDS
from bridge.sync.decision.decide import Policy
from bridge.sync.run import once
from tests.folders import MAPPING, passed, route_of
from tests.integration.test_sync_edges import heads, observation
from tests.integration.test_sync_folders import get, put
from tests.integration.test_sync_theirs import edited
from tests.samples import ecg_report

LONG = 40  # passes, after which nothing goes round any more
_QUIET = {"to-dicom nothing", "to-fhir nothing", "to-dicom adopted"}


@pytest.fixture
def ring(tmp_path: Path) -> list[Route]:
    """Two FHIR servers and two PACS, each with each."""
    for name in ("h1", "h2", "o1", "o2"):
        (tmp_path / name).mkdir()
    fhir = {name: ResourceFolder(name, tmp_path / name) for name in ("h1", "h2")}
    dicom = {name: InstanceFolder(name, tmp_path / name) for name in ("o1", "o2")}
    return [
        Route(f"{here}-{there}", fhir[here], dicom[there], "both", f"urn:x:{here}", None, "+00:00")
        for here, there in (("h1", "o1"), ("h1", "o2"), ("h2", "o2"), ("h2", "o1"))
    ]


def bear(folder: Path, where: str) -> None:
    """A document that says something in words."""
    if where == "h1":
        words = {key: value for key, value in observation("a", 0).items() if key != "valueQuantity"}
        (folder / "h1" / "Observation").mkdir()
        (folder / "h1" / "Observation" / "a.json").write_text(json.dumps(words | {"valueString": "slow"}))
        return
    dataset = ecg_report("1.2.3.4.5", "slow")
    place = folder / "o1" / dataset.StudyInstanceUID / dataset.SeriesInstanceUID
    place.mkdir(parents=True)
    dataset.save_as(place / "1.2.3.4.5.dcm")


def finding(server: Path) -> Path:
    """File of the result that says it."""
    return next(file for file in (server / "Observation").iterdir() if "valueString" in file.read_text())


def said(folder: Path) -> list[str]:
    return [json.loads(finding(folder / name).read_text())["valueString"] for name in ("h1", "h2")]


def write(server: Path, words: str) -> None:
    file = finding(server)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"valueString": words}))


def rest(routes: Sequence[Route], ledger: Ledger) -> None:
    """Passes until one does nothing."""
    for _ in range(LONG):
        if not once(routes, ledger, MAPPING).done.keys() - _QUIET:
            return
    raise AssertionError("it goes round for ever")


def decide(ledger: Ledger, verdicts: dict[str, World]) -> None:
    """By name of route, of each conflict that is open."""
    names = {str(one["route"]): str(one["name"]) for one in ledger.conflicts.open()}
    assert names.keys() == verdicts.keys()
    for route, name in names.items():
        ledger.operations.decide(name, verdicts[route], "somebody")


@pytest.mark.parametrize("where", ["h1", "o1"])
def test_opposite_verdicts_in_a_ring_of_routes_end(
    tmp_path: Path, ring: list[Route], ledger: Ledger, where: str
) -> None:
    bear(tmp_path, where)
    rest(ring, ledger)
    write(tmp_path / "h1", "fast")
    write(tmp_path / "h2", "regular")
    rest(ring, ledger)
    decide(ledger, {"h2-o2": "fhir", "h2-o1": "dicom"})
    rest(ring, ledger)
    asked = ledger.conflicts.open()
    assert {(one["fhir"], one["dicom"]) for one in asked} == {(CIRCLE, CIRCLE)}
    held = [one["reason"] for one in ledger.status()["reasons"] if one["state"] == "held"]
    assert len(held) == len(asked)
    assert all(any(f"in a circle: {one['route']} has carried" in reason for reason in held) for one in asked)
    decide(ledger, {"h1-o2": "fhir", "h2-o1": "dicom"})  # of one mind: what h1 says
    rest(ring, ledger)
    assert said(tmp_path) == ["fast", "fast"]
    if where == "h1":
        assert ledger.conflicts.open() == []
    for one in ledger.conflicts.open():  # each PACS has a version of its own that says so, and these go round, too
        ledger.operations.decide(str(one["name"]), "fhir", "somebody")
    rest(ring, ledger)
    assert said(tmp_path) == ["fast", "fast"]


def test_what_people_correct_in_fhir_back_and_forth_is_never_asked(tmp_path: Path, ledger: Ledger) -> None:
    route = route_of(tmp_path)
    put(tmp_path, observation("o", 75))
    assert passed(route, ledger) == {"to-dicom created": 1}
    for number in range(3 * ROUNDS):
        put(tmp_path, observation("o", 76 - number % 2))
        assert passed(route, ledger)["to-dicom updated"] == 1


@pytest.mark.parametrize("holds", ["fhir", "dicom"])
@pytest.mark.parametrize("policy", [Policy(), Policy(conflicts="fhir"), Policy(conflicts="dicom")])
def test_what_the_pacs_says_again_and_again_is_asked_once(
    tmp_path: Path, ledger: Ledger, holds: World, policy: Policy
) -> None:
    route = route_of(tmp_path, policy=policy)
    put(tmp_path, observation("o", 75))
    passed(route, ledger)

    def correct(number: int) -> None:
        (head,) = heads(tmp_path)
        edited(tmp_path, head, f"2.25.{100 + number}", str(76 - number % 2))

    for number in range(2 * ROUNDS):
        correct(number)
        assert passed(route, ledger)["to-fhir updated"] == 1
    correct(2 * ROUNDS)
    summary = once([route], ledger, MAPPING)
    assert "in a circle: fhir-dicom has carried the same from dicom to fhir" in summary.faults[0]
    assert get(tmp_path, "Observation/o")["valueQuantity"]["value"] == 75
    decide(ledger, {"fhir-dicom": holds})
    done = passed(route, ledger)
    assert ("to-fhir updated" if holds == "dicom" else "to-dicom updated") in done
    assert get(tmp_path, "Observation/o")["valueQuantity"]["value"] == (76 if holds == "dicom" else 75)
    for number in range(2 * ROUNDS + 1, 2 * ROUNDS + 3):  # it begins anew
        correct(number)
        assert passed(route, ledger)["to-fhir updated"] == 1
