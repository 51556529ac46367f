"""Where the judges' programs are on this machine."""

import shutil
from pathlib import Path

INSTALLER = Path(__file__).with_name("install.sh")


class JudgeMissingError(RuntimeError):
    """A judge, or what it needs to run, is not installed."""

    def __init__(self, missing: str, package: str) -> None:
        super().__init__(f"{missing} not found (Debian package {package}): run 'bash {INSTALLER}'")


def program(name: str, package: str) -> str:
    """Return the path of an installed program; if it is missing, say how to install it."""
    path = shutil.which(name)
    if path is None:
        raise JudgeMissingError(name, package)
    return path
