"""An instance that we were about to store when a process, or the PACS, was killed: whether it is there, nobody has
said. Where the resources have changed since, it is not what would be written now; where it is there it is a version all
the same, which the next one amends, or a rejection voids."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import RETRACTED, UNKNOWN, Link, extended
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.sr import write_document
from bridge.model.world import World
from bridge.sync.basis.begun import STORING
from bridge.sync.basis.hands import document_of
from bridge.sync.basis.held import Held
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest
from bridge.sync.documents.instances import remove_superseded
from bridge.sync.documents.issued import document_in
from bridge.sync.documents.own import is_own
from bridge.translate.header.chain import superseded_by, version_of


def stored_after_all(route: Route, ledger: Ledger, root: str, born: World, link: Link | None) -> Link | None:
    """The link with that version as its head, where it was begun and is there; else the link as it is."""
    name = document_of(route, root, link)
    intent = ledger.intents.of(name)
    instance = intent.of if intent.kind == STORING else ""
    (stored,) = route.dicom.read([instance]) if instance else (None,)
    if stored is None:
        return link
    document = document_in(route, stored.item.data)
    version, dataset = version_of(document), write_document(document)
    taken_in = _others(route, ledger, name, document)
    known = [*([link] if link is not None else []), *taken_in]
    rejected = is_rejected(route, ledger, version)
    made = Link.unremembered(document=name, route=route.name, born=born, root=root, instance=instance, version=version)
    found = replace(
        link or made,
        fhir_digest=UNKNOWN,
        instance=instance,
        dicom_digest=RETRACTED if rejected else dataset_digest(dataset),
        chain=extended([one for each in known for one in each.chain], version),
    )
    removed = remove_superseded(route, dataset, found.chain) if not ledger.dry else []
    ledger.links.agree(found, [root, version.sop_instance], [one.document for one in taken_in], removed)
    return found


def _others(route: Route, ledger: Ledger, name: str, document: Document) -> list[Link]:
    """Documents of results that stood alone before the report, whose version that is, claimed them."""
    links = (ledger.links.of(route.name, one.sop_instance) for one in superseded_by(document.header))
    found = {one.document: one for one in links if one is not None and one.document != name}
    return [found[each] for each in sorted(found)]


def no_second_head(route: Route, ledger: Ledger, mapping: Mapping, link: Link, document: Document) -> None:
    """Raises Held of a version that we have written beside the chain: it was not there yet when we asked, and wrote
    another."""
    uid, chain = version_of(document).sop_instance, {one.sop_instance for one in link.chain}
    named = {one.sop_instance for one in superseded_by(document.header)}
    begun = ledger.intents.of(link.document).keys
    beside = chain & named or (link.born == "fhir" and not named)
    if uid not in {*chain, *begun} and beside and is_own(document, route, mapping):
        raise Held(f"it supersedes a version that {link.head} supersedes, too: reject one of them, or remove it")
