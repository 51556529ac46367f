"""A site's title for documents of a category: what is called by the shipped one is still of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.mapping.load import load
from bridge.model.content import Code
from bridge.translate.basis.ids import Known
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.selfcheck import checked_to_dicom
from tests.samples import alone, measured

CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
ROWS = {
    "replaced": "titles: [{category: laboratory, title: 99LOCAL LABREP, name: Laborbefund}]",
    "given to another": "titles: [{category: exam, title: LN 11502-2, name: Laboratory report}]",
}


@pytest.mark.parametrize(("rows", "category"), [("replaced", "laboratory"), ("given to another", "exam")])
def test_a_shipped_title_says_what_it_said_unless_another_has_it(tmp_path: Path, rows: str, category: str) -> None:
    unknown = {"system": "http://lab.example/codes", "code": "4711", "display": "Something"}
    group = alone(
        measured(code={"coding": [unknown]}, category=[{"coding": [{"system": CATEGORIES, "code": "laboratory"}]}])
    )
    document = checked_to_dicom(group, load(), Known()).result
    assert Code("11502-2", "LN", "").same(document.root.concept)
    (tmp_path / "site.yaml").write_text(ROWS[rows])
    native = native_fhir(document, load(tmp_path), Known(), ours=True).group
    (said,) = {
        one["category"][0]["coding"][0]["code"] for one in native.resources() if one["resourceType"] == "Observation"
    }
    assert said == category
