"""What `retry`, `resend`, `pause`, `resume` and `conflicts` do, in the name of the caller; and a pass, now."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from bridge.errors import UsageError
from bridge.ledger.idle import idle_routes
from bridge.ledger.ledger import Ledger
from bridge.model.world import World
from bridge.web.caller import Caller, Door
from bridge.web.looking import Body, Key
from bridge.web.outcome import Refused
from bridge.web.passes import Passes
from bridge.web.records import Records


class SomeKey(Body):
    key: Key | None = None  # all, without


class OneRoute(Body):
    route: str


class Resent(OneRoute):
    keys: Annotated[tuple[Key, ...], Field(max_length=200)] = ()  # all, without
    outdated: bool = False  # what was translated by earlier mappings, or an earlier bridge


class Resumed(OneRoute):
    pause: Key | None = None  # its name, as /status says it; without, whichever there is
    deleted: bool = False  # what looks deleted in that pause was deleted on purpose: for admins


class Verdict(Body):
    holds: World


def router(
    door: Door,
    records: Records,
    passes: Passes | None,
    routes: Mapping[str, tuple[str, str]],
    revisions: Mapping[str, str],
) -> APIRouter:
    """`routes`: names of the FHIR store and of the DICOM store of each; `revisions`: what each is translated by. What
    was decided is carried out at once."""
    api, names = APIRouter(tags=["deciding"]), tuple(routes)
    Operator: TypeAlias = Annotated[Caller, Depends(door.may("operate"))]
    Admin: TypeAlias = Annotated[Caller, Depends(door.may("admin"))]
    Book: TypeAlias = Annotated[Ledger, Depends(records)]

    def soon() -> None:
        if passes is not None:
            passes.wake()

    @api.post("/wake", summary="Make a pass now")
    def wake(_: Operator) -> dict[str, bool]:
        if passes is None:
            raise Refused(503, "this service makes no passes: it was started with --no-sync")
        passes.wake()
        return {"woken": True}

    @api.post("/retry", summary="Owe what is held or dead again: all, or one key")
    def retry(caller: Operator, ledger: Book, body: SomeKey) -> dict[str, Any]:
        number = ledger.operations.retry(caller.name, body.key)
        soon()
        return {"owed": number, "idle": idle_routes(ledger, names) if number else {}}

    @api.post("/resend", summary="Look at a route again: at all, at these keys, or what is outdated")
    def resend(caller: Operator, ledger: Book, body: Resent) -> dict[str, Any]:
        _known(body.route, names)
        if body.outdated and body.keys:
            raise Refused(422, "`outdated` looks for the keys by itself: leave them out, or leave it out")
        if body.outdated:
            revision = revisions[body.route]
            number = ledger.operations.resend_outdated(body.route, *routes[body.route], revision, caller.name)
        else:
            number = ledger.operations.resend(body.route, body.keys, caller.name)
        soon()
        return {"owed": number, "idle": idle_routes(ledger, names, body.route)}

    @api.post("/pause", summary="Make no pass over a route")
    def pause(caller: Operator, ledger: Book, body: OneRoute) -> dict[str, str]:
        _known(body.route, names)
        ledger.operations.pause(body.route, caller.name)
        return {"paused": body.route}

    @api.post("/resume", summary="Make passes over a route again; a verdict on an older pause is refused with 409")
    def resume(caller: Operator, ledger: Book, body: Resumed) -> dict[str, Any]:
        if body.deleted:
            caller.demand("admin")
        _known(body.route, names)
        if body.deleted and body.pause is None:
            raise Refused(422, "`deleted` is said of one pause: write its name, as `paused` of /status says it")
        try:
            was, number = ledger.operations.resume(body.route, caller.name, body.pause, deleted=body.deleted)
        except UsageError as error:
            raise Refused(409, "there is no such pause (any more): look at `paused` of /status again") from error
        soon()
        return {"resumed": body.route, "was_paused": was, "absent": number}

    @api.post(
        "/conflicts/{name}", summary="Whose news hold; refused with 409 where there are others since, or a verdict"
    )
    def decide(caller: Admin, ledger: Book, name: Annotated[Key, Path()], body: Verdict) -> dict[str, Any]:
        try:
            route = ledger.operations.decide(name, body.holds, caller.name)
        except UsageError as error:
            raise Refused(
                409, "there is no such conflict (any more), or it is decided: look at `conflicts` again"
            ) from error
        soon()
        return {"conflict": name, "holds": body.holds, "idle": idle_routes(ledger, names, route)}

    return api


def _known(route: str, names: tuple[str, ...]) -> None:
    if route not in names:
        raise Refused(404, f"there is no such route; there are {', '.join(names)}")
