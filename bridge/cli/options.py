"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from bridge.model.release import Release

Config: TypeAlias = Annotated[Path | None, typer.Option(help="bridge.yaml")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="for machines")]
FhirVersion: TypeAlias = Annotated[Release | None, typer.Option(help="of the resources; R4 if nothing else is said")]
Route: TypeAlias = Annotated[str, typer.Argument(help="name of the FHIR store, a dash, name of the DICOM store")]
