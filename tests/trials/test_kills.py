"""Nothing twice, nothing lost: workers are killed in open steps, servers are killed, changes flow both ways. A tenth of
what `make soak` does, unless KILLS and CHANGES say how much."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers.hapi import Hapi
from tests.servers.orthanc import Orthanc
from tests.servers.postgresql import Postgresql
from tests.trials.changes import Hospital
from tests.trials.kills import Trial
from tests.trials.verdict import dicom_says, fhir_says, instances, orphans, predecessors

KILLS, CHANGES = int(os.environ.get("KILLS", "20")), int(os.environ.get("CHANGES", "500"))
CONFIGURATION = """
stores:
  ehr: {{kind: fhir, url: "{hapi}", system: "urn:test:ehr"}}
  pacs: {{kind: orthanc, url: "{orthanc}", issuer: TEST-HOSPITAL}}
routes: [{{between: [ehr, pacs]}}]
ledger: "{ledger}"
"""


@pytest.fixture(params=["one process on SQLite", "four on PostgreSQL"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    alone = request.param == "one process on SQLite"
    hapi = Hapi(tmp_path / "hapi", f"-Ddb.url=jdbc:h2:file:{tmp_path}/fhir;WRITE_DELAY=0")  # what it said is stored is
    orthanc = Orthanc(tmp_path / "orthanc")
    server: Postgresql | None = None if alone else request.getfixturevalue("postgresql")
    ledger = f"sqlite:///{tmp_path}/bridge.db" if server is None else server.ledger()
    configuration = tmp_path / "bridge.yaml"
    configuration.write_text(CONFIGURATION.format(hapi=hapi.base, orthanc=orthanc.base, ledger=ledger))
    hospital = Hospital(hapi.base, orthanc.base, random.Random(request.param))
    try:
        orthanc.start()
        hapi.start()
        yield Trial(hospital, configuration, [orthanc, hapi], 1 if alone else 4, random.Random(request.param))
    finally:
        hapi.stop()
        orthanc.stop()


def test_heads_are_those_of_an_undisturbed_run(trial: Trial, record_property: Callable[[str, object], None]) -> None:
    hospital = trial.hospital
    status = trial.run(CHANGES, KILLS)
    for name, number in (("kills", trial.killed), ("within a step", trial.in_a_step), ("passes", trial.passes)):
        record_property(name, number)
    assert trial.killed >= KILLS
    assert trial.in_a_step >= KILLS * 3 // 4
    assert (status["held"], status["dead"], status["conflicts"]) == (0, 0, 0), status["reasons"]
    assert fhir_says(hospital.fhir) == hospital.standing()
    found = instances(hospital.orthanc)
    assert dicom_says(found) == hospital.standing()
    uids = [str(one.SOPInstanceUID) for one in found]
    assert len(uids) == len(set(uids))
    named = predecessors(found)
    assert [uid for uid, times in named.items() if times > 1] == []  # chains are linear
    assert set(named) <= set(uids)
    assert orphans(hospital.fhir) == []
    before = written(hospital)
    trial.settled()
    assert written(hospital) == before


def written(hospital: Hospital) -> tuple[Any, list[int]]:
    """What tells every write."""
    headers = {"Cache-Control": "no-cache"}
    (newest,) = requests.get(f"{hospital.fhir}/_history?_count=1", headers=headers, timeout=60).json()["entry"]
    changes = requests.get(f"{hospital.orthanc}/changes?limit=1000000", timeout=60).json()["Changes"]
    return newest["resource"]["meta"], [one["Seq"] for one in changes if not one["ChangeType"].startswith("Stable")]
