"""`system` and `issuer` are part of every derived id: with others, a pass is refused. Two folder stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import UsageError
from bridge.ledger.ledger import Ledger
from bridge.settings.settings import settings
from bridge.stores.folder import InstanceFolder, ResourceFolder
from bridge.sync.basis.route import Route
from bridge.sync.run import once
from bridge.web.passes import passes_of
from tests.command_line import fhir_dicom
from tests.folders import MAPPING, passed, route_of
from tests.integration.test_sync_edges import store
from tests.integration.test_sync_folders import put, tree
from tests.samples import measured


@pytest.fixture
def route(tmp_path: Path) -> Route:
    route = replace(route_of(tmp_path), issuer="HOSP")
    store(tmp_path, "1.2.3.4.5", "Sinusrhythmus")
    return route


def unread(*_: Any) -> Any:
    raise AssertionError("nothing is read")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"system": "urn:new"},
            "the `system` of fhir was `fhir` when .*, and is `urn:new` now: .*; set `system: fhir`",
        ),
        ({"issuer": "OTHER"}, "the `issuer` of dicom was `HOSP` when .*, and is `OTHER` now: .*; set `issuer: HOSP`"),
        ({"issuer": None}, "the `issuer` of dicom was `HOSP` when .*, and is none now: .*; set `issuer: HOSP`"),
    ],
)
def test_others_are_refused_before_anything_is_read(
    tmp_path: Path, route: Route, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str
) -> None:
    assert passed(route, ledger) == {"to-fhir created": 1}
    store(tmp_path, "1.2.3.4.6", "korrigiert", "1.2.3.4.5")
    with monkeypatch.context() as refused:
        refused.setattr(route.fhir, "changes", unread)
        refused.setattr(route.dicom, "changes", unread)
        with pytest.raises(UsageError, match=f"fhir-dicom: {said}"):
            once([replace(route, **change)], ledger, MAPPING)
    assert passed(route, ledger) == {"to-fhir updated": 1}
    assert len(list((tmp_path / "data" / "fhir" / "DiagnosticReport").iterdir())) == 1


def test_an_issuer_may_be_added(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    passed(replace(route, issuer=None), ledger)
    assert passed(route, ledger) == {}
    with pytest.raises(UsageError, match="set `issuer: HOSP`"):
        once([replace(route, issuer="OTHER")], ledger, MAPPING)


def test_what_was_chosen_before_the_first_document_may_be_corrected(tmp_path: Path, ledger: Ledger) -> None:
    route = route_of(tmp_path)
    passed(route, ledger)
    put(tmp_path, measured(subject={"display": "Erika"}))
    assert passed(replace(route, system="urn:new"), ledger) == {"to-dicom created": 1}
    with pytest.raises(UsageError, match="was `urn:new` when"):
        once([route], ledger, MAPPING)


def test_a_ledger_of_an_earlier_bridge_takes_what_is_configured(route: Route, ledger: Ledger) -> None:
    passed(route, ledger)
    for name in ("(system)", "(issuer)"):
        ledger.feeds.leave(route.name, name)
    now = replace(route, system="urn:new")
    assert passed(now, ledger) == {}
    with pytest.raises(UsageError, match="was `urn:new` when"):
        once([route], ledger, MAPPING)


def _sync(folder: Path) -> None:
    done = fhir_dicom(folder, "sync", "--once", "--config", "bridge.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    raise UsageError(done.stderr)


def _serve(folder: Path) -> None:
    passes_of(settings(folder / "bridge.yaml"), 1)


@pytest.mark.parametrize("begins", [_sync, _serve])
def test_the_program_says_so_at_its_start(tmp_path: Path, route: Route, begins: Callable[[Path], None]) -> None:
    def configure(system: str) -> None:
        paths = {name: {"kind": "folder", "path": str(tmp_path / "data" / name)} for name in ("fhir", "dicom")}
        stores = {
            "fhir": paths["fhir"] | {"holds": "fhir", "system": system},
            "dicom": paths["dicom"] | {"holds": "dicom"},
        }
        configured = {"stores": stores, "routes": [{"between": ["fhir", "dicom"]}]}
        ledger = f"sqlite:///{tmp_path}/bridge.db"
        (tmp_path / "bridge.yaml").write_text(json.dumps(configured | {"ledger": ledger}))

    configure("urn:one")
    assert fhir_dicom(tmp_path, "sync", "--once", "--config", "bridge.yaml").returncode == 0
    before = tree(tmp_path / "data")
    configure("urn:other")
    with pytest.raises(UsageError, match="the `system` of fhir was `urn:one`"):
        begins(tmp_path)
    assert tree(tmp_path / "data") == before
    configure("urn:one")
    assert fhir_dicom(tmp_path, "sync", "--once", "--config", "bridge.yaml").returncode == 0


def renamed(folder: Path, route: Route) -> Route:
    """The same two stores, of which one has another name."""
    return replace(route, name="emr-dicom", fhir=ResourceFolder("emr", folder / "data" / "fhir"))


def test_a_renamed_store_is_refused(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    """What is known is kept by the names: each document would be taken for one that a ledger has lost."""
    passed(route, ledger)
    with pytest.raises(UsageError, match=r"emr-dicom: the ledger has documents of fhir-dicom, .*forget fhir-dicom"):
        once([renamed(tmp_path, route)], ledger, MAPPING)
    assert passed(route, ledger) == {}
    ledger.retired.forget("fhir-dicom", ["emr-dicom"], "tests")
    assert passed(renamed(tmp_path, route), ledger) == {"to-fhir created": 1}
    assert len(list((tmp_path / "data" / "fhir" / "DiagnosticReport").iterdir())) == 1


def test_a_second_route_beside_one_of_the_same_is_none_renamed(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    passed(route, ledger)
    assert once([route, renamed(tmp_path, route)], ledger, MAPPING).faults == []


def test_a_new_route_of_another_archive_is_none_renamed(tmp_path: Path, route: Route, ledger: Ledger) -> None:
    passed(route, ledger)
    (tmp_path / "archive").mkdir()
    archive = InstanceFolder("archive", tmp_path / "archive")
    other = replace(renamed(tmp_path, route), name="emr-archive", dicom=archive, issuer="OTHER", system="urn:emr")
    assert once([other], ledger, MAPPING).faults == []


def test_a_store_that_was_renamed_and_has_another_issuer_now_is_refused(
    tmp_path: Path, route: Route, ledger: Ledger
) -> None:
    """By the name of the other store: each document would be there a second time."""
    passed(route, ledger)
    with pytest.raises(UsageError, match="has a store of that name"):
        once([replace(renamed(tmp_path, route), issuer="OTHER", system="emr")], ledger, MAPPING)


def test_an_issuer_that_only_looks_like_one_is_told_before_the_first_document(route: Route, ledger: Ledger) -> None:
    odd = replace(route, issuer="1.2.3")
    (notice,) = once([odd], ledger, MAPPING).notices
    assert "`issuer` of dicom: `1.2.3` is a name, and no URI" in notice
    assert once([odd], ledger, MAPPING).notices == []
