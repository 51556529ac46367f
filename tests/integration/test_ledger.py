"""What workers may rely on, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import LedgerError, UsageError
from bridge.ledger import leases, links, studies
from bridge.ledger.audit import faults
from bridge.ledger.conflicts import Conflict
from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Intent, Link
from bridge.ledger.operations import _as_it_stands
from bridge.ledger.studies import StudyLink
from bridge.model.version import Version
from tests.servers.postgresql import Postgresql

ROUTE, EHR, PACS = "ehr-pacs", "ehr", "pacs"


@pytest.fixture
def ledger(each_ledger: Ledger) -> Ledger:
    return each_ledger


@contextmanager
def workers(ledger: Ledger, number: int) -> Iterator[list[Ledger]]:
    found = [ledger.another() for _ in range(number)]
    yield found
    for one in found:
        one.leave()


def owe(ledger: Ledger, number: int) -> None:
    news = [News(f"Observation/{one}", "1", (f"Observation/{one}",)) for one in range(number)]
    ledger.feeds.take_in(ROUTE, EHR, news)


def link(name: str) -> Link:
    chain = (Version("1", "2", "3", f"4.{name}"),)
    return Link(name, ROUTE, "fhir", name, {name: "1"}, "digest", f"i-{name}", "digest", chain)


def together(tasks: list[Any]) -> None:
    """Each in a thread; what one raises is raised here."""
    errors: list[BaseException] = []

    def run(task: Any) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_each_item_is_claimed_by_one(ledger: Ledger) -> None:
    owe(ledger, 200)
    claimed: dict[str, list[str]] = {}

    def claim(worker: Ledger) -> None:
        found = []
        while works := worker.work.claim(ROUTE, EHR, 7):
            found += [work.key for work in works]
        claimed[worker.leases.owner] = found

    with workers(ledger, 6) as some:
        together([lambda one=one: claim(one) for one in some])
        keys = [key for found in claimed.values() for key in found]
        assert (len(keys), len(set(keys))) == (200, 200)


def test_who_leaves_all_as_it_is_comes_to_each_item_once(ledger: Ledger) -> None:
    """As a dry run does, however much there is; what is owed meanwhile comes later."""
    owe(ledger, 25)
    found: list[str] = []
    works = ledger.work.claim(ROUTE, EHR, 10)
    while works:
        found += [one.key for one in works]
        ledger.work.give_back(*works)
        if len(found) == 20:
            ledger.work.owe(ROUTE, EHR, "Observation/0")
        assert ledger.work.pending(ROUTE, EHR)
        works = ledger.work.claim(ROUTE, EHR, 10, works[-1].turn)
    assert len(found) == 26 and set(found) == {f"Observation/{number}" for number in range(25)}
    assert found[-1] == "Observation/0"
    assert len(ledger.work.claim(ROUTE, EHR, 100)) == 25


def test_a_document_is_in_one_hand(ledger: Ledger) -> None:
    with workers(ledger, 2) as (one, other):
        assert one.leases.hold(["a", "b"])
        assert one.leases.hold(["b", "c"])  # what it has it may take again
        assert not other.leases.hold(["c", "d"])
        assert other.leases.hold(["d"])  # nothing of a failed try stays
        one.leases.release(["c"])
        assert other.leases.hold(["c", "d"])
        one.leases.release()
        assert other.leases.hold(["a", "b"])


def test_what_a_dead_worker_had_is_free_and_comes_last_and_alone(ledger: Ledger) -> None:
    owe(ledger, 3)
    dead, living = ledger.another(), ledger.another()
    living.leases.hold(["anything"])
    assert len(dead.work.claim(ROUTE, EHR, 2)) == 2
    dead.leases.hold(["a"])
    living.work.reap(living.leases.is_alive)
    assert [work.key for work in living.work.claim(ROUTE, EHR, 9)] == ["Observation/2"]
    dead.leases.close()  # as the server does for a session whose process is gone, within a moment
    end = time.monotonic() + 30
    while living.leases.is_alive(dead.leases.owner):
        assert time.monotonic() < end
    living.work.reap(living.leases.is_alive)
    owe(ledger, 1)  # Observation/0 again, and nothing else
    (first,) = living.work.claim(ROUTE, EHR, 9)
    assert (first.key, first.crashes) == ("Observation/1", 1)
    assert living.leases.hold(["a"])
    living.leave()


def crash(ledger: Ledger, store: str) -> str:
    """A worker claims what comes next, and dies with it; returns its key."""
    dead = ledger.another()
    (work,) = dead.work.claim(ROUTE, store, 1)
    dead.leases.close()
    ledger.work.reap(ledger.leases.is_alive)
    return work.key


def test_what_two_workers_did_not_survive_comes_after_all_else_of_both_stores(ledger: Ledger) -> None:
    """Once may have been by chance, and instances come first: of a ledger that was lost they say what is there."""
    ledger.leases.hold(["anything"])
    ledger.work.owe(ROUTE, PACS, "i-1")
    assert crash(ledger, PACS) == "i-1"
    owe(ledger, 1)
    assert ledger.work.pending(ROUTE, PACS)
    assert crash(ledger, PACS) == "i-1"
    assert not ledger.work.pending(ROUTE, PACS)
    assert ledger.work.claim(ROUTE, PACS, 9) == []
    assert crash(ledger, EHR) == "Observation/0"
    assert ledger.work.claim(ROUTE, PACS, 9) == []
    assert crash(ledger, EHR) == "Observation/0"
    assert [work.key for work in ledger.work.claim(ROUTE, PACS, 9)] == ["i-1"]


@pytest.mark.parametrize("news", [True, False], ids=["news", "retry"])
def test_a_dead_letter_for_its_crashes_is_tried_anew_and_alone(ledger: Ledger, news: bool) -> None:
    ledger.leases.hold(["anything"])
    owe(ledger, 1)
    for _ in range(8):
        assert crash(ledger, EHR) == "Observation/0"
    (work,) = ledger.work.claim(ROUTE, EHR, 9)
    ledger.work.put_off(work, "dead", "too large")
    if news:
        owe(ledger, 1)
    else:
        ledger.operations.retry("tests", "Observation/0")
    (again,) = ledger.work.claim(ROUTE, EHR, 9)
    assert (work.crashes, again.crashes) == (8, 1)


def test_who_was_beside_it_is_claimed_alone_once_and_ends_nobody(ledger: Ledger) -> None:
    """A worker dies with three in hand, and only one is at fault."""
    ledger.leases.hold(["anything"])
    owe(ledger, 3)
    dead = ledger.another()
    assert len(dead.work.claim(ROUTE, EHR, 9)) == 3
    dead.leases.close()
    ledger.work.reap(ledger.leases.is_alive)
    assert crash(ledger, EHR) == "Observation/0"
    others = []
    while (works := ledger.work.claim(ROUTE, EHR, 9)) and works[0].key != "Observation/0":
        others += [(work.key, work.crashes, len(works)) for work in works]
        ledger.work.done(works[0])
    assert others == [("Observation/1", 1, 1), ("Observation/2", 1, 1)]
    assert [work.crashes for work in works] == [2]


def test_what_a_living_worker_gives_back_is_nobodys_fault(ledger: Ledger) -> None:
    owe(ledger, 3)
    with workers(ledger, 2) as (one, other):
        one.leases.appear()
        assert len(one.work.claim(ROUTE, EHR, 9)) == 3
        other.work.reap(other.leases.is_alive)
        one.work.give_back()
        assert [work.crashes for work in other.work.claim(ROUTE, EHR, 9)] == [0, 0, 0]


def test_what_two_did_not_survive_waits_for_what_others_have_in_hand(ledger: Ledger) -> None:
    """A thread that it ends takes the whole process along."""
    ledger.leases.hold(["anything"])
    ledger.work.owe(ROUTE, PACS, "i-1")
    for _ in range(2):
        assert crash(ledger, PACS) == "i-1"
    owe(ledger, 1)
    with workers(ledger, 1) as (other,):
        (work,) = other.work.claim(ROUTE, EHR, 9)
        assert ledger.work.claim(ROUTE, PACS, 9) == []
        other.work.done(work)
        assert [one.key for one in ledger.work.claim(ROUTE, PACS, 9)] == ["i-1"]


def states(ledger: Ledger) -> dict[str, int]:
    return {count.state: count.number for count in ledger.view.counts()}


@pytest.mark.parametrize("claimed", [True, False], ids=["claimed", "free"])
def test_who_was_taken_for_dead_settles_nothing(ledger: Ledger, claimed: bool) -> None:
    """It slept, lost its session, and wakes: what it had is another's, or free for one."""
    owe(ledger, 1)
    sleeper, living = ledger.another(), ledger.another()
    living.leases.hold(["anything"])
    (work,) = sleeper.work.claim(ROUTE, EHR, 9)
    sleeper.leases.close()
    living.work.reap(living.leases.is_alive)
    again = living.work.claim(ROUTE, EHR, 9) if claimed else []
    for end in (sleeper.work.done, lambda one: sleeper.work.put_off(one, "dead", "asleep")):
        end(work)
        assert states(ledger) == {"owed": 1}
        assert ledger.work.claim(ROUTE, EHR, 9) == [] or not claimed, "it is in one hand still"
        ledger.work.give_back()
    if claimed:
        living.work.put_off(again[0], "held", "a person decides")
        sleeper.work.done(work)
        sleeper.work.put_off(work, "owed", None)
        assert states(ledger) == {"held": 1}
    living.leave()


