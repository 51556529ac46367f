"""Bad input: every mutant of a sample is translated or refused with a reason; `MUTANTS` says how many are tried."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.codecs import json
from bridge.convert.run import Job, converted_bytes
from bridge.translate.basis.ids import Known
from tests.corpus import FHIR_FILES, SR_FILES
from tests.mutants import bytes_mutant, json_mutant

COUNT = int(os.environ.get("MUTANTS", "1000"))
CHUNKS = 10
TO_FHIR, TO_DICOM = Job("fhir", Known(), None), Job("dicom", Known(), None)
TO_R5 = replace(TO_FHIR, release="R5")


def _outputs(files: list[Path], job: Job) -> list[bytes]:
    return [done.data for file in files for done in converted_bytes(file.name, file.read_bytes(), job) if done.data]


def _small(found: list[bytes]) -> list[bytes]:
    return [one for one in found if len(one) < 40_000]


@pytest.fixture(scope="module")
def reports() -> list[bytes]:
    """SRs, and those that we made of resources: their private elements are attacked too."""
    files = [file for file in FHIR_FILES if file.stat().st_size < 40_000]
    return _small([file.read_bytes() for file in SR_FILES] + _outputs(files, TO_DICOM))


@pytest.fixture(scope="module")
def resources() -> list[bytes]:
    """Resources, and those that we made of SRs: their remainders are attacked too."""
    files = [file for file in SR_FILES if file.stat().st_size < 40_000]
    return _small([file.read_bytes() for file in FHIR_FILES] + _outputs(files, TO_FHIR))


def _survives(data: bytes, job: Job) -> None:
    """A document with a result, or a reason that says what is wrong; never a fault of ours. A loss that the self-check
    names is a reason: wrong is worse than refused."""
    for done in converted_bytes("mutant", data, job):
        error = done.entry["error"]
        assert done.entry["status"] in ("converted", "skipped", "rejected")
        assert (error is None) == (done.entry["status"] != "rejected")
        assert error is None or not re.search("cannot be translated", error), error
        assert done.entry["status"] != "converted" or done.data


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_broken_reports(chunk: int, reports: list[bytes]) -> None:
    for number in range(chunk, COUNT // 2, CHUNKS):
        _survives(bytes_mutant(reports, number), TO_FHIR)


def test_broken_resources_of_r5() -> None:
    bundles = _small(_outputs([file for file in SR_FILES if file.stat().st_size < 40_000], TO_R5))
    for number in range(COUNT // 10):
        _survives(json_mutant(bundles, number), replace(TO_DICOM, release="R5"))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_broken_resources(chunk: int, resources: list[bytes]) -> None:
    for number in range(chunk, COUNT // 2, CHUNKS):
        _survives(json_mutant(resources, number), TO_DICOM)


def test_mutants_are_not_all_refused(reports: list[bytes], resources: list[bytes]) -> None:
    """Otherwise the test above proves the reader alone."""
    for make, sources, job in ((bytes_mutant, reports, TO_FHIR), (json_mutant, resources, TO_DICOM)):
        found = [
            done.entry["status"]
            for number in range(300)
            for done in converted_bytes("mutant", make(sources, number), job)
        ]
        assert found.count("converted") >= 5
        assert found.count("rejected") >= 5


def test_a_mutant_is_the_same_every_time(resources: list[bytes]) -> None:
    assert json_mutant(resources, 7) == json_mutant(resources, 7)
    assert json.loads(resources[0])
