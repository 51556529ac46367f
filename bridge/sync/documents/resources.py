"""Changed resources -> the groups that they form now, read from the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED
from bridge.model.group import Group, Resource, reference_to
from bridge.model.references import local
from bridge.stores.store import Stored
from bridge.sync.basis.keys import is_forming, kind_of
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import as_content, is_void, resources_digest
from bridge.translate.gather import FORMING, SUPPORT, WITHOUT_RESULTS, Entry, gather, links
from bridge.translate.header.shared_study import of_pacs, together


@dataclass(frozen=True, slots=True)
class Present:
    """A group as its store has it now, and the version of each resource."""

    group: Group
    versions: dict[str, str]
    edited: str | None  # instant of the last change, by the server's clock
    state: str  # of the FHIR side: as in the link

    @property
    def root(self) -> str:
        """Key of the resource that the group is named by."""
        return reference_to(self.group.root)


def components(route: Route, ledger: Ledger, keys: Iterable[str]) -> list[set[str]]:
    """Resources that references hold together, whichever way they point: a report may claim what stood alone. In the
    order of the keys."""
    found: list[set[str]] = []
    known: set[str] = set()
    for start in keys:
        if start in known:
            continue
        whole, edge = {start}, {start}
        while edge:
            out, back = ledger.feeds.neighbours(route.name, route.fhir.name, edge)
            near = {target for _, target in out} | {source for source, _ in back}
            edge = {key for key in near if is_forming(key)} - whole
            whole |= edge
        known |= whole
        found.append(whole)
    return found


def read_groups(route: Route, keys: set[str]) -> list[Present]:
    """The groups of one component, each with its Patient."""
    stored = _closure(route, sorted(keys))
    entries = [Entry(as_content(one.item), key) for key, one in stored.items()]
    found = []
    for group in gather(entries).groups:
        shared = of_pacs(group, route.known())
        own = {name: one for one in group.resources() if (name := reference_to(one)) not in shared}
        times = [stored[name].item.get("meta", {}).get("lastUpdated", "") for name in own]
        versions = {name: stored[name].version for name in own}
        state = RETRACTED if is_void(group.root, own.values()) else resources_digest(own.values())
        found.append(Present(together(group, route.known()), versions, max(times) or None, state))
    return found


def present_of(route: Route, root: str) -> Present | None:
    """The group that is named by that resource, as its store has it now."""
    return next((one for one in read_groups(route, {root}) if one.root == root), None)


def of_others(route: Route, ledger: Ledger, own: Collection[str], keys: Sequence[str]) -> set[str]:
    """Those of the keys that belong to a document which stands, and whose root is none of `own`."""
    found: set[str] = set()
    for whole in components(route, ledger, keys):
        for present in read_groups(route, whole):
            if present.group.root.get("status") not in WITHOUT_RESULTS and present.root not in own:
                found |= present.versions.keys() & set(keys)
    return found


def _closure(route: Route, keys: Sequence[str]) -> dict[str, Stored[Resource]]:
    found: dict[str, Stored[Resource]] = {}
    asked: set[str] = set()
    wanted = list(keys)
    while wanted:
        asked.update(wanted)
        present = [one for one in route.fhir.read(wanted) if one is not None]
        found |= {one.key: one for one in present}
        near = {key for one in present for key in map(local, _needed(one.item)) if key}
        wanted = sorted(near - asked)
    return found


def _needed(resource: Resource) -> list[str]:
    """References to what belongs to the document, and to its Patient."""
    kinds = FORMING | SUPPORT
    inner = [one for one in links(resource) if kind_of(local(one) or "") in kinds]
    subject = resource.get("subject", {}).get("reference", "")
    return inner + ([subject] if (local(subject) or "").startswith("Patient/") else [])
