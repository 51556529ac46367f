"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

Config: TypeAlias = Annotated[Path | None, typer.Option(help="bridge.yaml")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="for machines")]
FhirVersion: TypeAlias = Annotated[
    Literal["R4", "R5"] | None, typer.Option(help="of the resources; R4 if nothing else is said")
]
Route: TypeAlias = Annotated[str, typer.Argument(help="name of the FHIR store, a dash, name of the DICOM store")]
