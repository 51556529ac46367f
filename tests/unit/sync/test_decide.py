"""The decision over its whole grid."""

from __future__ import annotations

from itertools import product

import pytest

from bridge.sync.decide import Act, Side, decide
from bridge.sync.news import News, news

LINKED = (News.SAME, News.CHANGED, News.RETRACTED, News.GONE)
UNLINKED = (News.ABSENT, News.NEW, News.RETRACTED)
MIRROR = {Side.FHIR: Side.DICOM, Side.DICOM: Side.FHIR, None: None}


@pytest.mark.parametrize(("fhir", "dicom"), [*product(LINKED, LINKED), (News.NEW, News.ABSENT), (News.NEW, News.NEW)])
def test_every_pair_has_an_answer_and_its_mirror(fhir: News, dicom: News) -> None:
    one, other = decide(fhir, dicom), decide(dicom, fhir)
    assert (one.act, one.on, one.reason) == (other.act, MIRROR[other.on], other.reason)


@pytest.mark.parametrize(("fhir", "dicom"), [*product(LINKED, LINKED)])
def test_only_an_unchanged_side_is_changed(fhir: News, dicom: News) -> None:
    decision = decide(fhir, dicom)
    if decision.on is not None:
        assert {Side.FHIR: fhir, Side.DICOM: dicom}[decision.on] is News.SAME


@pytest.mark.parametrize(("fhir", "dicom"), [*product(LINKED, LINKED)])
def test_a_hold_says_why(fhir: News, dicom: News) -> None:
    decision = decide(fhir, dicom)
    assert (decision.act is Act.HOLD) == bool(decision.reason)


def test_what_cannot_occur_together_is_refused() -> None:
    with pytest.raises(ValueError, match="together"):
        decide(News.NEW, News.SAME)


@pytest.mark.parametrize(
    ("agreed", "now", "retracted", "said"),
    [
        (None, None, False, News.ABSENT),
        (None, "a", False, News.NEW),
        ("a", "a", False, News.SAME),
        ("a", "b", False, News.CHANGED),
        ("a", None, False, News.GONE),
        ("a", "b", True, News.RETRACTED),
        (None, "b", True, News.RETRACTED),
    ],
)
def test_news(agreed: str | None, now: str | None, retracted: bool, said: News) -> None:
    assert news(agreed, now, retracted=retracted) is said
