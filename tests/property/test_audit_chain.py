"""Whatever is changed in an audit trail is found; what is cut off its end, if a head was exported."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from bridge.ledger.audit import Head, TrailEntry, chained, faults

events = st.lists(st.text(max_size=8), min_size=1, max_size=8)


def trail(texts: list[str]) -> list[TrailEntry]:
    found: list[TrailEntry] = []
    for number, text in enumerate(texts, 1):
        before, document = found[-1].hash if found else "", f"document {number}" if number % 3 else None
        found.append(TrailEntry(number, text, chained(before, text, document), document))
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
def test_an_entry_that_was_given_to_another_document_is_found(texts: list[str], data: st.DataObject) -> None:
    """`explain` would tell of one document what was done to another."""
    whole = trail(texts)
    index = data.draw(st.integers(0, len(whole) - 1))
    was = whole[index].document
    other = data.draw((st.none() | st.text(max_size=8)).filter(lambda one: one != was))
    whole[index] = whole[index]._replace(document=other)
    assert list(faults(whole, [])) == [f"entry {index + 1} is not what it was"]
    joined = f"{whole[index].event}\n{was}"  # as if an earlier bridge had hashed it
    assert list(faults([*whole[:index], whole[index]._replace(event=joined), *whole[index + 1 :]], []))


@given(events, events)
def test_what_an_earlier_bridge_has_chained_goes_on(texts: list[str], more: list[str]) -> None:
    """It hashed no document."""
    whole: list[TrailEntry] = []
    for number, text in enumerate(texts, 1):
        before = whole[-1].hash if whole else ""
        whole.append(TrailEntry(number, text, hashlib.sha256(f"{before}\n{text}".encode()).hexdigest(), "a"))
    for number, text in enumerate(more, len(whole) + 1):
        whole.append(TrailEntry(number, text, chained(whole[-1].hash, text, "b"), "b"))
    assert not list(faults(whole, []))
    edited = [*whole[:-1], whole[-1]._replace(document="a")]
    assert list(faults(edited, [])) == [f"entry {len(whole)} is not what it was"]


@given(events, st.data())
def test_entries_that_were_taken_out_or_moved_are_found(texts: list[str], data: st.DataObject) -> None:
    whole = trail([*texts, "last"])
    index = data.draw(st.integers(0, len(whole) - 2))
    assert list(faults(whole[:index] + whole[index + 1 :], []))
    if (whole[index].event, whole[index].hash) != (whole[index + 1].event, whole[index + 1].hash):
        swapped = [*whole[:index], whole[index + 1], whole[index], *whole[index + 2 :]]
        assert list(faults(swapped, []))


@given(events, st.text(max_size=8), st.data())
def test_entries_that_were_numbered_anew_are_found(texts: list[str], other: str, data: st.DataObject) -> None:
    """Whoever takes one out, moves it or puts one in can count again: each hash is of all that was before."""
    whole = trail([*texts, "last"])
    index = data.draw(st.integers(0, len(whole) - 2))
    out = [*whole[:index], *whole[index + 1 :]]
    swapped = [*whole[:index], whole[index + 1], whole[index], *whole[index + 2 :]]
    more = [*whole[:index], TrailEntry(0, other, chained("", other)), *whole[index:]]
    for forged in (out, swapped, more):
        again = [one._replace(number=number) for number, one in enumerate(forged, 1)]
        if [one.event for one in again] != [one.event for one in whole][: len(again)]:
            assert list(faults(again, []))
    spliced = [*whole[: index + 1], *trail([f"{texts[0]} otherwise", *texts[1:], "last"])[index + 1 :]]
    assert list(faults(spliced, []))
    assert list(faults([*whole[:-1], whole[-1]._replace(number=len(whole) + 1)], []))


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
