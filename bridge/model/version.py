"""One instance among those of a document."""

from __future__ import annotations

from typing import NamedTuple


class Version(NamedTuple):
    """One instance of a document, as a Predecessor Documents Sequence names it."""

    study: str
    series: str
    sop_class: str
    sop_instance: str