def test_what_looks_deleted_is_carried_by_one(ledger: Ledger) -> None:
    ledger.work.suspect(ROUTE, EHR, "Observation/0")
    with workers(ledger, 2) as (one, other):
        (work,) = one.work.in_state(ROUTE, "absent")
        assert one.work.take(work)
        assert not other.work.take(work)
        other.work.done(work)
        other.work.put_off(work, "owed", None)
        assert states(ledger) == {"absent": 1}
        one.work.put_off(work, "absent", None)
        assert other.work.take(work)
        other.work.done(work)
        assert states(ledger) == {}
        assert not one.work.take(work)


def test_news_of_what_looks_deleted_come_first(ledger: Ledger) -> None:
    ledger.work.suspect(ROUTE, EHR, "Observation/0")
    (work,) = ledger.work.in_state(ROUTE, "absent")
    owe(ledger, 1)
    assert not ledger.work.take(work)
    assert [one.key for one in ledger.work.claim(ROUTE, EHR, 9)] == ["Observation/0"]


def test_an_intent_of_which_nothing_came_is_swept_when_nobody_is_at_it(ledger: Ledger) -> None:
    name = f"{ROUTE}|Observation/0"
    with workers(ledger, 1) as (other,):
        other.leases.hold([name])
        other.intents.intend(ROUTE, name, "to-dicom", PACS, ["Observation/0"])
        ledger.intents.sweep(ROUTE)  # nothing is owed, but that document is in other hands
        assert ledger.intents.of(name).act
        other.leases.release()
        ledger.intents.sweep(ROUTE)
        assert ledger.intents.of(name) == Intent()


