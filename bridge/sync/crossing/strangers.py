"""A document whose resources name themselves, and whose names are taken in this FHIR server by what did not come from
it: an id is unique in one server alone. Which is right nobody decides here: neither touches the other.

The ledger may be lost, and a later version show that it is the same after all; so that is said when all are read."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import STRANGE, UNKNOWN, Link, extended
from bridge.model.document import Document
from bridge.sync.basis.held import Held
from bridge.sync.basis.keys import is_forming
from bridge.sync.basis.owe import owe_dicom
from bridge.sync.basis.route import Route
from bridge.sync.crossing.arrival import Arrival, Said
from bridge.sync.decision.content import say_the_same
from bridge.sync.documents.resources import present_of
from bridge.sync.lost.forgotten import leave_strange
from bridge.translate.born_in_fhir.restore import names_in
from bridge.translate.remainder.private import taken_out

_SAME_ID = (
    "one of another FHIR server that has given the same id cannot cross: reject it, or have the route leave it out"
)


def in_the_way(route: Route, keys: str, on: str) -> Held:
    return Held(
        f"{keys} in {route.fhir.name} has its id, and nothing shows that one came from the other; {_SAME_ID}", on
    )


def is_no_version(living: Link) -> Held:
    """Of a document in whose place another one lives."""
    return Held(
        f"it says something else than {living.root}, whose id it has: a version of {living.head} names that as its "
        f"predecessor, a copy is to be rejected; {_SAME_ID}",
        living.root,
    )


def is_altered_copy(living: Link) -> Held:
    """Of a document that we wrote, of another patient or study: its results would be there twice."""
    return Held(
        f"a copy of {living.head}, which was made from {living.root} and is there, too: remove or reject one of them, "
        "or store the copy as a version that names the other as its predecessor",
        living.root,
    )


def is_altered(root: str) -> Held:
    """Of a document that says that we made it from resources, and does not give them back."""
    return Held(
        f"made from {root}, which is there, and that does not come back: edited since, or by an earlier bridge; "
        "reject or remove it, and edit the resources instead: else its results would be there twice",
        root,
    )


def begin_strange(route: Route, ledger: Ledger, document: str, arrival: Arrival, said: Said) -> str:
    """Links the document as strange: it is looked at once more when all else is read. Raises Held where the resource
    belongs to another document."""
    other = ledger.links.of(route.name, said.root)
    if other is not None:
        raise in_the_way(route, f"{said.root}, of {other.root},", said.root)
    link = Link.unremembered(
        document=document,
        route=route.name,
        born="dicom",
        root=said.root,
        instance=arrival.instance,
        version=arrival.version,
    )
    return _go_on(route, ledger, replace(link, dicom_digest=STRANGE))


def settle_strange(route: Route, ledger: Ledger, arrival: Arrival, link: Link, *, rejected: bool) -> str:
    """Looks once more at a strange document. Raises Held when nothing has shown that it is that of the resource."""
    uid = arrival.version.sop_instance
    if uid != link.head and not rejected:
        chain = extended(link.chain, arrival.version)
        return _go_on(route, ledger, replace(link, instance=arrival.instance, chain=chain))
    leave_strange(route, ledger, link)
    if rejected:
        if uid != link.head:
            owe_dicom(route, ledger, link.instance)
        return "skipped"
    raise in_the_way(route, link.root, link.root)


def _go_on(route: Route, ledger: Ledger, link: Link) -> str:
    ledger.links.agree(link, [link.root, link.head])
    owe_dicom(route, ledger, link.instance)
    return "nothing"


def no_strangers(route: Route, ledger: Ledger, document: Document, link: Link, said: Said) -> None:
    """Raises Held of a version that names a resource which no version before has named, and somebody else has."""
    fresh = said.resources.keys() & said.present.keys() - link.versions.keys()
    named = names_in(taken_out(document)[1]) if fresh else set()
    for key in sorted(one for one in fresh & named if is_forming(one)):
        if say_the_same([said.present[key].item], [said.resources[key]]):
            continue
        owner = ledger.links.of(route.name, key)
        if owner is not None and owner.document == link.document:
            continue
        present = present_of(route, link.root) if link.fhir_digest == UNKNOWN else None
        if present is None or key not in present.versions:
            raise in_the_way(route, key, key)
