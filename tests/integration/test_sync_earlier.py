"""An SR that an earlier bridge made, and a ledger that was lost since: it is known as ours, and what would be written
besides now supersedes it; where it says something else than would be written now, a person decides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.command_line import fhir_dicom
from tests.corpus import FIXTURES
from tests.integration.test_sync_edges import heads, predecessors, values
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_theirs import written
from tests.integration.test_sync_void import NOTHING_OPEN, configure, open_points, passed


@pytest.fixture(params=["ranges"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / "earlier" / request.param, tmp_path / "data")
    configure(tmp_path)
    return tmp_path


def test_it_is_superseded_and_no_second_result_is_made(stores: Path) -> None:
    ((uid, before),) = instances(stores).items()
    assert list(values(before)) == ["61"]
    fhir = tree(stores / "data" / "fhir")
    assert written(stores) == {"to-dicom updated": 1}
    (head,) = heads(stores)
    assert predecessors(head) == [uid]
    assert list(values(head)) == ["61", "50", "90"]
    assert tree(stores / "data" / "fhir") == fhir
    assert written(stores) == {}


def test_an_edit_in_fhir_supersedes_it_alike(stores: Path) -> None:
    result = get(stores, "Observation/o")
    put(stores, result | {"valueQuantity": result["valueQuantity"] | {"value": 62}})
    assert written(stores) == {"to-dicom updated": 1}
    assert [list(values(head)) for head in heads(stores)] == [["62", "50", "90"]]
    assert len(instances(stores)) == 2
    assert written(stores) == {}


@pytest.mark.parametrize("stores", ["note"], indirect=True)
def test_of_one_that_says_something_else_no_second_result_is_made(stores: Path) -> None:
    """Whether an earlier bridge or somebody in the PACS has said that, nobody can tell."""
    before = tree(stores / "data")
    done = passed(stores)
    assert tree(stores / "data") == before
    assert open_points(done) == NOTHING_OPEN | {"held": 1, "dead": 1}
    (uid,) = instances(stores)
    (file,) = (stores / "data" / "dicom").rglob(f"{uid}.dcm")
    file.unlink()
    assert fhir_dicom(stores, "retry").returncode == 0
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({"to-dicom created": 1}, NOTHING_OPEN)