def test_no_intent_is_swept_while_somebody_works(ledger: Ledger) -> None:
    """What waits stays in that state when it is claimed: only its owner says that somebody is at it."""
    name = f"{ROUTE}|Observation/0"
    ledger.leases.hold(["anything"])
    owe(ledger, 1)
    ledger.intents.intend(ROUTE, name, "to-fhir", EHR, ["Observation/0"])
    with workers(ledger, 1) as (other,):
        (work,) = other.work.claim(ROUTE, EHR, 9)
        other.work.put_off(work, "waiting", "for its instance")
        (work,) = other.work.claim(ROUTE, EHR, 9)
        ledger.intents.sweep(ROUTE)
        assert ledger.intents.of(name).act
        other.work.put_off(work, "waiting", "for its instance", 300)
        ledger.intents.sweep(ROUTE)
        assert ledger.intents.of(name) == Intent()
        assert [one.key for one in other.work.claim(ROUTE, EHR, 9)] == [work.key], "it is looked at again"


def test_news_while_it_is_worked_on_stay_owed(ledger: Ledger) -> None:
    owe(ledger, 1)
    (work,) = ledger.work.claim(ROUTE, EHR, 9)
    ledger.work.owe(ROUTE, EHR, work.key)
    assert ledger.work.claim(ROUTE, EHR, 9) == []  # in one hand still
    ledger.work.done(work)
    assert [one.key for one in ledger.work.claim(ROUTE, EHR, 9)] == [work.key]


