"""GET /audit: the audit trail in pages, for an archive outside that no one here can write to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from bridge.ledger.ledger import Ledger
from bridge.web.caller import Caller, Door
from bridge.web.records import Records

_PAGE = 1000
_NDJSON = "application/fhir+ndjson"


def router(door: Door, records: Records) -> APIRouter:
    api = APIRouter(tags=["audit"])

    @api.get(
        "/audit",
        summary="AuditEvents after a number, oldest first, as NDJSON; `Link: rel=next` (RFC 8288) leads on",
        response_class=Response,
        responses={200: {"content": {_NDJSON: {}}}},
    )
    def audit(
        _: Annotated[Caller, Depends(door.may("admin"))],
        ledger: Annotated[Ledger, Depends(records)],
        after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
        limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
    ) -> Response:
        entries = ledger.view.trail(after, limit)
        body = "".join(f"{entry.event}\n" for entry in entries)
        more = {"Link": f'</audit?after={entries[-1].number}&limit={limit}>; rel="next"'} if entries else {}
        return Response(body, media_type=_NDJSON, headers=more)

    return api
