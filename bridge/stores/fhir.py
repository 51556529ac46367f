"""A FHIR R4 server (proven on HAPI 8.8): history as feed, batch reads, one transaction for each group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from urllib.parse import quote, urlencode

from bridge.codecs import json
from bridge.errors import BridgeError, PermanentError, RefusedError, TemporaryError, WithheldError
from bridge.model.edition import edition, time_of
from bridge.model.extensions import extensions_of
from bridge.model.group import Json, Resource, reference_to
from bridge.model.search import identifier_query, identifier_token
from bridge.model.world import World
from bridge.stores.access import ANYBODY, Access
from bridge.stores.answered import (
    check_found,
    check_named,
    check_sound,
    entries_of,
    found_by,
    is_bundle,
    is_sound,
    matches,
    served,
)
from bridge.stores.breaker import Outage
from bridge.stores.http import Peer
from bridge.stores.store import Absence, Change, Outcome, Page, Seen, Stored, Write

_FHIR = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}  # HAPI answers searches from a stale result
_RELEASES = ("4.0", "4.3")  # R4, and R4B, which differs in nothing that crosses
_PAGE = 500
_READS = 100  # of a batch
_PLACEHOLDER = "http://hapifhir.io/fhir/StructureDefinition/resource-placeholder"
LISTED = ("DiagnosticReport", "Observation")
_PROBES = [f"/{kind}?_count=1&_elements=id" for kind in LISTED]  # we may be allowed one of them


class FhirStore:
    holds: World = "fhir"
    lists = False

    def __init__(
        self, name: str, url: str, *, timeout: float = 60, access: Access = ANYBODY, searched: Sequence[str] = ()
    ) -> None:
        """`searched`: kinds of resources to ask for, each for itself, where the server has no system history."""
        self.name, self._searched = name, searched
        self._said: Json = None  # its CapabilityStatement, once it was asked for
        self._peer = Peer(name, url, timeout=timeout, access=access, probes=_PROBES)

    def outage(self) -> Outage | None:
        return self._peer.outage()

    def unread(self) -> None:
        return None

    def changes(self, since: str | None) -> Iterator[Page[Resource]]:
        """What changed at or after `since`: of the system history newest first, of searches oldest first by kind, and
        without what was deleted. The position is the server's time of the first page. A transaction that commits late
        carries an earlier time: poll with overlap."""
        position = None
        self._capability()
        for found in self._search(since) if self._searched else self._history(since):
            position = position or found.get("meta", {}).get("lastUpdated")
            if time_of(f"@{position}") is None:
                raise PermanentError(f"{self.name}: an answer without meta.lastUpdated: no time to go on from")
            yield Page(tuple(map(self._change, matches(self.name, found))), position)

    def _history(self, since: str | None) -> Iterator[Json]:
        query = {"_count": str(_PAGE)} | ({"_since": since} if since else {})
        try:
            yield from self._pages(f"/_history?{urlencode(query)}")
        except PermanentError as error:
            raise PermanentError(f"{error}; has it no system history? Then set `feed: search` for it") from error

    def _search(self, since: str | None) -> Iterator[Json]:
        query = {"_count": str(_PAGE), "_sort": "_lastUpdated"} | ({"_lastUpdated": f"ge{since}"} if since else {})
        for kind in self._known(self._searched):
            yield from self._pages(f"/{kind}?{urlencode(query)}")

    def _known(self, kinds: Sequence[str]) -> list[str]:
        """Those that the server has (FHIR R4 CapabilityStatement.rest.resource); it would refuse to search others."""
        there = served(self._capability())
        return [kind for kind in kinds if kind in there]

    def _capability(self) -> Json:
        """What the server says of itself, once a process. Raises PermanentError where it speaks another release: it
        would drop elements, and nobody would be told."""
        if self._said is None:
            said = self._parsed(self._peer.call("GET", "/metadata", headers=_FHIR).body)
            if not isinstance(said, dict):
                raise PermanentError(f"{self.name}: /metadata is no CapabilityStatement; is this a FHIR server?")
            release = str(said.get("fhirVersion", ""))
            if release and not release.startswith(_RELEASES):
                raise PermanentError(
                    f"{self.name}: speaks FHIR {release[:20]}, and stores are kept in step in R4; "
                    "give the base URL of its R4 endpoint (`convert` and `/translate` know R5)"
                )
            self._said = said
        return self._said

    def _pages(self, path: str) -> Iterator[Json]:
        asked = set[str]()
        while path:
            if path in asked:
                raise TemporaryError(f"{self.name}: its pages lead in a circle; they have no end")
            asked.add(path)
            found = self._bundle(self._peer.call("GET", path, headers=_FHIR).body)
            yield found
            path = self._next(found)

    def _change(self, entry: Json) -> Change[Resource]:
        resource = entry.get("resource")
        if resource is not None:
            check_named(self.name, resource)
            if not is_sound(resource):  # whoever reads it says why, by its name; the others go on
                return Change(reference_to(resource), "", None)
            nothing = _is_placeholder(resource)  # no more, or not yet: `read` says so, too
            return Change(reference_to(resource), edition(resource), None if nothing else resource, deleted=nothing)
        url = str(entry.get("request", {}).get("url") or entry.get("fullUrl", ""))
        parts = url.partition("/_history")[0].split("/")
        return Change("/".join(parts[-2:]), str(entry.get("response", {}).get("etag", "")), None, deleted=True)

    def listing(self) -> Iterator[Seen]:
        return self._listed("")

    def dated(self, day: date) -> Iterator[Seen]:
        return self._listed(f"&_lastUpdated=ge{day}T00:00:00Z&_lastUpdated=lt{day + timedelta(days=1)}T00:00:00Z")

    def _listed(self, only: str) -> Iterator[Seen]:
        for kind in LISTED:
            for found in self._pages(f"/{kind}?_count={_PAGE}&_elements=id{only}"):
                for one in found_by(self.name, kind, found):
                    yield Seen(f"{kind}/{one['id']}", edition(one) if is_sound(one) else "")

    def read(self, keys: Sequence[str]) -> Sequence[Stored[Resource] | None]:
        found: list[Stored[Resource] | None] = []
        for start in range(0, len(keys), _READS):
            found += self._batch(keys[start : start + _READS])
        return found

    def _batch(self, keys: Sequence[str]) -> list[Stored[Resource] | None]:
        entry = [{"request": {"method": "GET", "url": _path(key)}} for key in keys]
        answered = self._post({"resourceType": "Bundle", "type": "batch", "entry": entry})
        if len(answered) != len(keys):
            raise TemporaryError(f"{self.name}: {len(answered)} answers to {len(keys)} reads")
        return [self._one(key, one) for key, one in zip(keys, answered, strict=True)]

    def _one(self, key: str, entry: Json) -> Stored[Resource] | None:
        status = str(entry.get("response", {}).get("status", ""))[:3]
        resource = entry.get("resource")
        if status in ("404", "410"):
            return None
        if not status.startswith("2"):  # an entry says neither how long to wait nor what is the matter with the server
            alone = self._alone(key)
            return alone if isinstance(alone, Stored) else None
        if resource is None:
            raise PermanentError(f"{self.name}: reading {key} was answered {status} and no resource")
        stored = self._stored(key, resource, f"reading {key}")
        return None if _is_placeholder(resource) else stored

    def _alone(self, key: str) -> Stored[Resource] | Absence:
        """Asks for one resource by itself. Raises WithheldError where only that one is refused."""
        try:
            answer = self._peer.call("GET", f"/{_path(key)}", headers=_FHIR, accept=(404, 410))
        except RefusedError as error:
            raise WithheldError(str(error), error.wait) from error
        if answer.status == 404:
            return "unknown"
        if answer.status == 410:
            return "deleted"
        found = self._parsed(answer.body)
        if not isinstance(found, dict):
            raise TemporaryError(f"{self.name}: reading {key} was answered with no resource; is this a FHIR server?")
        stored = self._stored(key, found, f"reading {key}")
        return "deleted" if _is_placeholder(found) else stored

    def _stored(self, key: str, resource: Resource, what: str) -> Stored[Resource]:
        """The resource that `what` was answered with. Raises TemporaryError where it is another: in another order, or
        of somebody else; it would be taken for this one."""
        if f"{resource.get('resourceType')}/{resource.get('id')}" != key:
            raise TemporaryError(f"{self.name}: {what} was answered with another resource; is there a cache between?")
        check_sound(self.name, resource)
        return Stored(key, resource.get("meta", {}).get("versionId", ""), resource)

    def write(self, items: Sequence[Write[Resource]]) -> Sequence[Outcome[Resource]]:
        """One transaction. Each entry's answer is looked at; the resources come back as the server holds them."""
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(item) for item in items]}
        try:
            answered = self._post(bundle, {"Prefer": "return=representation"})
            if len(answered) != len(items):
                raise TemporaryError(f"{self.name}: {len(answered)} answers to {len(items)} entries")
            return [Outcome(self._written(item, one)) for item, one in zip(items, answered, strict=True)]
        except BridgeError as error:
            return [Outcome(None, error) for _ in items]

    def _written(self, item: Write[Resource], entry: Json) -> Stored[Resource]:
        response = entry.get("response", {})
        status, resource = str(response.get("status", ""))[:3], entry.get("resource")
        if not status.startswith("2"):
            raise PermanentError(f"{self.name}: {item.key} was answered {status or 'nothing'}")
        stored: Stored[Resource] | None
        if resource is None or "id" not in resource:
            (stored,) = self._batch([self._located(item, response)])
        else:
            kind = item.key.partition("/")[0]  # of what is created conditionally; the server names it
            key = reference_to(resource) if item.unless and resource["resourceType"] == kind else item.key
            stored = self._stored(key, resource, f"writing {item.key}")
        if stored is None:
            raise TemporaryError(f"{self.name}: {item.key} was written and is not there")
        if item.unless is not None:
            check_found(self.name, [stored.item], *item.unless)
        return stored

    def _located(self, item: Write[Resource], response: Json) -> str:
        """Its key. What is created conditionally is named by the server: in a location, which may be absolute, and of a
        version (FHIR R4 Bundle.entry.response.location)."""
        if item.unless is None:
            return item.key
        steps = str(response.get("location", "")).partition("/_history")[0].split("/")[-2:]
        if len(steps) < 2:
            raise TemporaryError(f"{self.name}: {item.key} was written, and it does not say where")
        return f"{item.key.partition('/')[0]}/{steps[-1]}"

    def absent(self, keys: Sequence[str]) -> Sequence[Absence | None]:
        found = map(self._alone, keys)
        return [None if isinstance(one, Stored) else one for one in found]

    def remove(self, keys: Sequence[str]) -> Sequence[BridgeError | None]:
        found: list[BridgeError | None] = []
        for key in keys:
            try:
                self._peer.call("DELETE", f"/{_path(key)}", headers=_FHIR, accept=(404, 410))
                found.append(None)
            except BridgeError as error:
                found.append(error)
        return found

    def find(self, kind: str, system: str, value: str) -> Sequence[Stored[Resource]]:
        """By POST: an identifier has no place in a URL that is logged."""
        body = urlencode({"identifier": identifier_token(system, value), "_count": "3"}).encode()
        headers = _FHIR | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._bundle(self._peer.call("POST", f"/{kind}/_search", body=body, headers=headers).body)
        found = found_by(self.name, kind, answer)
        check_found(self.name, found, system, value)
        return [Stored(f"{kind}/{one['id']}", one.get("meta", {}).get("versionId", ""), one) for one in found]

    def _post(self, bundle: Json, headers: dict[str, str] | None = None) -> list[Json]:
        sent = _FHIR | {"Content-Type": "application/fhir+json"} | (headers or {})
        answer = self._peer.call("POST", "", body=json.dumps(bundle), headers=sent)
        return entries_of(self.name, self._bundle(answer.body))

    def _bundle(self, body: bytes) -> Json:
        found = self._parsed(body)
        if not is_bundle(found):
            raise PermanentError(f"{self.name}: the answer is no Bundle; is the URL that of a FHIR base?")
        return found

    def _parsed(self, body: bytes) -> Json:
        return self._peer.parsed(body, "a FHIR server")

    def _next(self, bundle: Json) -> str:
        url = next((one["url"] for one in bundle.get("link", []) if one.get("relation") == "next"), None)
        return self._peer.rejoined(url) if url else ""


def _is_placeholder(resource: Resource) -> bool:
    """HAPI makes an empty resource where a reference leads nowhere (autoCreatePlaceholderReferenceTargets)."""
    return bool(extensions_of(resource, _PLACEHOLDER))


def _path(key: str) -> str:
    kind, _, identifier = key.partition("/")
    return f"{quote(kind, safe='')}/{quote(identifier, safe='')}"


def _entry(item: Write[Resource]) -> Json:
    kind, _, identifier = item.key.partition("/")
    if item.unless is not None:
        request = {"method": "POST", "url": kind, "ifNoneExist": identifier_query(*item.unless)}
        return {"fullUrl": f"urn:uuid:{identifier}", "resource": item.item, "request": request}
    request = {"method": "PUT", "url": _path(item.key)}
    if item.expected is not None:
        request["ifMatch"] = f'W/"{item.expected}"'
    return {"resource": item.item, "request": request}
