"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Config: TypeAlias = Annotated[Path | None, typer.Option(help="bridge.yaml")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="for machines")]
Route: TypeAlias = Annotated[str, typer.Argument(help="name of the FHIR store, a dash, name of the DICOM store")]
