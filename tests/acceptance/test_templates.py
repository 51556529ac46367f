"""Each template with a mapping has a sample, a golden result and a page, and none differs from what the code does."""

from __future__ import annotations

import json
from pathlib import Path

import pydicom
import pytest

from bridge.mapping.mapping import Template
from fixtures.golden import FOLDER as GOLDEN
from fixtures.golden import SAMPLES, file_of, result_of
from fixtures.make_templates import SAMPLES as MADE
from tests import template_pages
from tests.corpus import FIXTURES
from tests.template_pages import TEMPLATES, samples

# PS3.3 and PS3.16, design/translation.md: root templates with a mapping of their own
ROOTS = "1500 2000 2010 3700 4000 5000 5100 5200 5300 10001 10011 10021 10030 10040"


def template(row: Template) -> str:
    return row.template


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_sample_becomes_its_golden_result(sample: Path) -> None:
    assert file_of(sample).read_bytes() == result_of(sample), "run `python -m fixtures.golden` and look at the diff"


def test_no_golden_result_is_left_over() -> None:
    assert set(GOLDEN.glob("*.json")) == set(map(file_of, SAMPLES))


@pytest.mark.parametrize("name", MADE)
def test_the_files_are_what_the_modules_make(name: str, tmp_path: Path) -> None:
    MADE[name]().save_as(tmp_path / "made.dcm", enforce_file_format=True)
    committed = FIXTURES / "dicom" / f"{name}.dcm"
    assert (tmp_path / "made.dcm").read_bytes() == committed.read_bytes(), "run `python -m fixtures.make_templates`"


def test_the_pages_say_what_is() -> None:
    wanted = template_pages.pages()
    assert set(template_pages.FOLDER.glob("*.md")) == set(wanted)
    for page, text in wanted.items():
        assert page.read_text("utf-8") == text, "run `python -m tests.template_pages`"


def test_every_root_template_is_mapped() -> None:
    assert sorted(map(template, TEMPLATES)) == sorted(ROOTS.split())


@pytest.mark.parametrize("row", TEMPLATES, ids=template)
def test_a_sample_is_of_its_template(row: Template) -> None:
    assert samples(row)
    for sample in samples(row):
        dataset = pydicom.dcmread(sample)
        title = dataset.ConceptNameCodeSequence[0]
        titles = {(one.scheme, one.value) for one in row.titles}
        assert dataset.ContentTemplateSequence[0].TemplateIdentifier == row.template
        assert dataset.SOPClassUID in row.classes
        assert (title.CodingSchemeDesignator, title.CodeValue) in titles or any(one == "CID" for one, _ in titles)


def observations(name: str) -> list[dict[str, object]]:
    bundle = json.loads((GOLDEN / f"{name}.json").read_bytes())
    return [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Observation"]


def test_an_irradiation_event_is_one_observation_at_the_time_it_started() -> None:
    coded = [(one, str(one["code"])) for one in observations("10001-projection-dose")]
    events = [one for one, code in coded if "113706" in code]
    assert [one["effectiveDateTime"] for one in events] == [
        "2026-03-02T10:20:04+01:00",
        "2026-03-02T10:25:12+01:00",
        "2026-03-02T10:31:40+01:00",
    ]
    assert len(observations("10001-projection-dose")) <= 20


def test_a_measurement_says_where_and_of_whom() -> None:
    (fraction,) = [one for one in observations("5200-echocardiography") if "18043-0" in str(one["code"])]
    assert "Left ventricle" in str(fraction["bodySite"])
    rates = [one for one in observations("5000-obgyn") if "11948-7" in str(one["code"])]
    assert [one["focus"] for one in rates] == [[{"display": "Fetus A"}], [{"display": "Fetus B"}]]