def test_what_was_buried_is_so_until_there_are_news_of_it(ledger: Ledger) -> None:
    owe(ledger, 2)
    for _ in range(2):
        ledger.feeds.bury(ROUTE, EHR, "Observation/0")
    ledger.feeds.bury(ROUTE, EHR, "Observation/never-seen")
    everything = ["Observation/0", "Observation/1", "Observation/never-seen"]
    assert ledger.feeds.buried(ROUTE, EHR, everything) == {"Observation/0", "Observation/never-seen"}
    owe(ledger, 1)
    assert ledger.feeds.buried(ROUTE, EHR, everything) == {"Observation/never-seen"}


def test_the_audit_trail_has_one_end_however_many_write(ledger: Ledger) -> None:
    def write(worker: Ledger, number: int) -> None:
        for one in range(15):
            name = f"Observation/{number}-{one}"
            worker.leases.hold([name])
            worker.intents.intend(ROUTE, name, "to-dicom", PACS, [name, f"4.{name}"])
            worker.links.agree(link(name), [name])
            worker.leases.release()

    with workers(ledger, 6) as some:
        together([lambda number=number, one=one: write(one, number) for number, one in enumerate(some)])
    entries = list(ledger.audit.entries())
    assert len(entries) == 90
    assert list(faults(entries, [])) == []


