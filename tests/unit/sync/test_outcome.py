"""What becomes of work that failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.sync.outcome import LAST_TRY, LAST_WAIT
from tests.folders import route_of, worker_of

NOW = 1e9


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: NOW)
    yield found
    found.close()


def away() -> None:
    raise TemporaryError("pacs: no connection")


@pytest.mark.parametrize("attempts", [1, 9, LAST_TRY - 2])
def test_what_failed_ever_so_often_is_put_off_for_a_while(tmp_path: Path, ledger: Ledger, attempts: int) -> None:
    ledger.work.owe("fhir-dicom", "dicom", "i")
    (work,) = ledger.work.claim("fhir-dicom", "dicom", 1)
    worker_of(route_of(tmp_path), ledger).outcomes.of([replace(work, attempts=attempts)], away)
    (row,) = ledger.view.documents("i")[0]["open"]
    assert (row["state"], row["reason"]) == ("owed", "pacs: no connection")
    assert ledger.work.claim("fhir-dicom", "dicom", 1) == []
    assert not ledger.work.pending("fhir-dicom", "dicom")
    later = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: NOW + 1.25 * LAST_WAIT, reading=True)
    assert later.work.owed("fhir-dicom") == 1
    later.close()
