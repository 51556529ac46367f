"""An SR that an earlier bridge made, and a ledger that was lost since: it is known as ours, and what would be written
otherwise now supersedes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.corpus import FIXTURES
from tests.integration.test_sync_edges import heads, predecessors, values
from tests.integration.test_sync_folders import get, instances, put, tree
from tests.integration.test_sync_theirs import written
from tests.integration.test_sync_void import configure


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / "earlier" / "data", tmp_path / "data")
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
