"""What a document waits for."""

from __future__ import annotations

from bridge.errors import BridgeError


class Held(BridgeError):
    """A person has to decide; shown by `status`, tried again when news come in."""


class Waiting(BridgeError):
    """Something else of the same pass has to come first."""
