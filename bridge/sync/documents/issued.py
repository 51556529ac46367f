"""Instances to which the archive has added whose its Patient IDs are (Issuer of Patient ID, PS3.3 table 10-18), as many
do where an instance does not say it: which that is, `issuer` of the store says, and nobody guesses. They are read as
they were sent, so that one document names its patient in one way."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.codecs.dicom import reader, structured_report
from bridge.model.coercion import fault_of, is_issued, issuer_in, named_as
from bridge.model.dataset import DataSet, Element, charset_of, items, merged
from bridge.model.document import Document
from bridge.model.sr import read_document, write_document
from bridge.model.tags import ENTITY_ID, ENTITY_TYPE, ISSUER, QUALIFIERS
from bridge.sync.basis.route import Route
from bridge.translate.born_in_fhir.as_made import identity_digest
from bridge.translate.header.identity import identifiers_of, system_of
from bridge.translate.remainder.private import manifest_of, taken_out

_ANOTHER = (
    "is there with an Issuer of Patient ID that the archive has added, and that is not the `issuer` of the store: set "
    "that to it, if it is right, and retry"
)


def document_in(route: Route, data: bytes) -> Document:
    """Raises as `structured_report.read` does."""
    document = structured_report.read(data)
    return Document(_as_made(route, document), document.root)


def dataset_in(route: Route, data: bytes) -> DataSet:
    """The same, as a data set."""
    dataset = reader.read(data).dataset
    if next(_bare(route, dataset), None) is None:
        return dataset
    document = read_document(dataset)
    header = _as_made(route, document)
    return dataset if header is document.header else write_document(Document(header, document.root))


def as_sent(route: Route, sent: DataSet, there: DataSet) -> DataSet:
    """What is there, named as it was sent, where the archive has added nothing but the issuer that is configured."""
    return named_as(sent, there) if _is_ours(route, sent, there) else there


def fault_in(route: Route, sent: DataSet, there: DataSet) -> str | None:
    """Why what is there is not what was sent (`fault_of`)."""
    found = as_sent(route, sent, there)
    unsaid = not any(issuer_in(sent)) and is_issued(sent, found)
    return _ANOTHER if unsaid and route.dicom.coerces else fault_of(sent, found)


def _as_made(route: Route, document: Document) -> DataSet:
    """The header, as the document itself says that its patient was named when it was made of resources."""
    bare = list(_bare(route, document.header))
    made = manifest_of(taken_out(document)[1]).get("identity") if bare else None
    return next((one for one in bare if identity_digest(one) == made), document.header)


def _bare(route: Route, header: DataSet) -> Iterator[DataSet]:
    """The header as it may have been sent, without what the archive has added."""
    if route.dicom.coerces and any(issuer_in(header)):
        yield from (one for one in _without_issuer(header) if _is_ours(route, one, header))


def _is_ours(route: Route, sent: DataSet, there: DataSet) -> bool:
    """Whether the issuer that is configured is what the archive has added, or what it has added to."""
    if not route.dicom.coerces or route.issuer is None or not is_issued(sent, there):
        return False
    return _whose(route, sent) == _whose(route, there) == system_of(route.issuer)


def _without_issuer(header: DataSet) -> Iterator[DataSet]:
    """Without its name; without qualifiers; and with what these say beside a universal id, such as a type."""
    yield merged(header, (), without=(ISSUER,))
    left = merged(header, (), without=(ISSUER, QUALIFIERS))
    yield left
    for item in items(header, QUALIFIERS)[:1]:
        if rest := merged(item, (), without=(ENTITY_ID, ENTITY_TYPE)):
            yield merged(left, [Element(QUALIFIERS, "SQ", (rest,))])


def _whose(route: Route, header: DataSet) -> str | None:
    """System of its Patient ID."""
    return next((one["system"] for one in identifiers_of(header, charset_of(header), route.known())), None)
