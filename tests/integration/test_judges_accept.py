"""What we write from FHIR is accepted by judges that we did not write (dciodvfy, dsrdump, PixelMed, highdicom)."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import pytest

from bridge.cli import main
from tests.corpus import CORPUS, FHIR_FILES, FIXTURES
from tests.judges import judge


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


def test_our_own_sample_is_accepted() -> None:
    ours = FIXTURES / "dicom" / "ecg-report.dcm"
    assert judge([ours]) == {ours: []}
