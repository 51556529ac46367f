"""POST /translate/fhir and /translate/dicom: what `convert` does, for one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from bridge.convert.inputs import Target
from bridge.convert.run import Done, Job, converted_bytes
from bridge.settings.settings import Settings
from bridge.translate.basis.ids import Known
from bridge.web.outcome import FHIR, Refused, outcome

_DICOM = "application/dicom"
_VALUES = 150_000  # of JSON: an invalid one of two bytes has a thousand times as many in memory
_BOUNDARY = "fhir-dicom-bridge"


class Turns:
    """So many translations at once, and so many that wait: they are all work of one core, and what else is asked of the
    service needs its threads."""

    def __init__(self, at_once: int = 2, waiting: int = 20) -> None:
        self._turn, self._places = asyncio.Semaphore(at_once), at_once + waiting

    async def take(self, task: Callable[..., Response], *given: Any) -> Response:
        """Raises Refused, 503, where too many wait."""
        if not self._places:
            raise Refused(503, "too many translations at once; wait as Retry-After says", {"Retry-After": "5"})
        self._places -= 1
        try:
            async with self._turn:
                return await run_in_threadpool(task, *given)
        finally:
            self._places += 1


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def router(settings: Settings) -> APIRouter:
    known = Known(issuer=settings.issuer, zone=settings.timezone)
    routes, turns = APIRouter(prefix="/translate", tags=["translate"]), Turns()

    def job(target: Target) -> Job:
        return Job(target, known, settings.mappings, release=settings.fhir_version)

    @routes.post(
        "/fhir",
        summary="One Structured Report to a transaction Bundle",
        response_class=Response,
        openapi_extra=_request(_DICOM),
        responses=_responses(FHIR),
    )
    async def to_fhir(body: Body) -> Response:
        return await turns.take(_answer, body, job("fhir"), lambda done: Response(done[0].data, media_type=FHIR))

    @routes.post(
        "/dicom",
        summary="A Bundle or a resource to Structured Reports: one as application/dicom, several as multipart/related",
        response_class=Response,
        openapi_extra=_request(FHIR),
        responses=_responses(_DICOM),
    )
    async def to_dicom(body: Body) -> Response:
        if (
            sum(map(body.count, (b",", b"{", b"["))) > _VALUES
        ):  # as it is written: to count them otherwise is to hold them
            raise Refused(413, f"more than {_VALUES} values; `fhir-dicom convert` takes files of any length")
        return await turns.take(_answer, body, job("dicom"), _instances)

    return routes


def _answer(body: bytes, job: Job, made: Callable[[list[Done]], Response]) -> Response:
    """All of it or nothing: half of a Bundle would look like all of it."""
    done = list(converted_bytes("request", body, job))
    faults = [("invalid", str(one.entry["error"])) for one in done if one.entry["status"] == "rejected"]
    converted = [one for one in done if one.entry["status"] == "converted"]
    if not faults and not converted:
        reasons = [one.entry["reason"] for one in done] or ["nothing in it"]
        faults = [("not-supported", f"request: {reason}") for reason in reasons]
    return outcome(422, faults) if faults else made(converted)


def _instances(done: list[Done]) -> Response:
    if len(done) == 1:
        return Response(done[0].data, media_type=_DICOM)
    head = f"--{_BOUNDARY}\r\nContent-Type: {_DICOM}\r\n\r\n".encode()
    body = b"".join(head + one.data + b"\r\n" for one in done) + f"--{_BOUNDARY}--\r\n".encode()
    return Response(body, media_type=f'multipart/related; type="{_DICOM}"; boundary={_BOUNDARY}')


def _request(media_type: str) -> dict[str, Any]:
    schema = {"type": "string", "format": "binary"} if media_type == _DICOM else {"type": "object"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def _responses(media_type: str) -> dict[int | str, dict[str, Any]]:
    failed = {"description": "OperationOutcome", "content": {FHIR: {"schema": {"type": "object"}}}}
    return {200: {"description": "translated", "content": {media_type: {}}}, 413: failed, 422: failed}
