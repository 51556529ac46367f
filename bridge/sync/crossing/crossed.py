"""What has crossed from the FHIR server that a document was made for, and is here by the name that it had there."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.errors import DamagedRemainderError
from bridge.ledger.ledger import Ledger
from bridge.model.group import Group, Resource, reference_to
from bridge.sync.basis.keys import is_forming, kind_of
from bridge.sync.basis.route import Route
from bridge.translate.basis.ids import FILES
from bridge.translate.remainder.extension import attached
from bridge.translate.remainder.said_elsewhere import named_of, pointed


def pointing(route: Route, ledger: Ledger, group: Group, resources: Iterable[Resource]) -> list[Resource]:
    """The resources, that were read from the document of the group, with references to what has crossed. Which files
    one was made of nobody knows."""
    found, source = list(resources), _source(group.root)
    if source in (None, FILES):
        return found
    names = {name for one in found for name in named_of(one, source)}
    crossed = _crossed(route, ledger, names, source, reference_to(group.root)) if names else set()
    return [pointed(one, source, crossed) for one in found] if crossed else found


def _crossed(route: Route, ledger: Ledger, names: Iterable[str], source: str, root: str) -> set[str]:
    """Those of the names that have, by the document that each is of: another resource may have that id here."""
    documents = {name: _document_of(route, ledger, name) for name in sorted(names)}
    # whoever gathers the document would find those after it in that, where nobody has told that they are
    before = {name: of for name, of in documents.items() if not is_forming(name) or _order(of) < _order(root)}
    stored = route.fhir.read(sorted({*before, *before.values()}))
    there = {one.key: one.item for one in stored if one is not None}
    return {name for name, of in before.items() if name in there and of in there and _source(there[of]) == source}


def _document_of(route: Route, ledger: Ledger, name: str) -> str:
    link = ledger.links.of(route.name, name)
    return link.root if link is not None and name in link.versions else name


def _order(root: str) -> tuple[bool, str]:
    """In which documents are gathered."""
    return kind_of(root) != "DiagnosticReport", root


def _source(root: Resource) -> str | None:
    try:
        found: str | None = attached(root, "document").get("source")
    except DamagedRemainderError:
        return None
    return found
