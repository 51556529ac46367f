"""`fhir-dicom retry`"""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.cli.beside import beside_serve, say_idle
from bridge.cli.options import Config
from bridge.cli.person import person

HELP = "Owe held and dead work again: the next pass tries it."
EXAMPLE = "Example: fhir-dicom retry --config bridge.yaml"


def retry(
    key: Annotated[str | None, typer.Argument(help="of one item, as `status` shows it; all by default")] = None,
    config: Config = None,
) -> None:
    from bridge.errors import UsageError
    from bridge.settings.settings import settings

    configured = settings(config)
    with beside_serve(configured) as ledger:
        number = ledger.operations.retry(person(), key)
        if number:
            say_idle(ledger, configured.route_names())
    if key is not None and not number:
        raise UsageError(f"{key}: nothing of that key is held or dead; `fhir-dicom status` shows what is")
    print(f"{number} owed again")
