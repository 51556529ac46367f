"""Webhooks of the stores: a FHIR Subscription (R4, rest-hook) or a plugin of the PACS. They wake the passes and say
nothing else: what they bring is not read, for the feeds are the truth."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from bridge.settings.access import Secret
from bridge.web.caller import Credentials, deny
from bridge.web.callers import same_secret
from bridge.web.meters import Meters
from bridge.web.outcome import Refused
from bridge.web.passes import Passes

_METHODS = ("POST", "PUT", "DELETE")
"""HAPI sends POST without a payload, PUT and DELETE of `Type/id` with one."""


def router(secrets: dict[str, Secret], passes: Passes | None, meters: Meters) -> APIRouter:
    api = APIRouter(prefix="/hooks", tags=["webhooks"])

    def woken(store: str, credentials: Credentials) -> None:
        """The same answer for a store without a hook and for a wrong secret."""
        if store not in secrets or credentials is None or not same_secret(credentials.credentials, secrets[store]):
            deny("a webhook says its own secret: `Authorization: Bearer ...`, that of `serve.hooks`")
        if passes is None:
            raise Refused(503, "this service makes no passes: it was started with --no-sync")
        passes.wake()
        meters.woken(store)

    async def hook(_: Annotated[None, Depends(woken)], request: Request) -> Response:
        async for _part in request.stream():  # or the sender finds its connection broken
            pass
        return Response(status_code=204)

    for method in _METHODS:
        for below in ("", "/{below:path}"):
            api.add_api_route(
                f"/{{store}}{below}",
                hook,
                methods=[method],
                status_code=204,
                summary="Something has changed in that store",
                operation_id=f"hook_{method.lower()}",
                include_in_schema=not below,
            )
    return api
