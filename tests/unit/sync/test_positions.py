"""What stands in ledgers beside the positions of stores is found again under its name."""

from __future__ import annotations

from datetime import date

from bridge.ledger.positions import DOUBTED, ISSUER, SYSTEM, backfill_of


def test_names_stay_as_they_are_in_the_ledger() -> None:
    assert (SYSTEM, ISSUER, DOUBTED) == ("(system)", "(issuer)", "(doubted)")
    assert backfill_of("pacs", date(2026, 1, 2), date(2026, 2, 3)) == "(backfill pacs 2026-01-02 2026-02-03)"
