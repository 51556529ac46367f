"""`fhir-dicom prune`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.beside import beside_serve
from bridge.cli.options import Config
from bridge.cli.person import person

HELP = "Drop dead letters that nobody has taken care of for long; a file keeps what they were."
EXAMPLE = "Example: fhir-dicom prune --older-than 90 --export dead-letters.ndjson --config bridge.yaml"
_SECONDS = 86400.0


def prune(
    older_than: Annotated[int, typer.Option(min=1, help="days since they were tried last")],
    export: Annotated[Path, typer.Option(help="NDJSON, at whose end they are written first")],
    config: Config = None,
) -> None:
    from bridge.ledger.retention import kept_in
    from bridge.settings.settings import settings

    with beside_serve(settings(config)) as ledger:
        number = ledger.operations.prune(ledger.now() - older_than * _SECONDS, person(), kept_in(export))
    print(f"{number} dropped")
