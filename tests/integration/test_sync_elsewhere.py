"""The PACS puts an instance into another study, under its UID: it is there, and nothing of it is in error."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest

from tests.images import as_file, ct
from tests.integration.test_sync_edges import observation, reports, store, values
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_void import NOTHING_OPEN, configure, open_points, passed

HERE, ELSEWHERE = "2.25.5", "2.25.9999"


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    configure(tmp_path)
    for number in range(3):  # where all is gone at once, it is the store that is asked for
        put(tmp_path, observation(f"other{number}", number))
    passed(tmp_path)
    return tmp_path


def files(stores: Path) -> set[Path]:
    return {*(stores / "data" / "dicom").rglob("*.dcm")}


def moved(stores: Path, file: Path) -> Path:
    """Into a study of another UID."""
    dataset = pydicom.dcmread(file)
    dataset.StudyInstanceUID = ELSEWHERE
    there = stores / "data" / "dicom" / ELSEWHERE / str(dataset.SeriesInstanceUID) / file.name
    there.parent.mkdir(parents=True)
    dataset.save_as(there)
    file.unlink()
    return there


@pytest.mark.parametrize("born", ["fhir", "dicom"])
def test_what_is_there_is_not_deleted(stores: Path, born: str) -> None:
    others = files(stores)
    if born == "fhir":
        put(stores, observation("o", 1000))
    else:
        store(stores, HERE, "as it was")
    passed(stores)
    (file,) = files(stores) - others
    before = tree(stores / "data" / "fhir")
    there = moved(stores, file)
    for _ in range(3):
        done = passed(stores)
        assert done.returncode == 1
    assert "in error" not in str(tree(stores / "data" / "fhir"))
    for name, content in before.items():
        if "ImagingStudy" not in name:
            assert tree(stores / "data" / "fhir")[name] == content
    assert "has moved it, to another study it may be" in done.stderr
    assert len(instances(stores)) == 4 and there.exists()
    if born == "fhir":
        assert get(stores, "Observation/o")["status"] == "final"
    else:
        (report,) = reports(stores)
        assert report["status"] == "final" and "as it was" in list(values(pydicom.dcmread(there)))


def test_what_is_nowhere_is_deleted(stores: Path) -> None:
    others = files(stores)
    put(stores, observation("o", 1000))
    passed(stores)
    (file,) = files(stores) - others
    file.unlink()
    passed(stores)
    assert get(stores, "Observation/o")["status"] == "entered-in-error"


def test_the_very_instance_in_another_folder_is_followed(stores: Path) -> None:
    """And what FHIR says next reaches it."""
    others = files(stores)
    put(stores, observation("o", 1000))
    passed(stores)
    (file,) = files(stores) - others
    there = stores / "data" / "dicom" / ELSEWHERE / file.parent.name / file.name
    there.parent.mkdir(parents=True)
    shutil.copy(file, there)
    file.unlink()
    for _ in range(2):
        done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, NOTHING_OPEN), done.stderr
    put(stores, observation("o", 1000) | {"status": "entered-in-error"})
    assert acts(passed(stores)) == {"to-dicom retracted": 1}


@pytest.mark.parametrize("content", [b"no DICOM at all", None], ids=["garbage", "an image"])
def test_what_only_has_its_uid_as_a_name_is_not_it(stores: Path, content: bytes | None) -> None:
    others = files(stores)
    put(stores, observation("o", 1000))
    passed(stores)
    (file,) = files(stores) - others
    there = stores / "data" / "dicom" / ELSEWHERE / "2.25.1" / file.name
    there.parent.mkdir(parents=True)
    there.write_bytes(content if content is not None else as_file(ct(1, SOPInstanceUID=file.stem)))
    file.unlink()
    for _ in range(2):
        passed(stores)
    assert get(stores, "Observation/o")["status"] == "entered-in-error"
