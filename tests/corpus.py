"""Where the samples are: ours in `fixtures/`, third-party ones in `shared/corpus` where that is there."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
CORPUS = ROOT.parent / "shared" / "corpus"

# ours first, whatever the checkout is called
SR_FILES = [*sorted((FIXTURES / "dicom").glob("*.dcm")), *sorted((CORPUS / "sr").glob("*.dcm"))]
FHIR_FILES = [
    *sorted((FIXTURES / "fhir").glob("*.json")),
    FIXTURES / "ecg" / "report.json",
    *sorted([*(CORPUS / "fhir").glob("*.json"), *CORPUS.glob("paired/*/*.json")]),
]
OTHER_FILES = sorted((CORPUS / "other").glob("*.dcm"))
ECG = CORPUS / "sr" / "seed__example_ecg_sr.dcm"


def name(path: Path) -> str:
    return path.name
