"""Who gives a command, for the audit trail."""

from __future__ import annotations


def person() -> str:
    """Name of the account on this machine, or its number where it has no name."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # Python 3.13 raises the second
        return f"uid {os.getuid()}"
