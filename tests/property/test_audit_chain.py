"""Whatever is changed in an audit trail is found; what is cut off its end, if a head was exported."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.ledger.audit import Head, TrailEntry, chained, faults

events = st.lists(st.text(max_size=8), min_size=1, max_size=8)


def trail(texts: list[str]) -> list[TrailEntry]:
    found: list[TrailEntry] = []
    for number, text in enumerate(texts, 1):
        found.append(TrailEntry(number, text, chained(found[-1].hash if found else "", text)))
    return found


@given(events)
def test_a_trail_that_was_left_alone_has_no_fault(texts: list[str]) -> None:
    whole = trail(texts)
    assert not list(faults(whole, [Head(one.number, one.hash) for one in whole]))


@given(events, st.data())
def test_an_entry_that_was_edited_is_found(texts: list[str], data: st.DataObject) -> None:
    whole = trail(texts)
    index = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.text(max_size=8).filter(lambda text: text != whole[index].event))
    whole[index] = whole[index]._replace(event=other)
    assert list(faults(whole, [])) == [f"entry {index + 1} is not what it was"]


@given(events, st.data())
def test_entries_that_were_taken_out_or_moved_are_found(texts: list[str], data: st.DataObject) -> None:
    whole = trail([*texts, "last"])
    index = data.draw(st.integers(0, len(whole) - 2))
    assert list(faults(whole[:index] + whole[index + 1 :], []))
    if (whole[index].event, whole[index].hash) != (whole[index + 1].event, whole[index + 1].hash):
        swapped = [*whole[:index], whole[index + 1], whole[index], *whole[index + 2 :]]
        assert list(faults(swapped, []))


@given(events, st.data())
def test_a_tail_that_was_cut_or_written_anew_contradicts_a_head(texts: list[str], data: st.DataObject) -> None:
    whole = trail(texts)
    head = Head(whole[-1].number, whole[-1].hash)
    kept = data.draw(st.integers(0, len(whole) - 1))
    assert list(faults(whole[:kept], [head]))
    anew = trail([*texts[:-1], f"{texts[-1]} otherwise", "and more"])
    assert list(faults(anew, [head]))


@given(events, st.data())
def test_a_head_that_is_exported_after_the_forgery_does_not_hide_it(texts: list[str], data: st.DataObject) -> None:
    """A pass adds the new head to the file by itself."""
    whole = trail(texts)
    index = data.draw(st.integers(0, len(whole) - 1))
    anew = trail([*texts[:index], f"{texts[index]} otherwise", *texts[index + 1 :]])
    old, new = (Head(one[-1].number, one[-1].hash) for one in (whole, anew))
    assert list(faults(anew, [old, new])) and list(faults(anew, [new, old]))
    assert not list(faults(whole, [old, old]))
