"""What an intent says was begun of a document: its act, and the key of the instance that it is of."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger

STORING = "to-dicom"
"""Act of the intent, with the key by which the store will name the instance."""
WRITING = "to-fhir"
"""Act of the intent, with the key of the instance that says what is written."""


def is_begun(ledger: Ledger, document: str, instance: str) -> bool:
    """Whether writing what the instance says was begun, and is not agreed."""
    return ledger.links.intended(document).act == f"{WRITING}:{instance}"
