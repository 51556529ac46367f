"""What would be lost is refused, and its place is named: the check itself, with a translation that loses something."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from bridge.codecs.dicom import structured_report
from bridge.errors import LossError, PermanentError
from bridge.mapping.load import load
from bridge.model.content import ContentItem
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate import selfcheck
from bridge.translate import to_fhir as reading
from bridge.translate.basis.ids import Known
from bridge.translate.basis.losses import lost_of_document, lost_of_resources
from bridge.translate.born_in_dicom.completed import Content, content_of
from bridge.translate.native.own_words import CONCLUSION
from bridge.translate.report.report import Translated
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.samples import alone, measured, observation, reported

MAPPING, KNOWN = load(), Known()
Change = Callable[[Group], Group]


def without_unit(group: Group) -> Group:
    quantity = {key: one for key, one in group.root["valueQuantity"].items() if key != "unit"}
    return replace(group, root=group.root | {"valueQuantity": quantity})


def with_another(group: Group) -> Group:
    return replace(group, members=(*group.members, measured(id="another")))


def of_another_source(group: Group) -> Group:
    return replace(group, key="Observation/another")


@pytest.mark.parametrize(
    "more",
    [{}, {"identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"}]}],
    ids=["a result", "that names a UID of its own"],
)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_unit, "Observation.valueQuantity.unit would not come back"),
        (with_another, "a whole Observation would not come back"),
        (of_another_source, "the source that the document names would not come back"),
    ],
)
def test_resources_that_would_not_come_back_are_refused(
    monkeypatch: pytest.MonkeyPatch, change: Change, said: str, more: Resource
) -> None:
    def lossy(document: Document, *rest: Any, **how: Any) -> Translated[Group]:
        found = reading.to_fhir(document, *rest, **how)
        return Translated(change(found.result), found.report)

    group = alone(measured(**more))
    assert selfcheck.checked_to_dicom(deepcopy(group), MAPPING, KNOWN).result
    monkeypatch.setattr(selfcheck, "to_fhir", lossy)
    with pytest.raises(LossError, match=said):
        selfcheck.checked_to_dicom(group, MAPPING, KNOWN)


def sample() -> Document:
    return structured_report.read((FIXTURES / "dicom" / "2000-imaging-report.dcm").read_bytes())


def without_item(document: Document) -> Document:
    return replace(document, root=replace(document.root, children=document.root.children[:-1]))


def without_name(document: Document) -> Document:
    return replace(document, header=tuple(one for one in document.header if one.tag != 0x00100010))


@pytest.mark.parametrize(
    ("change", "said"),
    [(without_item, rf"item 1\.{len(sample().root.children)}"), (without_name, r"\(0010,0010\)")],
)
def test_a_document_that_would_not_come_back_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Document], Document], said: str
) -> None:
    def lossy(*rest: Any) -> Content:
        found = content_of(*rest)
        return found._replace(document=change(found.document))

    monkeypatch.setattr(reading, "content_of", lossy)
    with pytest.raises(LossError, match=f"{said} would not come back"):
        reading.to_fhir(sample(), MAPPING, KNOWN)
    assert reading.to_fhir(sample(), MAPPING, KNOWN, check=False).result


def test_an_edit_that_would_not_come_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    group = deepcopy(reading.to_fhir(sample(), MAPPING, KNOWN).result)
    for one in group.members:
        if one["resourceType"] == "Observation":
            one["method"] = {"text": "Another"}

    def unrestored(document: Document, *rest: Any, **how: Any) -> Translated[Group]:
        found = reading.to_fhir(document, *rest, **how)
        found.report.anew = True
        return found

    monkeypatch.setattr(selfcheck, "to_fhir", unrestored)
    with pytest.raises(LossError, match="the edit of the resources would not come back from the SR; undo it"):
        selfcheck.checked_to_dicom(group, MAPPING, KNOWN)


def test_a_report_that_is_of_an_sr_without_what_that_held_is_told_what_to_do() -> None:
    """Its identifier says that it was read of an SR; our remainder is not there (a server dropped it)."""
    side = {"code": coded("272741003", "Laterality"), "valueCodeableConcept": coded("24028007", "Right")}
    time = {"code": coded("399307001", "Time point"), "valueString": "Baseline"}
    site = observation(code=coded("363698007", "Finding Site"), component=[side, time])
    site["valueCodeableConcept"] = coded("59441001", "Lymph node")
    members = [{"reference": f"Observation/{one}"} for one in ("o", "n")]
    panel = observation(id="p", code=coded("125007", "Measurement Group"), hasMember=members)
    said = {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4.5.1"}
    report = reported(result=[{"reference": "Observation/p"}], identifier=[said])
    results = (panel, site, measured(id="n"))
    with pytest.raises(PermanentError, match=r"DiagnosticReport\.identifier: .*; convert the SR .*, or take out"):
        to_dicom(Group(report, results, None, "DiagnosticReport/r"), MAPPING, KNOWN)
    del report["identifier"]
    assert selfcheck.checked_to_dicom(Group(report, results, None, "DiagnosticReport/r"), MAPPING, KNOWN).result


def coded(code: str, display: str) -> Resource:
    return {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}]}


def test_the_place_is_named_and_no_value() -> None:
    one = sample()
    first, *others = one.root.children
    renamed = replace(one, root=replace(one.root, children=(replace(first, concept=CONCLUSION), *others)))
    assert lost_of_document(one, renamed) == "item 1.1"
    moved = replace(one, root=replace(one.root, children=(*others, first)))
    assert lost_of_document(one, moved).startswith("item 1.")
    other: list[ContentItem] = []
    assert lost_of_document(one, replace(one, root=replace(one.root, children=tuple(other)))) == "item 1.1"
    before, after = measured(), measured(status="amended")
    assert lost_of_resources([before], [after]) == "Observation.status"
    assert lost_of_resources([before], []) == "a whole Observation"
    assert lost_of_resources([before], [before]) == "the order of the resources"


def test_an_edited_report_of_an_sr_without_what_that_held_does_not_take_its_uid() -> None:
    """Its resource ids and element ids are those that it was read with: nothing else tells it from what was read."""
    group = to_fhir(sample(), MAPPING, KNOWN).result
    group.root["extension"] = [one for one in group.root["extension"] if "remainder" not in one["url"]]
    with pytest.raises(PermanentError, match="something else would stand under its UID"):
        to_dicom(group, MAPPING, KNOWN)
