"""What an instance says -> resources in the FHIR server, in one transaction, and the link that both sides agree on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import OUTDATED, RETRACTED, STRANGE, UNKNOWN, VOID, Link, act_of, extended
from bridge.mapping.mapping import Mapping
from bridge.model.group import Resource
from bridge.model.sr import write_document
from bridge.stores.store import Stored, Write
from bridge.sync.basis.begun import WRITING, is_begun
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.hands import document_of
from bridge.sync.basis.held import ANOTHER_PATIENT, Held
from bridge.sync.basis.keys import kind_of
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.rejected import is_rejected
from bridge.sync.basis.route import Route
from bridge.sync.crossing.arrival import Arrival, Said, said_by
from bridge.sync.crossing.brought import with_brought
from bridge.sync.crossing.circle import carried, is_circle
from bridge.sync.crossing.former import is_of_patient
from bridge.sync.crossing.strangers import (
    begin_strange,
    in_the_way,
    is_altered,
    is_altered_copy,
    is_no_version,
    no_strangers,
    settle_strange,
)
from bridge.sync.decision.content import resources_digest, say_the_same
from bridge.sync.decision.decide import Side
from bridge.sync.documents.agreement import Doubt, acknowledged, decided, state_of
from bridge.sync.documents.resources import of_others, present_of
from bridge.sync.listening.feed import take_created
from bridge.sync.lost.forgotten import has_spoken, is_among_ours, is_from, is_from_it, remembered
from bridge.sync.patients.followed import followed
from bridge.sync.patients.merge import Merges
from bridge.sync.patients.pseudonym import is_left_alone
from bridge.sync.patients.subject import is_same_person, subject_in
from bridge.sync.void.void import void
from bridge.sync.void.withdraw import RETRACTABLE, retracted
from bridge.translate.born_in_fhir.restore import key_of, made_for
from bridge.translate.header.chain import superseded_by
from bridge.translate.remainder.extension import stripped
from bridge.translate.remainder.private import taken_out


class WriteFhir:
    def __init__(self, route: Route, ledger: Ledger, mapping: Mapping) -> None:
        self.route, self.ledger, self.mapping = route, ledger, mapping
        self.merges = Merges(route, ledger, mapping)

    def write(self, arrival: Arrival) -> str:
        """Returns the act. Raises Held where a person decides, Busy where something of it is in other hands."""
        said = said_by(arrival, self.route, self.ledger, self.mapping)
        if said is None:
            left_alone = arrival.link is None and is_left_alone(self.route, arrival.document.header)
            return "skipped" if left_alone else "outside"
        rejected = is_rejected(self.route, self.ledger, arrival.version)
        if arrival.link is None:
            return self._unwritten(arrival, said, rejected=rejected) or self._in_step(arrival, said)
        if arrival.link.dicom_digest == STRANGE and (rejected or not self._is_said(arrival, said)):
            return settle_strange(self.route, self.ledger, arrival, arrival.link, rejected=rejected)
        self._check_patient(arrival, said)
        said = with_brought(self.route, self.ledger, self.mapping, arrival, said)
        outdated = arrival.link.dicom_digest == OUTDATED and not rejected and not self._is_begun(arrival)
        if outdated and (done := self._as_before(arrival, arrival.link, said)) is not None:
            return done
        if (done := self._overruled(arrival, arrival.link, said, rejected=rejected)) is not None:
            return done
        if not self._is_begun(arrival):
            no_strangers(self.route, self.ledger, arrival.document, arrival.link, said)
        return self._in_step(arrival, said)

    def _is_said(self, arrival: Arrival, said: Said) -> bool:
        """Whether the version is what the resources in its place say: they have had those before it, too, then."""
        present, link = present_of(self.route, said.root), arrival.link
        if link is None or link.root != said.root or present is None:
            return False
        return self.merges.says(present, link, write_document(arrival.document))

    def _check_patient(self, arrival: Arrival, said: Said) -> None:
        before, now = subject_in(said.present.get(said.root)), said.resources[said.root].get("subject")
        another = before not in (None, now) and not arrival.moved
        if another and not is_same_person(self.route, before, now):
            raise Held(ANOTHER_PATIENT)

    def _overruled(self, arrival: Arrival, link: Link, said: Said, *, rejected: bool) -> str | None:
        """What becomes of a version that is void, or whose FHIR side holds; None where it is to be written."""
        newer = self._read_anew(link, said, instance=arrival.instance, chain=extended(link.chain, arrival.version))
        if rejected:
            if self._is_begun(arrival) and self._here(link, said) == link.fhir_digest and said.root in said.present:
                newer = replace(
                    newer,  # it was stored, if the answer was heard or not
                    versions={key: one.version for key, one in said.present.items()},
                    fhir_digest=state_of(newer.root, said.present, said.present),
                )
            if newer.chain != link.chain:  # it is the newest, whatever comes of it: the next one may name it
                self.ledger.links.agree(newer, [newer.head])
            return void(self.route, self.ledger, self.mapping, newer, RETRACTED)
        remembered = self._remembered(arrival, link, said)
        if remembered is None:
            newer = replace(newer, fhir_digest=UNKNOWN)  # what the resources say is looked at against this version
        else:
            here = self._here(remembered, said)
            doubt = None if self._is_begun(arrival) else _doubt(arrival, link, said)
            decision = decided(self.route, self.ledger, remembered, here, arrival.digest, arrival.instance, doubt)
            if decision.on is Side.FHIR:
                return None
            if doubt:  # FHIR has no news, and holds: what it says is looked at against this version
                newer = replace(newer, fhir_digest=UNKNOWN, carried="")
        return acknowledged(self.route, self.ledger, replace(newer, dicom_digest=arrival.digest))

    def _remembered(self, arrival: Arrival, link: Link, said: Said) -> Link | None:
        """What both sides agreed on before this version; of a ledger that was lost, or is of yesterday, as far as the
        resources tell. None where they have had it already: what they say now holds."""
        uid, root = arrival.version.sop_instance, said.present.get(link.root)
        if uid == link.head or self._is_begun(arrival):
            return link
        if root is not None and is_from(root.item, uid):
            return None
        present = present_of(self.route, link.root)
        if present is not None and self.merges.says(present, link, write_document(arrival.document)):
            return None  # it is our version of them
        found, ours = link, is_among_ours(self.route, arrival.document)
        if link.fhir_digest == UNKNOWN:
            if present is None:
                return None
            found = remembered(self.route, self.merges, link, present)
        elif ours and self._here(link, said) == link.fhir_digest:
            ours = has_spoken(self.route, self.ledger, link, said.present)  # it was edited, and is as it was before
        else:
            return link
        return None if ours else found

    def _read_anew(self, link: Link, said: Said, **more: Any) -> Link:
        revision, reading, warnings = self.mapping.revision, said.reading, said.warnings
        return replace(link, revision=revision, reading=reading, warnings=warnings, **more)

    def _as_before(self, arrival: Arrival, link: Link, said: Said) -> str | None:
        """Of one that an earlier translation wrote: None where this one says something else of a document that still
        stands there."""
        was, now = link.reading, said.reading
        if not was:  # an earlier bridge did not keep it; what nobody has edited since says it as well
            was, now = link.fhir_digest, resources_digest(said.resources.values())
        if was == now:
            self.ledger.links.agree(self._read_anew(link, said, dicom_digest=arrival.digest))
            return "nothing"
        return "nothing" if self._here(link, said) in VOID else None

    def _here(self, link: Link, said: Said) -> str:
        """State of the FHIR side. Our own writing, half of it before a kill, too, counts as unchanged, and so does what
        another document has brought. Other content under the versions that were agreed on is an edit: of another
        server, or made anew."""
        brought = said.stands | said.alike
        keys = {*said.resources, *link.versions} - brought
        newer = [key for key in keys & said.present.keys() if said.present[key].version != link.versions.get(key)]
        if newer and all(_is_ours(key, said, link) for key in keys):
            return link.fhir_digest
        if brought and not newer and link.versions.keys() <= said.present.keys():
            return link.fhir_digest
        return state_of(link.root, link.versions, said.present)

    def _unwritten(self, arrival: Arrival, said: Said, *, rejected: bool) -> str | None:
        """What becomes of a document that is void, or whose place is occupied; None where it is to be written."""
        if (living := self.ledger.links.of(self.route.name, said.root)) is not None and living.root == said.root:
            return _copied(said, living)
        if arrival.copied is not None and not rejected:  # it would say all of it once more, as results of its own
            raise is_altered_copy(arrival.copied)
        if not rejected and (root := self._made_from(arrival)) not in (None, said.root):
            raise is_altered(root)
        others = [key for key, one in said.present.items() if not _says_the_same([one], {key: said.resources[key]})]
        if others or (len(said.present) < len(said.resources) and said.present and not self._is_begun(arrival)):
            is_void = rejected and state_of(said.root, list(said.present), said.present) in VOID
            return "skipped" if is_void else self._occupied(arrival, said, rejected=rejected)
        if rejected and said.root in said.present:  # stored, if the answer was heard or not, and rejected since
            agreed = self._agreed(arrival, said, said.present)
            return void(self.route, self.ledger, self.mapping, agreed, RETRACTED)
        return "skipped" if rejected else None

    def _made_from(self, arrival: Arrival) -> str | None:
        """What the document says it was made of in this server, if that is there, and the same patient's."""
        pieces = taken_out(arrival.document)[1]
        root = key_of(pieces) if made_for(pieces) == self.route.system else None
        return root if root is not None and is_of_patient(self.route, arrival.document, root) else None

    def _is_begun(self, arrival: Arrival) -> bool:
        name = document_of(self.route, arrival.version.sop_instance, arrival.link)
        return is_begun(self.ledger, name, arrival.instance)

    def _occupied(self, arrival: Arrival, said: Said, *, rejected: bool) -> str:
        """Other content at the very place that is derived from it: of a later version, where the ledger was lost, or a
        conflict. The resources are looked at when all versions are known."""
        if said.root not in said.present:
            there = sorted(said.present)
            raise in_the_way(self.route, ", ".join(there), there[0])
        version, route = arrival.version, self.route
        name = document_of(route, version.sop_instance, None)
        if not is_from_it(route, self.mapping, arrival.document, said.present[said.root].item):
            return "skipped" if rejected else begin_strange(route, self.ledger, name, arrival, said)
        versions = {key: one.version for key, one in said.present.items()}
        link = Link.unremembered(
            document=name, route=route.name, born="dicom", root=said.root, instance=arrival.instance, version=version
        )
        owe_fhir(route, self.ledger, said.root)
        self.ledger.links.agree(replace(link, versions=versions), [*versions, version.sop_instance])
        return "nothing"

    def _agreed(self, arrival: Arrival, said: Said, stored: dict[str, Stored[Resource]]) -> Link:
        """Where the resources are `stored` as it says them."""
        link, version = arrival.link, arrival.version
        there = [key for key in said.resources if key in stored]
        restored = link is not None and link.root == said.root  # else its resources are made of it now
        return Link(
            document=document_of(self.route, version.sop_instance, link),
            route=self.route.name,
            born=link.born if link is not None and restored else "dicom",
            root=said.root,
            versions={key: stored[key].version for key in there},
            fhir_digest=resources_digest(stored[key].item for key in there),
            instance=arrival.instance,
            dicom_digest=arrival.digest,
            chain=extended(link.chain if link else (), version),
            revision=self.mapping.revision,
            reading=said.reading,
            warnings=said.warnings,
            carried=carried(arrival, said),
        )

    def _left(self, said: Said) -> list[Write[Resource]]:
        """What the version before said and this one does not, entered in error; what another document has stands."""
        left = [key for key in said.present if key not in said.resources and kind_of(key) in RETRACTABLE]
        shared = of_others(self.route, self.ledger, {said.root, *left}, left) if left else set()
        mine = [said.present[key] for key in sorted(left) if key not in shared]
        return [Write(one.key, retracted(one.item), one.version) for one in mine]

    def _in_step(self, arrival: Arrival, said: Said) -> str:
        """Written, and agreed."""
        route, link, version = self.route, arrival.link, arrival.version
        items = [*said.patient.items, *said.studies, *_writes(said), *self._left(said)]
        name = document_of(route, version.sop_instance, link)
        keys = list(said.resources)
        named = [*keys, *(one.key for one in said.studies), version.sop_instance]
        move = followed(route, self.ledger, name, version.sop_instance, said.patient.merged)
        act = act_of(WRITING, arrival.instance)
        self.ledger.intents.intend(route.name, name, act, route.fhir.name, named, move=move)
        failpoint("intended")
        written: dict[str, Stored[Resource]] = {}
        for outcome, item in zip(route.fhir.write(items), items, strict=True):
            written[item.key] = outcome.done(f"{route.fhir.name}: {item.key}")
        failpoint("applied")
        if said.stands:  # what it says of that is older, and is brought up to date by the next look
            written |= {key: replace(said.present[key], item=said.resources[key]) for key in said.stands}
            owe_fhir(route, self.ledger, said.root)
        agreed = self._agreed(arrival, said, written)
        former = [one.sop_instance for one in superseded_by(arrival.document.header)]  # should they come later
        self.ledger.links.agree(agreed, [*keys, version.sop_instance, *former])
        if link is None and not said.present and said.patient.merged is None:
            take_created(route, self.ledger, [written[one.key] for one in items])
        if said.patient.merged is None:
            self.ledger.moves.forget(route.name, [one.sop_instance for one in agreed.chain])
        failpoint("agreed")
        return "updated" if link else "created"


