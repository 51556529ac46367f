"""`fhir-dicom backup`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.beside import beside_serve
from bridge.cli.options import Config

HELP = "Copy the ledger, as it is at one moment, while `serve` goes on."
EXAMPLE = "Example: fhir-dicom backup /var/backups/bridge.db --config bridge.yaml"


def backup(
    file: Annotated[Path, typer.Argument(help="a new file; it is readable by nobody else")],
    config: Config = None,
) -> None:
    from bridge.errors import UsageError
    from bridge.settings.settings import settings

    with beside_serve(settings(config)) as ledger:
        try:
            ledger.copy_to(file)
        except FileExistsError as error:
            raise UsageError(f"{file}: is there already; name a new file") from error
        except OSError as error:
            raise UsageError(f"{file}: cannot be written: {error.strerror}") from error
    print(f"{file}: to restore it, stop the bridge, remove ledger, -wal and -shm, and put this in its place")
