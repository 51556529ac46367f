"""What we write from FHIR is accepted by judges that we did not write (dciodvfy, dsrdump, PixelMed, highdicom)."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import pydicom
import pytest
from pydicom.uid import (
    ComprehensiveSRStorage,
    EnhancedXRayRadiationDoseSRStorage,
    PatientRadiationDoseSRStorage,
    SimplifiedAdultEchoSRStorage,
    XRayRadiationDoseSRStorage,
)

from bridge.cli import main
from tests.corpus import CORPUS, FHIR_FILES, FIXTURES
from tests.judges import dciodvfy, dsrdump, judge


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every SR that `convert` makes of the FHIR samples."""
    out = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched, pytest.raises(SystemExit) as ended:
        patched.setattr("sys.argv", ["fhir-dicom", "convert", *map(str, FHIR_FILES), "--to", "dicom", "-o", str(out)])
        main()
    assert ended.value.code == 0
    return sorted(out.glob("*.dcm"))


def test_every_group_of_the_samples_became_a_document(made: list[Path]) -> None:
    assert len(made) >= (145 if CORPUS.exists() else 3)


def test_no_judge_complains(made: list[Path]) -> None:
    assert {file.name: said for file, said in judge(made).items() if said} == {}


def test_highdicom_opens_every_document(made: list[Path]) -> None:
    for file in made:
        assert hd.sr.srread(file).SOPInstanceUID == file.stem


UNKNOWN = {  # SOP class -> judges that do not know it, and the class of the same make that they do
    SimplifiedAdultEchoSRStorage: ((dciodvfy,), ComprehensiveSRStorage),
    PatientRadiationDoseSRStorage: ((dciodvfy,), XRayRadiationDoseSRStorage),
    EnhancedXRayRadiationDoseSRStorage: ((dciodvfy, dsrdump), XRayRadiationDoseSRStorage),
}
OURS = sorted((FIXTURES / "dicom").glob("*.dcm"))


def test_our_own_samples_are_accepted() -> None:
    known = [file for file in OURS if pydicom.dcmread(file).SOPClassUID not in UNKNOWN]
    assert {file.name: said for file, said in judge(known).items() if said} == {}


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_a_sample_of_a_new_sop_class_is_accepted_as_one_of_an_older(file: Path, tmp_path: Path) -> None:
    """Debian's dicom3tools and dcmtk do not know every SOP class: then they judge a copy that says another."""
    dataset = pydicom.dcmread(file)
    judges, instead = UNKNOWN.get(dataset.SOPClassUID, ((), dataset.SOPClassUID))
    for one in (dciodvfy, dsrdump):
        said = instead if one in judges else pydicom.dcmread(file).SOPClassUID
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = said
        dataset.save_as(tmp_path / "copy.dcm")
        assert one.complaints(tmp_path / "copy.dcm") == []
