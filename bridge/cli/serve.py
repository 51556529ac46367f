"""`fhir-dicom serve`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Keep the stores in step, pass after pass, and translate on request over HTTP, on loopback."
EXAMPLE = "Example: fhir-dicom serve --config bridge.yaml --port 8000"


def serve(
    config: Annotated[Path | None, typer.Option(help="bridge.yaml")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port on 127.0.0.1")] = 8000,
    sync: Annotated[bool, typer.Option("--sync/--no-sync", help="make passes; without, only translate")] = True,
) -> None:
    import time

    import uvicorn

    from bridge.ledger.ledger import Ledger
    from bridge.mapping.load import load
    from bridge.settings.settings import settings
    from bridge.sync.routes import routes_of
    from bridge.web.app import create_app
    from bridge.web.passes import Passes

    configured = settings(config)
    mapping = load(configured.mappings)
    passes = None
    if sync:
        ledger = Ledger(configured.ledger, time.time)
        passes = Passes(routes_of(configured), ledger, mapping, configured.interval, configured.reconcile)
    # no access log: a URL may name a patient's resource
    uvicorn.run(create_app(configured, passes), host="127.0.0.1", port=port, log_level="warning", access_log=False)
