"""Who gives a command, for the audit trail."""

from __future__ import annotations


def person() -> str:
    """Name of the account on this machine, or its number where it has no name."""
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name  # the environment may say any other
    except KeyError:
        return f"uid {os.getuid()}"
