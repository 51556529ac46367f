"""`fhir-dicom forget`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.person import person

HELP = "Forget what is known of a route that is not configured any more; both stores stay as they are."
EXAMPLE = "Example: fhir-dicom forget old-pacs --config bridge.yaml"


def forget(
    route: Annotated[str, typer.Argument(help="its name, as `status` shows it")],
    config: Annotated[Path | None, typer.Option(help="bridge.yaml, in which it is not any more")] = None,
    stopped: Annotated[bool, typer.Option("--stopped", help="on PostgreSQL: no other process works on it")] = False,
) -> None:
    from bridge.errors import UsageError
    from bridge.ledger.ledger import Ledger
    from bridge.settings.settings import settings

    configured = settings(config)
    Ledger(configured.ledger, reading=True).close()  # there is one
    ledger = Ledger(configured.ledger)  # alone: a service that was not started again may have it configured still
    try:
        if ledger.shared and not stopped:
            raise UsageError(
                "on PostgreSQL another process may have that route configured, and would take its documents for new "
                "ones; stop them all, and give --stopped"
            )
        ledger.retired.forget(route, configured.route_names(), person())
    finally:
        ledger.close()
    print(f"{route} is forgotten; what it wrote stays where it is, and in the audit trail")
