"""Instances in their store: read as data sets, named as versions of a document, stored once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridge.codecs.dicom import reader, structured_report, writer
from bridge.errors import PermanentError
from bridge.ledger.ledger import Ledger
from bridge.model.coercion import coerced
from bridge.model.dataset import DataSet, merged, text_element, text_of
from bridge.model.tags import SERIES_UID, SOP_INSTANCE_UID, STUDY_UID
from bridge.model.version import Version
from bridge.stores.store import Instance, Write
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.route import Route
from bridge.sync.documents.issued import dataset_in
from bridge.sync.listening.studies import owe_study


def read_instance(route: Route, key: str) -> DataSet | None:
    (stored,) = route.dicom.read([key])
    return dataset_in(route, stored.item.data) if stored is not None else None


def read_version(route: Route, header: DataSet, version: Version) -> DataSet | None:
    """Another version of the document of that header, as the PACS has it."""
    return read_instance(route, key_of_version(route, header, version))


def key_of_version(route: Route, header: DataSet, version: Version) -> str:
    """What its store calls another version of the same document: no version changes the patient."""
    uids = ((STUDY_UID, version.study), (SERIES_UID, version.series), (SOP_INSTANCE_UID, version.sop_instance))
    return route.dicom.key_of(merged(header, [text_element(tag, "UI", uid) for tag, uid in uids]))


class Filed(NamedTuple):
    key: str  # what the store itself names it by
    fresh: bool  # it was not there
    dataset: DataSet  # as the store has it: it may file it in its own way
    changed: str  # tags of what it has changed (`coerced`)


def store_instance(
    route: Route,
    ledger: Ledger,
    document: str,
    act: str,
    dataset: DataSet,
    fault: Callable[[DataSet], str | None],
    before: Sequence[str] = (),
) -> Filed:
    """Stores it, after saying so in the ledger, unless it is there already; `fault` says why that is not it. What the
    same act stored `before` stays in its intent. Raises PermanentError where other content has its UID."""
    data = writer.write(dataset)
    structured_report.read(data)  # what we write we can read
    uid = text_of(dataset, SOP_INSTANCE_UID) or ""
    (there,) = route.dicom.read([route.dicom.key_of(dataset)])
    if there is not None and (why := fault(dataset_in(route, there.item.data))) is not None:
        raise not_it(route, uid, why)
    keys = [*(one for one in before if one != uid), uid]
    # what the archive makes of it is told from what others make of it by what was sent
    ledger.intents.intend(route.name, document, act, route.dicom.name, keys, data if route.dicom.coerces else None)
    failpoint("intended")
    stored = there
    if stored is None:
        (outcome,) = route.dicom.write([Write(uid, Instance(data))])
        stored = outcome.done(f"{route.dicom.name}: SOP Instance {uid}")
    failpoint("applied")
    owe_study(route, ledger, dataset)
    kept = stored.item.data
    if kept == data:
        return Filed(stored.key, there is None, dataset, "")
    filed = dataset_in(route, kept)
    if there is None and (why := fault(filed)) is not None:
        raise not_it(route, uid, why)
    return Filed(stored.key, there is None, filed, coerced(dataset, reader.read(kept).dataset))


def not_it(route: Route, uid: str, why: str) -> PermanentError:
    """Of an instance of ours whose UID the PACS has, and `why` (`fault_of`) it is not that one."""
    return PermanentError(
        f"{route.dicom.name}: SOP Instance {uid} {why}; it is kept: have the archive keep what it gets, remove that "
        "instance there, then `fhir-dicom retry`"
    )


def remove_versions(route: Route, head: DataSet, versions: Sequence[Version]) -> None:
    """Removes instances of the document, in this order. Raises the first error."""
    for error in route.dicom.remove([key_of_version(route, head, one) for one in versions]):
        if error is not None:
            raise error


def remove_superseded(route: Route, head: DataSet, former: Sequence[Version]) -> list[str]:
    """Removes all versions that are not the head, where the policy says so: one that were left would be nobody's
    predecessor, and look valid. Returns their SOP Instance UIDs."""
    if route.policy.superseded != "delete":
        return []
    uid = text_of(head, SOP_INSTANCE_UID)
    left = [one for one in former if one.sop_instance != uid]
    remove_versions(route, head, left)
    return [one.sop_instance for one in left]
