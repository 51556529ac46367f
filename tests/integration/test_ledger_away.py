"""The ledger has no room, or its server goes, in the middle of a pass: the pass says so, nothing is half done, and the
next one completes it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url

from bridge.errors import LedgerError, UsageError
from bridge.ledger.ledger import Ledger
from bridge.settings.settings import settings
from bridge.sync import worker
from bridge.sync.basis.failpoint import NAMES
from bridge.sync.crossing import write_dicom, write_fhir
from bridge.sync.documents import agreement, instances
from bridge.sync.listening import feed
from bridge.sync.routes import routes_of
from bridge.sync.run import once
from fixtures.stores import lay_out
from tests.servers.postgresql import Postgresql
from tests.servers.world import MAPPING

EVERY = (agreement, feed, instances, worker, write_dicom, write_fhir)
"""Modules with failpoints that such a pass comes to."""


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    lay_out(folder / "data")
    assert sync(folder).returncode == 0
    return tree(folder / "data")


def sync(folder: Path, largest: int | None = None) -> subprocess.CompletedProcess[str]:
    """`largest`: bytes of a file, beyond which the disk is full."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    line = [sys.executable, "-m", "bridge", "sync", "--once", "--json"]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False, preexec_fn=limit)


# -- no room --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("room", [40_000, 80_000, 250_000, 500_000])
def test_a_full_disk_is_said_and_the_next_pass_completes(
    tmp_path: Path, undisturbed: dict[str, bytes], room: int
) -> None:
    """What SQLite writes in a pass is a log of some 600 kB beside the file."""
    lay_out(tmp_path / "data")
    Ledger(f"sqlite:///{tmp_path}/bridge.db").close()
    full = sync(tmp_path, room)
    assert full.returncode == 1 and "ledger: " in full.stderr and "its disk is full" in full.stderr
    assert "Traceback" not in full.stderr
    written = tree(tmp_path / "data")
    assert {name: undisturbed[name] for name in written} == written, "nothing half, and nothing else"
    done = sync(tmp_path)
    assert (done.returncode, tree(tmp_path / "data")) == (0, undisturbed), done.stderr
    assert json.loads(sync(tmp_path).stdout)["acts"].keys().isdisjoint({"to-dicom created", "to-fhir created"})


@pytest.mark.parametrize("room", [0, 4096, 100_000])
def test_a_full_disk_is_said_when_the_ledger_is_made(tmp_path: Path, room: int) -> None:
    lay_out(tmp_path / "data")
    full = sync(tmp_path, room)
    assert full.returncode != 0 and "ledger: " in full.stderr and "its disk is full" in full.stderr
    assert "Traceback" not in full.stderr
    assert sync(tmp_path).returncode == 0


# -- a server that goes -----------------------------------------------------------------------------------------------
@pytest.fixture
def server() -> Iterator[Postgresql]:
    made = Postgresql()
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("name", NAMES)
def test_postgresql_killed_in_mid_pass(
    tmp_path: Path, undisturbed: dict[str, bytes], server: Postgresql, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lay_out(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    routes = routes_of(settings(None))
    left = 2  # not at the first passage: something is done by then

    def killing(at: str) -> None:
        nonlocal left
        left -= at == name
        if at == name and left == 0:
            server.kill()

    for module in EVERY:
        monkeypatch.setattr(module, "failpoint", killing)
    ledger = Ledger(server.ledger())
    with pytest.raises(LedgerError, match="^ledger: "):
        once(routes, ledger, MAPPING)
    server.start()
    summary = once(routes, ledger, MAPPING)
    assert (summary.faults, tree(tmp_path / "data")) == ([], undisturbed)
    status = ledger.status()
    assert {key: status[key] for key in ("owed", "held", "dead", "intents")} == dict.fromkeys(
        ("owed", "held", "dead", "intents"), 0
    )
    ledger.close()


# -- a server that takes no more of it --------------------------------------------------------------------------------
CLEAN = dict.fromkeys(("owed", "held", "dead", "intents"), 0)


@pytest.mark.parametrize("statement", ["LOCK TABLE audit", "INSERT INTO link", "INSERT INTO intent"])
def test_a_transaction_that_the_server_ends_is_no_documents_fault(
    tmp_path: Path,
    undisturbed: dict[str, bytes],
    postgresql: Postgresql,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
) -> None:
    """As where a machine is stopped for a snapshot, longer than the database lets a transaction be idle."""
    lay_out(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    routes, url = routes_of(settings(None)), postgresql.ledger()
    set_of(postgresql, url, "idle_in_transaction_session_timeout = '300ms'")
    left = 2

    def stopped(connection: Any, cursor: Any, said: str, *_: object) -> None:
        nonlocal left
        left -= said.startswith(statement)
        if said.startswith(statement) and left == 0:
            time.sleep(0.6)

    ledger = Ledger(url)
    event.listen(Engine, "before_cursor_execute", stopped)
    try:
        with pytest.raises(LedgerError, match=r"^ledger: IdleInTransactionSessionTimeout: .*`idle_in_transaction_"):
            once(routes, ledger, MAPPING)
    finally:
        event.remove(Engine, "before_cursor_execute", stopped)
    summary = once(routes, ledger, MAPPING)
    assert (summary.faults, tree(tmp_path / "data")) == ([], undisturbed)
    assert {key: ledger.status()[key] for key in CLEAN} == CLEAN
    ledger.close()


def test_a_server_that_takes_no_writes_is_said_and_waited_for(
    tmp_path: Path, undisturbed: dict[str, bytes], postgresql: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    routes, url = routes_of(settings(None)), postgresql.ledger()
    set_of(postgresql, url, "default_transaction_read_only = on")
    with pytest.raises(LedgerError, match="takes no writes"):  # waited for: whoever runs us starts us again
        Ledger(url)
    set_of(postgresql, url, "default_transaction_read_only = off")
    ledger = Ledger(url)
    set_of(postgresql, url, "default_transaction_read_only = on")
    end_sessions(postgresql, url)
    with pytest.raises(LedgerError, match="takes no writes"):
        once(routes, ledger, MAPPING)
    set_of(postgresql, url, "default_transaction_read_only = off")
    end_sessions(postgresql, url)
    summary = once(routes, ledger, MAPPING)
    assert (summary.faults, tree(tmp_path / "data")) == ([], undisturbed)
    assert {key: ledger.status()[key] for key in CLEAN} == CLEAN
    ledger.close()


def test_what_a_later_program_has_migrated_is_worked_on_no_more(
    tmp_path: Path, postgresql: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    url = postgresql.ledger()
    ledger = Ledger(url)
    postgresql.execute("UPDATE alembic_version SET version_num = '9999'", str(make_url(url).database))
    with pytest.raises(UsageError, match="of version 9999, .* use the later program"):
        once(routes_of(settings(None)), ledger, MAPPING)
    assert ledger.status()["linked"] == {}
    with pytest.raises(UsageError, match="use the later program"):
        Ledger(url, reading=True)
    ledger.close()


def set_of(server: Postgresql, url: str, what: str) -> None:
    """For sessions that begin from now on."""
    server.execute(f"ALTER DATABASE {make_url(url).database} SET {what}")


def end_sessions(server: Postgresql, url: str) -> None:
    ours = "datname = current_database() AND pid <> pg_backend_pid()"
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}", str(make_url(url).database))
