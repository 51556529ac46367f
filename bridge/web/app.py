"""The app: who may come in, the routes, and the passes that run while it does."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI

from bridge.settings.revisions import revisions_of
from bridge.settings.settings import Settings
from bridge.web import deciding, health, hooks, looking, pages, trail, translation
from bridge.web.addressed import Addressed
from bridge.web.caller import Door
from bridge.web.callers import callers_of
from bridge.web.head import Head
from bridge.web.headers import SecurityHeaders
from bridge.web.journal import Journal
from bridge.web.limits import BodyLimit
from bridge.web.meters import Meters
from bridge.web.outcome import answer_faults
from bridge.web.passes import Passes
from bridge.web.rate import RateLimit
from bridge.web.records import records_of


def create_app(settings: Settings, passes: Passes | None) -> FastAPI:
    """`passes` run while the app does; without them it only translates, and shows the ledger of another process. Raises
    UsageError where a secret is missing."""

    door = Door(callers_of(settings.serve))

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=door.prepare, name="callers", daemon=True).start()
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
        docs_url=None,  # a page of foreign scripts
        redoc_url=None,
        redirect_slashes=False,  # to the Host header's word, and to http:// behind a proxy that speaks TLS
    )
    answer_faults(app)
    _guard(app, settings)
    _routes(
        app,
        settings,
        door,
        passes,
        passes.meters if passes is not None else Meters(settings.places(), settings.certificates()),
    )
    return app


def _guard(app: FastAPI, settings: Settings) -> None:
    """What is added last sees a request first."""
    service = settings.serve
    app.add_middleware(BodyLimit, max_bytes=service.max_bytes, seconds=service.seconds)
    app.add_middleware(Addressed, service=service)
    app.add_middleware(RateLimit, rate=service.rate)
    app.add_middleware(Journal)
    app.add_middleware(SecurityHeaders, tls=service.tls is not None)
    app.add_middleware(Head)


def _routes(app: FastAPI, settings: Settings, door: Door, passes: Passes | None, meters: Meters) -> None:
    records = records_of(settings, passes)
    app.include_router(pages.router())
    app.include_router(health.router(door, records, passes, meters))
    revisions = revisions_of(settings)
    stores = dict(zip(settings.route_names(), settings.route_stores(), strict=True))
    app.include_router(looking.router(door, records, passes, revisions))
    app.include_router(deciding.router(door, records, passes, stores, revisions))
    app.include_router(trail.router(door, records))
    app.include_router(hooks.router(settings.serve.hooks, passes, meters))
    app.include_router(translation.router(settings), dependencies=[Depends(door.may("read"))])
