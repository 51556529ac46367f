"""A document that was translated by an earlier mapping, or by an earlier bridge: where it would say something else now,
its source counts as changed."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.link import UNKNOWN, VOID, Link
from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet
from bridge.model.sr import read_document
from bridge.sync.basis.route import Route
from bridge.sync.documents.own import unsigned
from bridge.sync.documents.resources import Present
from bridge.sync.patients.made_of import made_of, says_the_same, written_again
from bridge.translate.header.chain import version_of
from bridge.translate.header.refiled import origin_of


def is_outdated(link: Link, mapping: Mapping) -> bool:
    """Whether a document that stands on both sides was translated by another revision. What is unknown, or void, is
    looked at for that."""
    known = not {link.fhir_digest, link.dicom_digest} & {*VOID, UNKNOWN}
    return known and link.revision != mapping.revision


def says_otherwise(route: Route, mapping: Mapping, present: Present, link: Link, head: DataSet) -> bool:
    """Whether the resources, from which we made the head, would become another document now. What others made of it
    since is theirs: that is no translation of ours."""
    was = made_of(route, head, link.born, present.group.patient)
    if was is None and present.group.patient is not None:
        return False
    named = written_again(route, mapping, replace(present, group=unsigned(present.group)), head, was)
    if version_of(named) != version_of(read_document(origin_of(head))):
        return False  # it follows from the resources, whatever they are translated into
    return not says_the_same(route, mapping, present, head, was)
