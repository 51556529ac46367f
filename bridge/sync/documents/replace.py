"""Another data set under the same SOP Instance UID, in place of the newest instance of a document: after saying so, and
what it is, in the ledger."""

from __future__ import annotations

from dataclasses import replace

from bridge.codecs.dicom import reader
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Kind, Link
from bridge.stores.store import Instance, Write
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest

REPLACING: Kind = "demographics"
"""What there is to be replaced is what a Patient's demographics say."""


def replace_head(route: Route, ledger: Ledger, link: Link, data: bytes | None = None) -> str:
    """Replaces the head by `data`. Without that it finishes what was begun before a kill: the archive may hold the one,
    the other, or none."""
    data = data or ledger.intents.instance_of(link.document)
    if data is None:
        raise PermanentError(f"the replacement of SOP Instance {link.head} is not in the ledger; an old backup?")
    ledger.intents.intend(route.name, link.document, REPLACING, route.dicom.name, [link.head], data)
    failpoint("intended")
    outcome = route.dicom.replace(Write(link.head, Instance(data)))
    if outcome.error is not None:
        raise outcome.error
    failpoint("applied")
    digest = dataset_digest(reader.read(data).dataset)
    ledger.links.agree(replace(link, dicom_digest=digest))
    failpoint("agreed")
    return REPLACING
