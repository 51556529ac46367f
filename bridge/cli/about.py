"""`fhir-dicom --version`"""

from __future__ import annotations

from typing import Annotated

import typer


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"fhir-dicom {version('fhir-dicom-bridge')}")
        raise typer.Exit


def about(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="of the bridge")] = False,
) -> None:
    """What is said before a command."""