def test_what_was_done_and_its_entry_are_of_one_transaction(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a crash between them leaves a write that is in no entry."""
    made, study = link(f"{ROUTE}|Observation/0"), StudyLink(ROUTE, "study/1", "ImagingStudy/1")
    ledger.leases.hold([made.document, study.document])
    ledger.intents.intend(ROUTE, made.document, "to-dicom", PACS, ["Observation/0"])
    ledger.intents.intend(ROUTE, study.document, "imaging-study", EHR, ["ImagingStudy/1"])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        for module in (links, studies):
            broken.setattr(module, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            ledger.links.agree(made)
        with pytest.raises(KeyboardInterrupt):
            ledger.studies.agree(study)
    assert ledger.links.count(ROUTE) == 0 and ledger.studies.of(ROUTE, study.study) is None
    ledger.links.agree(made)
    ledger.studies.agree(study)
    entries = [(one.document, json.loads(one.event)["entity"][0]["what"]) for one in ledger.audit.entries()]
    assert entries == [
        (made.document, {"reference": "Observation/0"}),
        (study.document, {"reference": "ImagingStudy/1"}),
    ]


def test_what_others_have_too_is_not_said_to_be_removed(ledger: Ledger) -> None:
    """All that a document was of may be of another one: then nothing of it is."""
    made = link(f"{ROUTE}|Observation/0")
    ledger.leases.hold([made.document])
    ledger.intents.intend(ROUTE, made.document, "remove-resources", EHR, [])
    ledger.links.agree(made)
    (entry,) = ledger.audit.entries()
    assert json.loads(entry.event)["entity"] == [{"what": {"display": EHR}}]


def test_a_verdict_on_what_is_decided_or_has_changed_meanwhile_is_refused(ledger: Ledger) -> None:
    """Of two people at once the first one holds, and the other is told."""
    conflict = Conflict("document", ROUTE, "Observation/0", PACS, "i-0", "one", "other")
    ledger.conflicts.keep(conflict)
    ledger.operations.decide(conflict.name, "fhir", "somebody")
    with pytest.raises(UsageError, match="any more"):
        ledger.operations.decide(conflict.name, "dicom", "somebody else")
    for read in (conflict, replace(conflict, fhir="older"), replace(conflict, dicom="older")):
        stale = _as_it_stands(read, None if read is conflict else "fhir").values(verdict="dicom")
        with ledger._database.begin() as connection:
            assert connection.execute(stale).rowcount == 0
    assert ledger.conflicts.verdict(conflict) == "fhir"


def test_feeds_and_decisions_do_not_stand_in_each_others_way(ledger: Ledger) -> None:
    def feed(worker: Ledger) -> None:
        for _ in range(20):
            owe(worker, 50)

    def decide(worker: Ledger) -> None:
        for number in range(50):
            worker.links.agree(link(f"Observation/{number}"), [f"Observation/{number}"])
            worker.waking.wake(ROUTE, f"i-Observation/{number}")

    with workers(ledger, 4) as (one, two, three, four):
        together([lambda: feed(one), lambda: feed(two), lambda: decide(three), lambda: decide(four)])
    assert ledger.work.owed(ROUTE) == 50


def test_a_session_that_the_server_ended_writes_no_intent(postgresql: Postgresql) -> None:
    """A machine that was cut off, or slept: others have its documents by now."""
    ledger = Ledger(postgresql.ledger())
    sleeper, other = ledger.another(), ledger.another()
    assert sleeper.leases.hold(["Observation/a"])
    postgresql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
    )
    assert other.leases.hold(["Observation/a"])
    with pytest.raises(LedgerError, match="another's by now"):
        sleeper.intents.intend(ROUTE, "d", "to-dicom", PACS, ["Observation/a"])
    assert ledger.intents.of("d") == Intent()
    with pytest.raises(LedgerError, match="another's by now"):  # nor at a second try: it holds nothing
        sleeper.intents.intend(ROUTE, "d", "to-dicom", PACS, ["Observation/a"])
    assert sleeper.leases.hold(["Observation/b"])  # a new session, and new work
    other.leave()
    sleeper.leave()
    ledger.close()


def test_a_worker_that_sleeps_loses_what_it_held(postgresql: Postgresql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "STALLED", "300ms")
    ledger = Ledger(postgresql.ledger())
    sleeper, other = ledger.another(), ledger.another()
    assert sleeper.leases.hold(["a"])
    end = time.monotonic() + 30
    while not other.leases.hold(["a"]):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not other.leases.is_alive(sleeper.leases.owner)
    with pytest.raises(LedgerError, match="another's by now"):
        sleeper.intents.intend(ROUTE, "d", "to-dicom", PACS, ["a"])
    other.leave()
    ledger.close()


def test_a_server_that_goes_is_a_ledger_error_and_that_comes_back_goes_on() -> None:
    server = Postgresql()
    server.start()
    try:
        ledger = Ledger(server.ledger())
        owe(ledger, 1)
        server.kill()
        with pytest.raises(LedgerError, match="nothing answers there"):
            ledger.work.claim(ROUTE, EHR, 9)
        server.start()
        assert len(ledger.work.claim(ROUTE, EHR, 9)) == 1
        ledger.close()
    finally:
        server.stop()


def test_processes_that_start_at_once_make_one_ledger(postgresql: Postgresql) -> None:
    url = postgresql.ledger()
    together([lambda: Ledger(url).close() for _ in range(6)])
    assert Ledger(url, reading=True).status()["owed"] == 0


@pytest.mark.parametrize("url", ["mysql://bridge@127.0.0.1/x", "nonsense", "postgresql+asyncpg://a@127.0.0.1/b"])
def test_another_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(UsageError, match="^ledger: "):
        Ledger(url)


def test_why_it_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(UsageError, match="it is no SQLite file"):
        Ledger(f"sqlite:///{tmp_path}/no.db")


def test_what_cannot_be_reached_is_said_without_its_password() -> None:
    """It may be there in a moment: no fault of the configuration."""
    for url in ("bridge:secret-word@127.0.0.1:9/bridge", "bridge@127.0.0.1:9/bridge?password=secret-word"):
        with pytest.raises(LedgerError, match="cannot be opened") as caught:
            Ledger(f"postgresql+psycopg://{url}")
        assert "secret-word" not in str(caught.value)


def test_a_clock_that_was_set_back_lets_nothing_wait_for_years(tmp_path: Path) -> None:
    now = 4e9
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now)
    owe(ledger, 1)
    (work,) = ledger.work.claim(ROUTE, EHR, 9)
    ledger.work.put_off(work, "owed", "away", 300)
    assert ledger.work.claim(ROUTE, EHR, 9) == []
    now = 1e9
    assert len(ledger.work.claim(ROUTE, EHR, 9)) == 1
    ledger.close()


def test_a_clock_that_was_an_hour_ahead_lets_nothing_wait_for_it(tmp_path: Path) -> None:
    """And what fails then is put off as ever: it would be tried in each pass, and given up in minutes."""
    now = 4e9 + 3600
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now)
    owe(ledger, 1)
    (work,) = ledger.work.claim(ROUTE, EHR, 9)
    ledger.work.put_off(work, "owed", "away", 300)
    now = 4e9
    (work,) = ledger.work.claim(ROUTE, EHR, 9)
    ledger.work.put_off(work, "owed", "away", 300)
    assert ledger.work.claim(ROUTE, EHR, 9) == []
    now += 301
    assert len(ledger.work.claim(ROUTE, EHR, 9)) == 1
    ledger.close()


def test_a_backup_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a ledger under its name would be taken for one, and an empty file for one that was lost."""
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    before = set(tmp_path.iterdir())

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(Path, "rename", stopped)
        ledger.copy_to(tmp_path / "copy.db")
    assert set(tmp_path.iterdir()) == before
    ledger.copy_to(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        ledger.copy_to(tmp_path / "copy.db")
    ledger.close()


def test_news_of_a_dead_letter_that_is_being_dropped_are_owed(ledger: Ledger) -> None:
    owe(ledger, 1)
    (work,) = ledger.work.claim(ROUTE, EHR, 1)
    ledger.work.put_off(work, "dead", "why")
    other = ledger.another()
    news = threading.Thread(target=lambda: other.work.owe(ROUTE, EHR, work.key))

    def keep(_: object) -> None:
        news.start()
        time.sleep(0.5)  # the news come while it is written down

    assert ledger.operations.prune(ledger.now() + 1, "tests", keep) == 1
    news.join()
    other.leave()
    assert [one.key for one in ledger.work.claim(ROUTE, EHR, 1)] == [work.key]


def test_nobody_waits_long_for_an_instance_that_cannot_be_read(tmp_path: Path) -> None:
    now = [4e9]
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db", lambda: now[0])
    ledger.work.owe(ROUTE, PACS, "i")
    waited = 0
    while waited < 100:
        (work,) = ledger.work.claim(ROUTE, PACS, 1)
        ledger.work.put_off(work, "owed", "no answer", 300, failed=True)
        if ledger.work.unread(ROUTE, PACS, "study:") is None:
            break
        waited += 1
        now[0] += 301
    ledger.close()
    assert 3 <= waited < 20, "some half an hour of tries, and none of the first few"


# -- what settles ----------------------------------------------------------------------------------------------------
def test_news_of_what_settles_do_not_put_it_off_and_news_of_what_failed_do_not_wait(each_url: str) -> None:
    now = [1000.0]
    ledger = Ledger(each_url, lambda: now[0])
    for version in range(5):
        ledger.feeds.take_in(ROUTE, EHR, [News("Observation/1", str(version), ("Observation/1",), wait=10)])
        assert ledger.work.claim(ROUTE, EHR, 10) == []
        assert ledger.work.more_in(ROUTE) == 10 - 2 * version
        now[0] += 2
    ledger.feeds.take_in(ROUTE, EHR, [News("Observation/1", "8", ("Observation/1",), wait=10)])
    (work,) = ledger.work.claim(ROUTE, EHR, 10)  # its time was over before a pass could hear more of it
    ledger.work.put_off(work, "owed", "it failed", 300, failed=True)
    assert ledger.work.more_in(ROUTE) is None, "what failed is tried when a pass comes, and makes none"
    ledger.feeds.take_in(ROUTE, EHR, [News("Observation/1", "9", ("Observation/1",), wait=10)])
    assert ledger.work.more_in(ROUTE) == 10
    shared = [News("Observation/2", "1", ("Observation/2",), wait=10), News("Observation/3", "1", ("Observation/2",))]
    ledger.feeds.take_in(ROUTE, EHR, shared)
    assert [work.key for work in ledger.work.claim(ROUTE, EHR, 10)] == ["Observation/2"], "the one in a hurry counts"
    ledger.close()
