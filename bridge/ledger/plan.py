"""What a dry run would do."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.ledger.link import parts_of


class Planned(Exception):
    """Raised in a dry run where the effect would come: nothing was written, and the work stays owed."""

    def __init__(self, act: str, store: str, document: str, keys: Sequence[str]) -> None:
        of, kind = document.partition("|")[2], parts_of(act)[0]  # without its route
        what = ", ".join(keys) or "all of its versions"
        written = kind in ("to-dicom", "to-fhir")
        super().__init__(f"write {of} to {store} as {what}" if written else f"{kind} {of} in {store}: {what}")
