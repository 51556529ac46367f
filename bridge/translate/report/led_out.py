"""References out of a document that was made for another server, or for one whom the caller does not know."""

from __future__ import annotations

from bridge.model.group import Group, Json
from bridge.translate.basis.ids import FILES, Known
from bridge.translate.remainder.relative import relative_in


def led_out(group: Group, known: Known, said: dict[str, Json]) -> list[str]:
    """Warnings. The group says its references as its server did; `said`: what the caller does not know of that."""
    of = known.source or said.get("source")
    count = len(relative_in(group)) if of is not None else 0
    if not count:
        return []
    whose = f"{count} references are relative to {'files that nobody knows' if of == FILES else of}"
    if known.source is not None:
        return [f"{whose}: an identifier names what is meant, and they lead to nothing here"]
    return [f"{whose}: at another server they would mean somebody else"]
