"""What the PACS still has of a document whose newest instance is not where it was, or is rejected. `header`, in these
functions, is that of the instance that would be written now; it names the patient."""

from __future__ import annotations

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest
from bridge.sync.documents.instances import key_of_version, read_instance
from bridge.sync.documents.resources import present_of
from bridge.translate.to_dicom import to_dicom


def header_now(route: Route, mapping: Mapping, link: Link) -> DataSet:
    """The header that the resources would become now; empty where they are gone."""
    present = present_of(route, link.root)
    return to_dicom(present.group, mapping, route.known()).result.header if present is not None else ()


def there_after_all(route: Route, link: Link, header: DataSet) -> str | None:
    """The key of the head, where it is there as it was agreed on, under another key than an earlier bridge has
    recorded."""
    key = key_of_version(route, header, link.chain[-1])
    head = read_instance(route, key) if key != link.instance else None
    return key if head is not None and dataset_digest(head) == link.dicom_digest else None


def left_of(route: Route, ledger: Ledger, link: Link, header: DataSet) -> str | None:
    """SOP Instance UID of the former version that a reader of the PACS now takes for the newest."""
    former = [one for one in link.chain[:-1] if not is_rejected(route, ledger, one)]
    keys = [key_of_version(route, header, one) for one in former]
    there = [one.sop_instance for one, absent in zip(former, route.dicom.absent(keys), strict=True) if absent is None]
    return there[-1] if there else None
