"""The app: health, status, translation. It listens on loopback; whoever is there may use it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from bridge.ledger.ledger import Ledger
from bridge.settings.settings import Settings
from bridge.web import translation
from bridge.web.passes import Passes


def create_app(settings: Settings, passes: Passes | None) -> FastAPI:
    """`passes` run while the app does; without them it only translates."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        if passes is not None:
            passes.start()
        yield
        if passes is not None:
            passes.stop()

    app = FastAPI(
        title="FHIR-DICOM bridge",
        version=version("fhir-dicom-bridge"),
        description="FHIR resources to DICOM Structured Reports and back, without loss.",
        lifespan=running,
    )

    @app.get("/health", summary="Is the process alive, and when was its last pass?")
    def health() -> dict[str, Any]:
        report = passes.report() if passes is not None else None
        return {"status": "faults" if report and report["faults"] else "ok", "passes": report}

    @app.get("/status", summary="What is linked, owed, held and dead, and why")
    def status() -> dict[str, Any]:
        ledger = Ledger(settings.ledger, time.time, reading=True)
        try:
            return ledger.status()
        finally:
            ledger.close()

    app.include_router(translation.router(settings))
    return app
