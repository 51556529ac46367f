"""The decision over its whole grid, under every policy."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from bridge.ledger.link import GONE, RETRACTED
from bridge.model.world import World
from bridge.sync.decision.decide import Act, Policy, Side, decide
from bridge.sync.decision.news import News, news

LINKED = (News.SAME, News.CHANGED, News.RETRACTED, News.GONE)
UNLINKED = ((News.NEW, News.ABSENT), (News.RETRACTED, News.ABSENT))
MIRROR = {Side.FHIR: Side.DICOM, Side.DICOM: Side.FHIR, None: None}
HELD = [Policy("mark"), Policy("delete"), Policy("ignore")]
POLICIES = [*HELD, *(Policy(one.deleted, winner) for one in HELD for winner in get_args(World))]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("fhir", "dicom"), [*product(LINKED, LINKED), *UNLINKED])
def test_every_pair_has_an_answer_and_its_mirror(fhir: News, dicom: News, policy: Policy) -> None:
    turned = Policy(conflicts="dicom" if policy.conflicts == "fhir" else "fhir")
    mirrored = policy if policy.conflicts == "hold" else policy._replace(conflicts=turned.conflicts)
    one, other = decide(fhir, dicom, policy), decide(dicom, fhir, mirrored)
    assert (one.act, one.on) == (other.act, MIRROR[other.on])


@pytest.mark.parametrize("policy", HELD)
@pytest.mark.parametrize(("fhir", "dicom"), [*product(LINKED, LINKED)])
def test_only_an_unchanged_side_is_changed(fhir: News, dicom: News, policy: Policy) -> None:
    decision = decide(fhir, dicom, policy)
    if decision.on is not None:
        assert {Side.FHIR: fhir, Side.DICOM: dicom}[decision.on] is News.SAME


@pytest.mark.parametrize("winner", get_args(World))
@pytest.mark.parametrize(("fhir", "dicom"), [*product(LINKED, LINKED)])
def test_a_winner_ends_every_conflict_and_is_not_changed(fhir: News, dicom: News, winner: World) -> None:
    decision = decide(fhir, dicom, Policy(conflicts=winner))
    assert decision.act is not Act.CONFLICT
    if decide(fhir, dicom, Policy()).act is Act.CONFLICT:
        assert decision.on is (Side.DICOM if winner == "fhir" else Side.FHIR)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("fhir", "dicom"), [*product(LINKED, LINKED), *UNLINKED])
def test_nothing_is_removed_unless_the_policy_says_so(fhir: News, dicom: News, policy: Policy) -> None:
    assert decide(fhir, dicom, policy).act is not Act.REMOVE or policy.deleted == "delete"


@pytest.mark.parametrize("other", [News.SAME, News.NEW])
def test_what_cannot_occur_together_is_refused(other: News) -> None:
    with pytest.raises(ValueError, match="together"):
        decide(News.NEW, other, Policy())


@pytest.mark.parametrize(
    ("agreed", "now", "said"),
    [
        (None, GONE, News.ABSENT),
        (None, "a", News.NEW),
        (None, RETRACTED, News.RETRACTED),
        ("a", "a", News.SAME),
        ("a", "b", News.CHANGED),
        ("a", GONE, News.GONE),
        ("a", RETRACTED, News.RETRACTED),
        (RETRACTED, RETRACTED, News.SAME),
        (RETRACTED, GONE, News.SAME),
        (GONE, RETRACTED, News.SAME),
        (RETRACTED, "a", News.CHANGED),
        (GONE, "a", News.CHANGED),
    ],
)
def test_news(agreed: str | None, now: str, said: News) -> None:
    assert news(agreed, now) is said
