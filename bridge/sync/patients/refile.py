"""Files all versions of a document that we wrote under another patient; their UIDs stay. Of each version, first the
ledger records what it is to be, and what it was; then it is stored under the new patient; then the old one is removed.
The newest version comes last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.codecs.dicom import reader, structured_report, writer
from bridge.errors import PermanentError, TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import VOID, Kind, Link, act_of
from bridge.ledger.moves import Move
from bridge.model.dataset import DataSet, text_of
from bridge.model.group import reference_to
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.stores.store import Instance, Write
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.hands import take
from bridge.sync.basis.held import Busy
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest
from bridge.sync.documents.instances import read_instance
from bridge.sync.listening.studies import owe_study
from bridge.sync.patients.made_of import MadeOf
from bridge.sync.patients.merged import Survivor, survivor
from bridge.sync.patients.steps import Step
from bridge.translate.header.refiled import is_refiled, origin_of, without_patient

MERGE: Kind = "merge"
UNMERGE: Kind = "unmerge"


def begun(ledger: Ledger, link: Link) -> bool:
    """Whether filing it under another patient was begun, and is not agreed on."""
    return ledger.intents.of(link.document).kind in (MERGE, UNMERGE)


def take_patients(route: Route, ledger: Ledger, was: MadeOf, to: Survivor) -> None:
    """Takes both patients in hand. Raises Busy where another worker has one of them, or where their replacement has
    changed meanwhile."""
    key = reference_to(was.patient)
    take(route, ledger, {key, was.subject, *to.through})
    (stored,) = route.fhir.read([key])
    if stored is None or survivor(route, stored.item).key != to.key:
        raise Busy


def refile(route: Route, ledger: Ledger, link: Link, steps: list[Step], was: MadeOf, to: Survivor) -> str:
    """Takes the steps, and in the end agrees on `link`; returns the act. To take a step twice does no harm."""
    if not steps:
        ledger.links.agree(link)
        return "agreed"
    head = next((one.data for one in steps if one.uid == link.head), None)
    kind = MERGE if any(is_refiled(one.data) for one in steps) else UNMERGE
    uids = sorted({one.uid for one in steps})
    for step in steps:
        data = writer.write(step.data)
        structured_report.read(data)  # what we write we can read
        move = _move(route, ledger, link, step, was, to) if kind == MERGE else None
        ledger.intents.intend(
            route.name, link.document, act_of(kind, link.fhir_digest), route.dicom.name, uids, data, move
        )
        failpoint("intended")
        _file(route, ledger, step)
        failpoint("applied")
    if head is not None:
        link = _there(route, link, head)
    _agree(route, ledger, link, kind, uids)
    return f"{kind}d"


def finish(route: Route, ledger: Ledger, link: Link) -> None:
    """Repeats the step that was in hand when a process was killed. Whoever looks at the document next does the rest."""
    intent = ledger.intents.of(link.document)
    data = ledger.intents.instance_of(link.document)
    if data is None:
        raise PermanentError(f"what SOP Instance {link.head} is to be is not in the ledger; an old backup?")
    ledger.intents.intend(route.name, link.document, intent.act, route.dicom.name, intent.keys, data)
    failpoint("intended")
    dataset = reader.read(data).dataset
    uid = text_of(dataset, SOP_INSTANCE_UID) or ""
    key = route.dicom.key_of(dataset)
    moves = [one for one in ledger.moves.of(link.document) if one.instance == uid]
    places = [place for one in moves for place in (one.before, one.after)]
    if uid == link.head:
        places.append(link.instance)  # a ledger that was lost since the merge knows of no move
    _file(route, ledger, Step(uid, dataset, [one for one in dict.fromkeys(places) if one != key]))
    failpoint("applied")
    if uid == link.head:
        _agree(route, ledger, _there(route, replace(link, fhir_digest=intent.of), dataset), intent.kind, intent.keys)
    ledger.work.owe_unless_in_hand(route.name, route.fhir.name, link.root)


def _there(route: Route, link: Link, head: DataSet) -> Link:
    """The link with the head in its new place. What is void stays void."""
    state = link.dicom_digest if link.dicom_digest in VOID else dataset_digest(head)
    return replace(link, instance=route.dicom.key_of(head), dicom_digest=state)


def _agree(route: Route, ledger: Ledger, link: Link, kind: Kind | None, uids: Sequence[str]) -> None:
    ledger.links.agree(link)
    if kind == UNMERGE:
        ledger.moves.forget(route.name, uids)
    failpoint("agreed")


def _move(route: Route, ledger: Ledger, link: Link, step: Step, was: MadeOf, to: Survivor) -> Move:
    key = route.dicom.key_of(step.data)
    return Move(
        route=route.name,
        instance=step.uid,
        document=link.document,
        replaced=reference_to(was.patient),
        survivor=to.key,
        before=step.left[0] if step.left else key,
        after=key,
        digest=dataset_digest(origin_of(step.data)),
        moved=ledger.now(),
    )


def _file(route: Route, ledger: Ledger, step: Step) -> None:
    """Stores the instance in its new place, reads it back, and only then removes the old one. Raises PermanentError
    where the two differ in more than the patient."""
    key = route.dicom.key_of(step.data)
    data = writer.write(step.data)
    if (there := read_instance(route, key)) is None:
        _stored(route.dicom.write([Write(step.uid, Instance(data))])[0].error)
    elif there != step.data:
        _same_origin(route, step, there)
        _stored(route.dicom.replace(Write(step.uid, Instance(data))).error)
    if read_instance(route, key) != step.data:
        raise TemporaryError(f"{route.dicom.name}: SOP Instance {step.uid} was stored and is not there")
    failpoint("filed")
    for place in step.left:
        if (other := read_instance(route, place)) is not None:
            _same_origin(route, step, other)
            _stored(route.dicom.remove([place])[0])
            owe_study(route, ledger, other)
    owe_study(route, ledger, step.data)


def _same_origin(route: Route, step: Step, other: DataSet) -> None:
    if without_patient(other) != without_patient(step.data):
        raise PermanentError(
            f"{route.dicom.name}: SOP Instance {step.uid} is there with other content; it is kept, and nothing is moved"
        )


def _stored(error: Exception | None) -> None:
    if error is not None:
        raise error
