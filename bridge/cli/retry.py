"""`fhir-dicom retry`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.paused import say_paused, say_retired
from bridge.cli.person import person

HELP = "Owe held and dead work again: the next pass tries it."
EXAMPLE = "Example: fhir-dicom retry --config bridge.yaml"


def retry(
    key: Annotated[str | None, typer.Argument(help="of one item, as `status` shows it; all by default")] = None,
    config: Annotated[Path | None, typer.Option(help="bridge.yaml")] = None,
) -> None:
    from bridge.errors import UsageError
    from bridge.ledger.ledger import Ledger
    from bridge.settings.settings import settings

    configured = settings(config)
    ledger = Ledger(configured.ledger, reading=True)  # beside `serve`
    number = ledger.operations.retry(person(), key)
    if number:
        say_paused(ledger)
        say_retired(ledger, configured.route_names())
    ledger.close()
    if key is not None and not number:
        raise UsageError(f"{key}: nothing of that key is held or dead; `fhir-dicom status` shows what is")
    print(f"{number} owed again")
