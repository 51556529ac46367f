"""HEAD (RFC 9110 9.3.2): as GET, and the server leaves out the body. Monitors ask so, and FastAPI knows only GET."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Head:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # a copy: by its own the server knows that no body is wanted
        await self._app(scope, receive, send)
