"""What `status` and `conflicts` show, and the way of one document. Keys travel in bodies, never in URLs, which are
logged on the way."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from bridge.ledger.ledger import Ledger
from bridge.ledger.view import instant
from bridge.web.caller import Caller, Door
from bridge.web.passes import Passes
from bridge.web.records import Records

Key = Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f]+$")]
"""A resource key, a SOP Instance UID, or a store's own key. PostgreSQL takes no NUL."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OneKey(Body):
    key: Key


def router(door: Door, records: Records, passes: Passes | None, revisions: Mapping[str, str]) -> APIRouter:
    """`revisions`: of each route there is, by its name, what it is translated by."""
    api, names = APIRouter(tags=["looking"]), tuple(revisions)
    Reader: TypeAlias = Annotated[Caller, Depends(door.may("read"))]
    Book: TypeAlias = Annotated[Ledger, Depends(records)]

    @api.get("/caller", summary="Who you are here, and what you may")
    def who(caller: Reader) -> dict[str, Any]:
        return {"name": caller.name, "role": caller.role}

    @api.get("/status", summary="What is linked, owed, held and dead, and why; how far each store is")
    def status(_: Reader, ledger: Book, limit: Annotated[int, Query(ge=0, le=10_000)] = 500) -> dict[str, Any]:
        of_passes = _of(passes) if passes is not None else {"passes": None}
        of_mapping = {"outdated": ledger.links.outdated(revisions), "retired": ledger.retired.known(names)}
        return ledger.status(limit) | of_mapping | {"progress": ledger.view.progress(), "routes": names} | of_passes

    @api.post("/documents", summary="The way of one document, step by step")
    def documents(_: Reader, ledger: Book, body: OneKey) -> list[dict[str, Any]]:
        return ledger.view.documents(body.key)

    @api.get("/conflicts", summary="Documents of which both sides have news")
    def conflicts(
        _: Reader, ledger: Book, limit: Annotated[int, Query(ge=1, le=10_000)] = 500
    ) -> list[dict[str, str | None]]:
        return ledger.conflicts.open(limit)

    return api


def _of(passes: Passes) -> dict[str, Any]:
    unheard = [one._asdict() | {"since": instant(one.since)} for one in passes.unheard()]
    return {"passes": passes.report(), "down": passes.outages(), "unheard": unheard}
