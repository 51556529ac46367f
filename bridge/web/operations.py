"""What the commands of the same names do, for people and programs: look, and decide. Keys travel in bodies, never in
URLs, which are logged on the way."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from bridge.errors import UsageError
from bridge.ledger.ledger import Ledger
from bridge.web.callers import Caller, Door
from bridge.web.outcome import Refused
from bridge.web.passes import Passes
from bridge.web.records import Records

_SHOWN = 500  # reasons of one answer

Key = Annotated[str, Field(min_length=1, max_length=256)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OneKey(_Body):
    """A resource key, a SOP Instance UID, or a key of a store."""

    key: Key


class SomeKey(_Body):
    key: Key | None = None  # all, without


class OneRoute(_Body):
    route: str


class Resumed(OneRoute):
    deleted: bool = False  # what looked deleted was deleted on purpose: for admins


class Verdict(_Body):
    holds: Literal["fhir", "dicom"]


def router(door: Door, records: Records, passes: Passes | None, routes: Iterable[str]) -> APIRouter:
    """`routes`: names of those there are."""
    api = APIRouter(tags=["operations"])
    names = tuple(routes)
    Book: TypeAlias = Annotated[Ledger, Depends(records)]
    Reader: TypeAlias = Annotated[Caller, Depends(door.may("read"))]
    Operator: TypeAlias = Annotated[Caller, Depends(door.may("operate"))]
    Admin: TypeAlias = Annotated[Caller, Depends(door.may("admin"))]

    def known(route: str) -> str:
        if route not in names:
            raise Refused(404, f"there is no such route; there are {', '.join(names)}")
        return route

    def soon() -> None:
        if passes is not None:
            passes.wake()

    @api.get("/caller", summary="Who you are here, and what you may")
    def who(caller: Reader) -> dict[str, Any]:
        return {"name": caller.name, "role": caller.role}

    @api.get("/status", summary="What is linked, owed, held and dead, and why; how far each store is")
    def status(_: Reader, ledger: Book) -> dict[str, Any]:
        found = ledger.status()
        reasons = found["reasons"]
        more = {"reasons": reasons[:_SHOWN], "more": max(0, len(reasons) - _SHOWN)}
        report = passes.report() if passes is not None else None
        return found | more | {"progress": ledger.view.progress(), "routes": names, "passes": report}

    @api.post("/documents", summary="The way of one document, step by step")
    def documents(_: Reader, ledger: Book, body: OneKey) -> list[dict[str, Any]]:
        return ledger.view.documents(body.key)

    @api.post("/retry", summary="Owe what is held or dead again: all, or one key")
    def retry(caller: Operator, ledger: Book, body: SomeKey) -> dict[str, int]:
        number = ledger.operations.retry(caller.name, body.key)
        soon()
        return {"owed": number}

    @api.post("/wake", summary="Make a pass now")
    def wake(_: Operator) -> dict[str, bool]:
        if passes is None:
            raise Refused(503, "this service makes no passes: it was started with --no-sync")
        passes.wake()
        return {"woken": True}

    @api.post("/pause", summary="Make no pass over a route")
    def pause(caller: Operator, ledger: Book, body: OneRoute) -> dict[str, str]:
        ledger.operations.pause(known(body.route), caller.name)
        return {"paused": body.route}

    @api.post("/resume", summary="Make passes over a route again; with `deleted`, what looked deleted was")
    def resume(caller: Operator, ledger: Book, body: Resumed) -> dict[str, Any]:
        if body.deleted:
            caller.demand("admin")
        was, number = ledger.operations.resume(known(body.route), caller.name, deleted=body.deleted)
        soon()
        return {"resumed": body.route, "was_paused": was, "absent": number}

    @api.get("/conflicts", summary="Documents of which both sides have news")
    def conflicts(_: Reader, ledger: Book) -> list[dict[str, str]]:
        return ledger.conflicts.open()

    @api.post("/conflicts/{name}", summary="Whose news hold; a verdict on an older state is refused with 409")
    def decide(caller: Admin, ledger: Book, name: str, body: Verdict) -> dict[str, str]:
        try:
            ledger.operations.decide(name, body.holds, caller.name)
        except UsageError as error:
            raise Refused(409, "there is no such conflict (any more): look at `conflicts` again") from error
        soon()
        return {"conflict": name, "holds": body.holds}

    return api
