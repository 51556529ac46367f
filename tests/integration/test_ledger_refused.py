"""A ledger on PostgreSQL that cannot be opened: what is wrong is said, and what to do, and never a full disk."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from bridge.errors import LedgerError, UsageError
from bridge.ledger.ledger import Ledger
from bridge.ledger.why import why
from tests.servers.postgresql import Postgresql


@pytest.mark.parametrize(
    ("user", "database", "said"),
    [
        ("bridge", "nodb", "there is no such database; create it"),
        ("nobody", "postgres", "does not let this user in; check the user, PGPASSWORD"),
        ("bridge", "postgres?sslmode=require", "no TLS with its server; check `sslmode`"),
        ("bridge", "postgres?sslmode=rather", "no TLS with its server; check `sslmode`"),
    ],
)
def test_what_the_server_refuses_is_said(postgresql: Postgresql, user: str, database: str, said: str) -> None:
    with pytest.raises(LedgerError, match=said):
        Ledger(f"postgresql+psycopg://{user}@127.0.0.1:{postgresql.port}/{database}")


def test_a_user_who_may_make_no_tables_is_told(postgresql: Postgresql) -> None:
    postgresql.execute("CREATE ROLE reader LOGIN")
    url = postgresql.ledger().replace("bridge@", "reader@")
    with pytest.raises(UsageError, match="may not work there; make that user the owner"):
        Ledger(url)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("127.0.0.1:9", "nothing answers there; start its server"),
        ("no-such-host.invalid", "there is no such host; correct its name"),
    ],
)
def test_where_nobody_is_is_said(place: str, said: str) -> None:
    with pytest.raises(LedgerError, match=said):
        Ledger(f"postgresql+psycopg://bridge@{place}/bridge")


_AT = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f'{_AT}FATAL:  password authentication failed for user "bridge"', "does not let this user in"),
        (f"{_AT}fe_sendauth: no password supplied", "does not let this user in"),
        (f"{_AT}FATAL:  pg_hba.conf rejects connection, no encryption", "does not let this user in"),
        (f"{_AT}FATAL:  sorry, too many clients already", "no connection left"),
        (f"{_AT}FATAL:  the database system is starting up", "just starting"),
        (f"{_AT}SSL error: certificate verify failed", "no TLS"),
        ("connection timeout expired", "does not answer"),
        (f"{_AT}FATAL:  Datenbank »nodb« existiert nicht", "takes no connection; see its log"),
        ("the connection is lost", "is its disk full, or its server away"),
    ],
)
def test_what_is_said_of_a_connection_is_understood_and_not_repeated(message: str, said: str) -> None:
    words = why(OperationalError("", None, psycopg.OperationalError(message)))
    assert said in words and "10.0.0.1" not in words
