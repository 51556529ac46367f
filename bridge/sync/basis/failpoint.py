"""Named points where tests kill the process, so that a kill hits every window of the protocol and not the idle time
between. Nothing happens unless BRIDGE_FAILPOINT is set."""

from __future__ import annotations

import os
import signal
from typing import Literal

Name = Literal["taken-in", "claimed", "intended", "applied", "filed", "agreed"]
NAMES: tuple[Name, ...] = ("taken-in", "claimed", "intended", "applied", "agreed")
"""Those of every document; `filed` is one of what is filed anew, under another patient."""
_AT = os.environ.get("BRIDGE_FAILPOINT", "")
_left = int(_AT.partition(":")[2] or 1) if _AT else 0


def failpoint(name: Name) -> None:
    """SIGKILL at the n-th passage of `BRIDGE_FAILPOINT=name:n`."""
    global _left
    if _AT.partition(":")[0] == name:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
