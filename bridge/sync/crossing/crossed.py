"""What has crossed from the FHIR server that a document was made for, and is here by the name that it had there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    names = sorted({name for one in found for name in named_of(one, source)})
    there = {name for name in names if _has_crossed(route, ledger, name, source, reference_to(group.root))}
    return [pointed(one, source, there) for one in found] if there else found


def _has_crossed(route: Route, ledger: Ledger, name: str, source: str, root: str) -> bool:
    """By the document that it is of: another resource may have that id here."""
    link = ledger.links.of(route.name, name)
    of = link.root if link is not None and name in link.versions else name
    if is_forming(name) and not _order(of) < _order(root):
        return False  # whoever gathers the document would find it in that, where nobody has told that it is
    there: Sequence[Resource] = [one.item for one in route.fhir.read(sorted({of, name})) if one is not None]
    return len(there) == len({of, name}) and any(reference_to(one) == of and _source(one) == source for one in there)


def _order(root: str) -> tuple[bool, str]:
    """In which documents are gathered."""
    return kind_of(root) != "DiagnosticReport", root


def _source(root: Resource) -> str | None:
    try:
        found: str | None = attached(root, "document").get("source")
    except DamagedRemainderError:
        return None
    return found
