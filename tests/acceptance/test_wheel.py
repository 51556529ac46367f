"""A wheel built from the checkout, installed into an empty environment, converts both ways."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from bridge.codecs.dicom import reader
from tests.corpus import FIXTURES, ROOT, SR_FILES


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin/` of an environment that holds the wheel and its pinned dependencies, and nothing of the checkout."""
    home = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--outdir", home, ROOT, cwd=home)
    (wheel,) = home.glob("*.whl")
    venv.create(home / "venv")
    programs = home / "venv" / "bin"
    # most of what is compiled is never run here
    install = (sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "-q", "--no-compile")
    run(*install, "--require-hashes", "-r", ROOT / "requirements" / "run.txt", cwd=home)
    run(*install, "--no-deps", wheel, cwd=home)
    return programs


def test_it_carries_the_mappings(installed: Path, tmp_path: Path) -> None:
    assert ": 0 faults" in run(installed / "fhir-dicom", "check", cwd=tmp_path).stdout


def test_it_converts_there_and_back(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    by_uid = {}
    for file in SR_FILES:
        dataset = reader.read(file.read_bytes()).dataset
        uid = next(one.value for one in dataset if one.tag == 0x00080018)
        if uid not in by_uid:
            by_uid[uid] = dataset
            (tmp_path / "in" / file.name).write_bytes(file.read_bytes())
    command = installed / "fhir-dicom"
    run(command, "convert", "in", "--to", "fhir", "-o", "fhir", cwd=tmp_path)
    run(command, "convert", "fhir", "--to", "dicom", "-o", "dicom", cwd=tmp_path)
    back = [reader.read(file.read_bytes()).dataset for file in (tmp_path / "dicom").iterdir()]
    assert {next(one.value for one in dataset if one.tag == 0x00080018): dataset for dataset in back} == by_uid


def test_it_converts_fhir(installed: Path, tmp_path: Path) -> None:
    run(installed / "fhir-dicom", "convert", FIXTURES / "fhir", "--to", "dicom", "-o", "out", cwd=tmp_path)
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 5


def test_it_carries_the_status_page(installed: Path, tmp_path: Path) -> None:
    program = (
        "from importlib.resources import files; print(*(f.name for f in (files('bridge.web') / 'static').iterdir()))"
    )
    carried = run(installed / "python", "-c", program, cwd=tmp_path).stdout.split()
    assert set(carried) == {file.name for file in (ROOT / "bridge/web/static").iterdir()} >= {"index.html", "main.js"}
