"""What an intent says was begun of a document, with the key of the instance that it is of."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Kind, Link, act_of

STORING: Kind = "to-dicom"
"""Of the key by which the store will name the instance."""
WRITING: Kind = "to-fhir"
"""Of the key of the instance that says what is written."""


def is_begun(ledger: Ledger, document: str, instance: str) -> bool:
    """Whether writing what the instance says was begun, and is not agreed."""
    return ledger.intents.of(document).act == act_of(WRITING, instance)


def is_version_begun(ledger: Ledger, link: Link, uid: str) -> bool:
    """Whether writing the version of that SOP Instance UID was begun, and is not agreed."""
    intent = ledger.intents.of(link.document)
    return intent.kind == WRITING and uid in intent.keys and uid not in {one.sop_instance for one in link.chain}
