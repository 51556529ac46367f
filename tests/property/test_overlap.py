"""What a transaction stored is told by a poll that follows, however late it commits and whenever polls are made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.sync.listening.feed import BRIEF, OVERLAP, overlapping

BEGINNING = datetime(2026, 3, 29, tzinfo=UTC)


def at(seconds: float) -> str:
    return (BEGINNING + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def reads(polls: list[int], skew: int = 0) -> list[datetime]:
    """Since when each poll reads, once the first has read all. `skew`: seconds that our clock is ahead."""
    found = []
    known, overlapped = at(polls[0]), at(polls[0])
    for poll in polls[1:]:
        since, whole = overlapping(known, overlapped, BEGINNING + timedelta(seconds=poll + skew))
        assert since is not None
        found.append(datetime.fromisoformat(since))
        known, overlapped = at(poll), at(poll) if whole else overlapped
    return found


@given(
    rests=st.lists(st.sampled_from([1, 2, 2, 2, 29, 31, 70, 299, 300, 301, 5000]), min_size=1, max_size=400),
    begun=st.integers(0, 4000),
    taken=st.integers(0, int(OVERLAP.total_seconds())),
    skew=st.sampled_from([-100_000, -200, -2, 0, 2, 200, 100_000]),
)
def test_whatever_commits_within_the_overlap_is_told(rests: list[int], begun: int, taken: int, skew: int) -> None:
    polls = [0]
    for rest in rests:
        polls.append(polls[-1] + rest)
    committed, time = begun + taken, BEGINNING + timedelta(seconds=begun)
    later = [(poll, since) for poll, since in zip(polls[1:], reads(polls, skew), strict=True) if poll >= committed]
    told = [poll for poll, since in later if since <= time]
    if later and taken <= BRIEF.total_seconds():
        assert told[:1] == [later[0][0]], "by the next poll"
    due = [poll for poll, _ in later if poll >= committed + OVERLAP.total_seconds()]
    if len(due) > 1:
        assert told and told[0] <= due[1], "by the read of the whole overlap"


def test_most_polls_read_little_again() -> None:
    polls = [*range(0, 602, 2)]
    told = [BEGINNING + timedelta(seconds=poll) - since for poll, since in zip(polls[1:], reads(polls), strict=True)]
    assert [one for one in told if one > BRIEF + timedelta(seconds=2)] == [2 * OVERLAP, 2 * OVERLAP]


def test_after_a_night_the_whole_is_read_once() -> None:
    begun, *after = reads([0, 2, 40_000, 40_002, 40_004])[1:]
    assert begun == BEGINNING - OVERLAP
    assert after == [BEGINNING + timedelta(seconds=40_000) - BRIEF, BEGINNING + timedelta(seconds=40_002) - BRIEF]


def test_a_store_whose_clock_was_set_back_is_read_from_before_that() -> None:
    assert overlapping(at(600), at(900), BEGINNING) == (at(300), True)


def test_a_feed_that_an_earlier_version_read_has_no_overlap_yet() -> None:
    assert overlapping(at(600), None, BEGINNING) == (at(300), True)
    assert overlapping("", at(600), BEGINNING) == overlapping(None, None, BEGINNING) == (None, True)
