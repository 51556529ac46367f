"""What watches the service asks, without a token: is the process alive, can it do its work. And what Prometheus reads,
with one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from bridge.ledger.ledger import Ledger
from bridge.web.caller import Caller, Door
from bridge.web.meters import Meters
from bridge.web.passes import Passes
from bridge.web.records import Records

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def router(door: Door, records: Records, passes: Passes | None, meters: Meters) -> APIRouter:
    api = APIRouter(tags=["health"])

    @api.get("/health", summary="Is it alive? 503: start it again; and number, time and faults of the last pass")
    async def health() -> JSONResponse:  # on the loop itself: it is alive, however busy the threads are
        report = passes.report() if passes is not None else None
        alive = report is None or report["alive"]
        status = "dead" if not alive else "faults" if report and report["faults"] else "ok"
        return JSONResponse({"status": status, "passes": report}, 200 if alive else 503)

    @api.get("/ready", summary="Can it do its work? 503: not now, and why")
    def ready(ledger: Annotated[Ledger, Depends(records)]) -> JSONResponse:
        """A paused route, held and dead work do not count: a person deals with them on the page, which has to be
        reachable for that. Nor does a store that is down, or whose news are not heard, which is named: to start this
        service again mends nothing."""
        ledger.pauses.reasons()
        report = passes.report() if passes is not None else None
        reasons = _reasons(report) if report is not None else []
        down = sorted(passes.outages()) if passes is not None else []
        unheard = sorted({store for one in passes.unheard() for store in one.stores}) if passes is not None else []
        content = {"ready": not reasons, "reasons": reasons, "down": down, "unheard": unheard}
        return JSONResponse(content, 503 if reasons else 200)

    @api.get("/metrics", summary="For Prometheus", response_class=Response)
    def metrics(
        _: Annotated[Caller, Depends(door.may("read"))], ledger: Annotated[Ledger, Depends(records)]
    ) -> Response:
        of_passes = (passes.outages(), passes.unheard()) if passes is not None else ()
        return Response(meters.page(ledger, *of_passes), media_type=_PROMETHEUS)

    return api


def _reasons(report: dict[str, Any]) -> list[str]:
    dead = [] if report["alive"] else ["no passes are made: the service is ending, or their thread has died"]
    broken = ["the last pass broke; see the log of the service"] if report["broken"] else []
    ledger = [] if report["ledger"] else ["the ledger takes nothing: it is away, or its disk is full; see the log"]
    return dead + (broken or ledger)
