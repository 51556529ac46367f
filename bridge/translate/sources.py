"""Of whom the resources are that a document was made from, and what is known when they go back there."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from bridge.model.document import Document
from bridge.model.group import Json
from bridge.translate.basis import times
from bridge.translate.basis.ids import FILES, Known
from bridge.translate.header.chain import superseded_by
from bridge.translate.header.refiled import as_named_in


class Source(NamedTuple):
    """Of the resources that a document was made from."""

    known: Known
    back: Known  # with what is known when they go back
    said: dict[str, Json]  # of that, what the caller does not know


def sources_of(bare: Document, known: Known, asked: Known, *, told: bool) -> list[Source]:
    """A store knows its documents. Who converts files knows the zone of none, unless the resources say it: that is
    tried first, for it needs no word."""
    if asked.system != FILES:
        named = named_in(known)
        return [Source(known, _known_of(bare, known), named | {"told": True} if named and told else named)]
    said: dict[str, Json] = {} if known.system == FILES else {"source": known.system}
    zone = times.zone_of(bare.header, known.zone)
    there = [Source(known, replace(known, zone=zone), said | {"zone": zone})] if zone != known.zone else []
    return [Source(known, known, said), *there]


def named_in(known: Known) -> dict[str, Json]:
    """The system that a document names, where it is not the one that is known."""
    return {} if known.source in (None, known.system) else {"source": known.source}


def _known_of(document: Document, known: Known) -> Known:
    """Of a document born in FHIR: its predecessors are the bridge's own doing, its zone and its patient are said."""
    zone = times.zone_of(document.header, known.zone)
    return replace(as_named_in(document.header, known), supersedes=superseded_by(document.header), zone=zone)
