"""The status page. It holds no data: its script asks the routes for them, with the token that a person gave it."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Response

from bridge.web.outcome import Refused

_TYPES = {"css": "text/css", "html": "text/html", "js": "text/javascript", "svg": "image/svg+xml"}
_FOLDER = files("bridge.web") / "static"


def router() -> APIRouter:
    """Read once: what is not there at the start is not served."""
    pages = {one.name: one.read_bytes() for one in _FOLDER.iterdir() if _type(one.name)}
    api = APIRouter(include_in_schema=False)

    @api.get("/")
    def index() -> Response:
        return Response(pages["index.html"], media_type=_TYPES["html"])

    @api.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in pages:
            raise Refused(404, "there is no such file")
        return Response(pages[name], media_type=_type(name))

    return api


def _type(name: str) -> str | None:
    return _TYPES.get(name.rpartition(".")[2])
