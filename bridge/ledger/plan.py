"""What a dry run would do."""

from __future__ import annotations

from collections.abc import Sequence


class Planned(Exception):
    """Here the effect would come; nothing was written, and the work stays owed."""

    def __init__(self, act: str, store: str, document: str, keys: Sequence[str]) -> None:
        of = document.partition("|")[2]  # without its route
        super().__init__(f"{act.partition(':')[0]} {of}: {store}: {', '.join(keys) or 'all of its versions'}")
