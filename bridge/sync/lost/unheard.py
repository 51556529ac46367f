"""Resources whose writing was never answered, for a process or the FHIR server was killed, and whose instance is gone
since: where they are there they are a document all the same, and its deletion is news of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.ledger.ledger import Ledger
from bridge.ledger.link import UNKNOWN, Link, act_of, extended
from bridge.mapping.mapping import Mapping
from bridge.model.document import Document
from bridge.model.sr import write_document
from bridge.model.version import Version
from bridge.sync.basis.begun import WRITING
from bridge.sync.basis.hands import take
from bridge.sync.basis.keys import is_forming
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import dataset_digest
from bridge.sync.documents.resources import Present, read_groups
from bridge.sync.lost.forgotten import is_from
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.to_dicom import to_dicom


def link_unheard(route: Route, ledger: Ledger, mapping: Mapping, instance: str) -> None:
    """Links the resources that were written from an instance which is gone. `instance`: its key in the PACS."""
    for document, keys in ledger.intents.by(route.name, act_of(WRITING, instance)):
        take(route, ledger, keys)
        present = _written(route, keys)
        if present is None:
            continue
        former = next((one for key in keys if (one := ledger.links.of(route.name, key)) is not None), None)
        known = replace(route.known(), supersedes=(former.chain[-1],) if former is not None else ())
        said = to_dicom(present.group, mapping, known).result
        if (version := _version(said, keys)) is None:
            continue
        whole = all(key in present.versions for key in keys if is_forming(key))
        edited = whole and version_of(said) != version  # what was written in part says less, and nobody has edited it
        link = Link(
            document=document,
            route=route.name,
            born=former.born if former is not None else "dicom",
            root=present.root,
            versions=present.versions,
            fhir_digest=UNKNOWN if edited else present.state,
            instance=instance,
            dicom_digest=UNKNOWN if edited else dataset_digest(write_document(said)),
            chain=extended(former.chain if former is not None else (), version),
            revision=mapping.revision,
        )
        ledger.links.agree(link, keys)


def _written(route: Route, keys: Sequence[str]) -> Present | None:
    """The group that says that it is from the instance."""
    forming = {key for key in keys if is_forming(key)}
    groups = read_groups(route, forming) if forming else []
    return next((one for one in groups if any(is_from(one.group.root, key) for key in keys)), None)


def _version(said: Document, keys: Sequence[str]) -> Version | None:
    """Of the instance: what they say is it, or is a version of it, where somebody has edited them since."""
    named = (version_of(said), *superseded_by(said.header))
    return next((one for one in named if one.sop_instance in keys), None)
