"""How much is native: the figures that we promise, on every sample, and the page that shows them."""

from __future__ import annotations

from statistics import median

import pytest

from tests.corpus import CORPUS, FHIR_FILES, FIXTURES, SR_FILES
from tests.coverage import PAGE, of_reports, of_resources, page

THEIRS = [file for file in SR_FILES if FIXTURES not in file.parents]
THEIR_RESOURCES = [file for file in FHIR_FILES if FIXTURES not in file.parents]
OURS = sorted((FIXTURES / "dicom").glob("*.dcm"))


def test_content_items_are_native() -> None:
    found = of_reports(THEIRS or SR_FILES)
    assert median(one.share for one in found) >= 0.97
    assert {one.file: one.share for one in found if one.share < 0.9} == {}


def test_what_our_templates_hold_is_native() -> None:
    assert {one.file: one.share for one in of_reports(OURS) if one.share < 0.99} == {}


def test_leaves_of_resources_are_native() -> None:
    assert median(one.share for one in of_resources(THEIR_RESOURCES or FHIR_FILES)) >= 0.75


@pytest.mark.skipif(not CORPUS.exists(), reason="third-party corpus is not here")
def test_the_remainder_is_small() -> None:
    assert median(one.remainder for one in of_reports(THEIRS)) <= 0.2
    assert median(one.remainder for one in of_resources(THEIR_RESOURCES)) <= 0.5


@pytest.mark.skipif(not CORPUS.exists(), reason="third-party corpus is not here")
def test_the_page_says_what_is() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.coverage`"