def _doubt(arrival: Arrival, link: Link, said: Said) -> Doubt | None:
    """What an archive moves to another study is no version that somebody has made in it."""
    if is_circle(arrival, said):
        return Doubt.CIRCLE
    is_edited = not arrival.moved and bool(superseded_by(arrival.document.header))
    return Doubt.ANEW if is_edited and link.born == "fhir" and said.root != link.root else None


def _copied(said: Said, living: Link) -> str:
    """Of an instance that gives back what another document is of, and does not name that as its predecessor. Raises
    Held where it says something else."""
    there = {key: said.present[key].item for key in said.resources if key in said.present}
    if not say_the_same(map(stripped, there.values()), map(stripped, said.resources.values())):
        raise is_no_version(living)
    return "skipped"


def _is_ours(key: str, said: Said, link: Link) -> bool:
    """Whether a resource is as both sides agreed on it, or as this version has it written."""
    known = link.versions if link.fhir_digest != UNKNOWN else {}
    there, agreed = said.present.get(key), known.get(key)
    if there is None:  # not written yet; or deleted, where nobody remembers what was agreed
        return agreed is None and bool(known)
    if key not in said.resources:
        return there.version == agreed or there.item.get("status") == "entered-in-error"
    return there.version == agreed or _says_the_same([there], {key: said.resources[key]})


def _says_the_same(stored: Iterable[Stored[Resource]], resources: dict[str, Resource]) -> bool:
    return say_the_same((one.item for one in stored), resources.values())


def _writes(said: Said) -> list[Write[Resource]]:
    mine = (one for one in said.resources.items() if one[0] not in said.stands)
    return [Write(key, one, _version_of(said.present, key)) for key, one in mine]


def _version_of(present: dict[str, Stored[Resource]], key: str) -> str | None:
    return present[key].version if key in present else None
