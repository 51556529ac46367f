"""What is kept of a route beside the positions of its stores, under the names of no stores. They stand in ledgers."""

from __future__ import annotations

from datetime import date

SYSTEM = "(system)"
"""`system` of the FHIR store, as it was chosen."""
ISSUER = "(issuer)"
"""`issuer` of the archive, as it was chosen."""
TIMEZONE = "(timezone)"
"""`timezone` of the archive, as it was at the last pass."""
OVERLAPPED = "(overlapped)"
"""Where the feed of the FHIR store was when its whole overlap was read last."""
DOUBTED = "(doubted)"
"""Name of the store that is not what it was, until all of it was compared."""


def backfill_of(store: str, first: date, last: date) -> str:
    """The last day that a backfill of these days has finished."""
    return f"(backfill {store} {first} {last})"
