"""FHIR R5: every sample is valid R5, comes back from it without a difference, and so does what only R5 can say."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.codecs import fhir, json
from bridge.codecs.dicom import structured_report
from bridge.convert.inputs import Readable, read
from bridge.convert.run import Job, converted, converted_bytes
from bridge.mapping.load import load
from bridge.model.document import Document
from bridge.model.group import Group, Number, Resource, reference_to, renamed, same
from bridge.model.sr import write_document
from bridge.releases.dicom_sr import COPIES
from bridge.releases.r5 import in_r4, in_r5
from bridge.translate.basis.ids import Known
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FHIR_FILES, FIXTURES, SR_FILES, name

MAPPING, KNOWN = load(), Known()
TO_FHIR, TO_DICOM = (Job(target, KNOWN, None, release="R5") for target in ("fhir", "dicom"))


def groups(file: Path) -> list[Group]:
    found = read(file, "dicom" if file.suffix == ".json" else "fhir")
    contents = [one.content for one in found if isinstance(one, Readable)]
    return [to_fhir(one, MAPPING, KNOWN).result if isinstance(one, Document) else one for one in contents]


@pytest.mark.parametrize("file", [*SR_FILES, *FHIR_FILES], ids=name)
def test_every_group_goes_to_r5_and_comes_back(file: Path) -> None:
    for group in groups(file):
        before = copy.deepcopy(group)
        there, warnings = in_r5(group)
        assert group == before
        for resource in there.whole():
            fhir.validate(resource, "R5")
        back, more = in_r4(there)
        assert not warnings + more
        assert back.key == group.key
        assert back.index().keys() == group.index().keys()
        for one, other in zip(group.whole(), back.whole(), strict=True):
            assert same(one, other), one["resourceType"]


@pytest.mark.parametrize("file", SR_FILES, ids=name)
def test_an_sr_comes_back_from_a_bundle_of_r5(file: Path) -> None:
    """Law 1, with bytes between."""
    (there,) = converted(file, TO_FHIR)
    assert there.entry["status"] == "converted"
    (back,) = converted_bytes("bundle", there.data, TO_DICOM)
    assert back.entry["error"] is None
    assert _dataset(back.data) == _dataset(file.read_bytes())


def _dataset(data: bytes) -> object:
    return write_document(structured_report.read(data))


# -- what only R5 can say -------------------------------------------------------------------------------------------
SUBJECT = {"reference": "Patient/p"}
REPORT: Resource = {
    "resourceType": "DiagnosticReport",
    "id": "r",
    "status": "modified",
    "code": {"text": "CT"},
    "subject": SUBJECT,
    "study": [{"reference": "ImagingStudy/s"}],
    "result": [{"reference": "Observation/o"}],
    "note": [{"text": "seen twice"}],
    "supportingInfo": [{"type": {"text": "former"}, "reference": {"reference": "Observation/former"}}],
    "composition": {"reference": "Composition/c"},
    "conclusion": "nothing new",
}
OBSERVATION: Resource = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "118565006", "display": "Volume"}]},
    "subject": SUBJECT,
    "issued": "2026-03-02T10:15:00+01:00",
    "effectiveDateTime": "2026-03-02T10:15:00+01:00",
    "triggeredBy": [{"observation": {"reference": "Observation/first"}, "type": "reflex"}],
    "bodyStructure": {"reference": "BodyStructure/b"},
    "derivedFrom": [{"reference": "Observation/first"}, {"reference": "ImagingSelection/i"}],
    "referenceRange": [{"low": {"value": Number("1.50")}, "normalValue": {"text": "normal"}}],
    "valueQuantity": {
        "value": Number("12.50"), "unit": "ml", "system": "http://unitsofmeasure.org", "code": "ml"
    },
}  # fmt: skip
SELECTION: Resource = {
    "resourceType": "ImagingSelection",
    "id": "i",
    "status": "available",
    "subject": SUBJECT,
    "issued": "2026-03-02T10:15:00+01:00",
    "code": {"text": "region"},
    "studyUid": "2.25.1",
    "bodySite": {"concept": {"text": "lung"}},
    "instance": [
        {
            "uid": "2.25.2",
            "sopClass": {"system": "urn:ietf:rfc:3986", "code": "urn:oid:1.2.840.10008.5.1.4.1.1.2"},
            "subset": ["1"],
            "imageRegion2D": [{"regionType": "point", "coordinate": [Number("0.50"), Number("1.25")]}],
        }
    ],
}
COMPOSITION: Resource = {
    "resourceType": "Composition",
    "id": "c",
    "identifier": [{"value": "1"}, {"value": "2"}],
    "version": "3",
    "status": "corrected",
    "type": {"text": "Report"},
    "subject": [SUBJECT, {"reference": "Group/g"}],
    "date": "2026-03-02",
    "author": [{"display": "Dr A"}],
    "name": "Report3",
    "title": "Report",
    "event": [{"detail": [{"reference": {"reference": "Procedure/p"}}, {"concept": {"text": "CT"}}]}],
    "attester": [{"mode": {"coding": [{"code": "legal"}], "text": "signed"}}],
}
STUDY: Resource = {
    "resourceType": "ImagingStudy",
    "id": "s",
    "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:2.25.9"}],
    "status": "available",
    "subject": SUBJECT,
    "modality": [{"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}], "text": "CT"}],
    "partOf": [{"reference": "Procedure/p"}],
    "procedure": [{"concept": {"text": "CT thorax"}}, {"reference": {"reference": "Procedure/p"}}],
    "series": [
        {"uid": "2.25.10", "modality": {"coding": [{"code": "CT"}]}, "bodySite": {"concept": {"text": "chest"}}}
    ],
}


def r5_group() -> Group:
    return Group(REPORT, (OBSERVATION, SELECTION, COMPOSITION, STUDY), None, "DiagnosticReport/r")


def test_what_only_r5_says_comes_back() -> None:
    for resource in r5_group().whole():
        fhir.validate(resource, "R5")
    there, warnings = in_r4(r5_group())
    for resource in there.whole():
        fhir.validate(resource, "R4")
    back, more = in_r5(there)
    assert not more
    assert [one.partition(":")[0] for one in warnings] == [
        "DiagnosticReport.note", "Observation.bodyStructure", "Observation.referenceRange.normalValue"
    ]  # fmt: skip
    for one, other in zip(r5_group().whole(), back.whole(), strict=True):
        assert same(one, other), one["resourceType"]


@pytest.mark.parametrize("place", ["", "component"])
@pytest.mark.parametrize(
    "value",
    [{"valueAttachment": {"contentType": "image/png"}}, {"valueReference": {"reference": "MolecularSequence/m"}}],
)
def test_a_value_that_only_r5_has_is_warned_of(value: Resource, place: str) -> None:
    said = value if not place else {place: [{"code": {"text": "part"}} | value, {"code": {"text": "two"}} | value]}
    resource = {key: one for key, one in OBSERVATION.items() if key in ("resourceType", "id", "status", "code")} | said
    (there,) = converted_bytes("observation", json.dumps(resource), TO_DICOM)
    assert there.entry["status"] == "converted"
    path = ".".join(filter(None, ("Observation", place, *value)))
    assert [one for one in there.entry["warnings"] if one.startswith(f"{path}: ") and "does not see" in one]


def test_resources_of_r5_come_back_from_an_sr() -> None:
    """Law 2, with bytes between."""
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in r5_group().whole()],
    }
    (there,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert there.entry["error"] is None
    (back,) = converted_bytes("sr", there.data, TO_FHIR)
    assert back.entry["error"] is None
    found = {one["resource"]["resourceType"]: one["resource"] for one in json.loads(back.data)["entry"]}
    for one in r5_group().whole():
        assert same(one, found[one["resourceType"]]), one["resourceType"]


def test_an_edit_in_r5_goes_over() -> None:
    (there,) = converted(FIXTURES / "dicom" / "1500-plane.dcm", TO_FHIR)
    bundle: Any = json.loads(there.data)
    axis = next(
        one["resource"]
        for one in bundle["entry"]
        if one["resource"].get("code", {}).get("text") == "Long axis"
    )  # fmt: skip
    axis["valueQuantity"]["value"] = Number("25.5")
    (back,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert back.entry["error"] is None
    assert b"25.5" in back.data and b"24.0" not in back.data


def test_a_measurement_report_follows_the_dicom_sr_guide() -> None:
    """As its profiles `imaging-observation` and `imaging-measurement-group` say."""
    (there,) = converted(FIXTURES / "dicom" / "1500-group.dcm", TO_FHIR)
    found = [one["resource"] for one in json.loads(there.data)["entry"]]
    (study,) = [one for one in found if one["resourceType"] == "ImagingStudy"]
    observations = [one for one in found if one["resourceType"] == "Observation"]
    assert len(observations) > 2
    for one in observations:
        (part,) = one["partOf"]
        assert part["reference"] == f"ImagingStudy/{study['id']}"
        assert part["identifier"]["type"]["coding"][0]["code"] == "110180"
        assert part["identifier"]["value"] == study["identifier"][0]["value"]
        assert one["basedOn"][0]["identifier"]["value"] == "A-1500"
        assert one["issued"] == one["effectiveDateTime"]
    groups = [one for one in observations if one["code"].get("text") == "Measurement Group"]
    assert groups
    for one in groups:
        finding = next(part for part in one["component"] if part["code"]["coding"][0]["code"] == "121071")
        assert one["valueCodeableConcept"]["coding"] == finding["valueCodeableConcept"]["coding"]


def _selections(bundle: Any) -> dict[str, Resource]:
    """By the code of the guide's profiles."""
    found = [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "ImagingSelection"]
    return {one["code"]["coding"][0]["code"]: one for one in found}


VOLUME = FIXTURES / "dicom" / "1500-volume.dcm"


def test_a_segment_is_an_imaging_selection_as_the_guide_wants() -> None:
    """As its profiles `referenced-segment` and `source-image-for-segmentation` say: a copy of the DocumentReference."""
    (there,) = converted(VOLUME, TO_FHIR)
    bundle: Any = json.loads(there.data)
    segment, source = (_selections(bundle)[code] for code in ("121191", "121233"))
    (instance,) = segment["instance"]
    assert (instance["uid"], instance["subset"]) == ("2.25.29644775504434771117521825827091586347", ["1"])
    assert instance["sopClass"]["code"] == "urn:oid:1.2.840.10008.5.1.4.1.1.66.4"
    assert segment["status"] == "available" and "subset" not in source["instance"][0]
    references = [one["reference"] for entry in bundle["entry"] for one in entry["resource"].get("derivedFrom", ())]
    assert {f"ImagingSelection/{one['id']}" for one in (segment, source)} <= set(references)

    instance["subset"] = ["4"]
    (back,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert [one for one in back.entry["warnings"] if one.startswith("ImagingSelection: a copy for readers")]
    assert _dataset(back.data) == _dataset(VOLUME.read_bytes())


def _selection_of(bundle: Any) -> Resource:
    return _selections(bundle)["121191"]


def _without_mark(bundle: Any) -> None:
    del _selection_of(bundle)["extension"]


def _entered_in_error(bundle: Any) -> None:
    _selection_of(bundle)["status"] = "entered-in-error"


def _without_copy(bundle: Any) -> None:
    gone = _selection_of(bundle)
    bundle["entry"] = [one for one in bundle["entry"] if one["resource"] is not gone]


@pytest.mark.parametrize(("edit", "warned"), [(_without_mark, False), (_entered_in_error, True), (_without_copy, True)])
def test_a_copy_is_none_of_the_documents_own_words(edit: Any, warned: bool) -> None:
    (there,) = converted(VOLUME, TO_FHIR)
    bundle: Any = json.loads(there.data)
    edit(bundle)
    (back,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert _dataset(back.data) == _dataset(VOLUME.read_bytes())
    assert any(one.startswith("ImagingSelection: a copy for readers") for one in back.entry["warnings"]) == warned


def test_what_somebody_derives_from_a_copy_is_his_own_word() -> None:
    (there,) = converted(VOLUME, TO_FHIR)
    bundle: Any = json.loads(there.data)
    said = {"reference": f"ImagingSelection/{_selection_of(bundle)['id']}"}
    other = next(
        one["resource"]
        for one in bundle["entry"]
        if one["resource"]["resourceType"] == "Observation" and said not in _plain_derived(one["resource"])
    )
    other["derivedFrom"] = [*other.get("derivedFrom", ()), said]
    (back,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert back.entry["error"] is None and _dataset(back.data) != _dataset(VOLUME.read_bytes())
    (again,) = converted_bytes("back", back.data, TO_FHIR)
    (found,) = [one["resource"] for one in json.loads(again.data)["entry"] if one["resource"].get("id") == other["id"]]
    assert said in found["derivedFrom"]


def _plain_derived(resource: Resource) -> list[Resource]:
    return [{"reference": one["reference"]} for one in resource.get("derivedFrom", ())]


def _of_another_title(resource: Resource) -> Resource:
    code = {"coding": [{"system": "http://loinc.org", "code": "18748-4", "display": "Diagnostic imaging study"}]}
    return resource | {"code": code} if resource["resourceType"] == "DiagnosticReport" else resource


def _without_identifier(resource: Resource) -> Resource:
    left = {key: value for key, value in resource.items() if key != "identifier"}
    return left if resource["resourceType"] == "DocumentReference" else resource


@pytest.mark.parametrize("edit", [_of_another_title, _without_identifier])
def test_whatever_becomes_of_an_imaging_selection_its_instance_stays(edit: Any) -> None:
    """And the document is a document of R5 again."""
    (there,) = converted(VOLUME, TO_FHIR)
    bundle: Any = json.loads(there.data)
    for entry in bundle["entry"]:
        entry["resource"] = edit(entry["resource"])
    (back,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert back.entry["error"] is None
    images = [str(dataset.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for dataset in _images(back.data)]
    expected = [str(one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for one in _images(VOLUME.read_bytes())]
    assert images == expected if edit is not _without_identifier else len(images) < len(expected)
    (again,) = converted_bytes("back", back.data, TO_FHIR)
    assert again.entry["error"] is None


def _images(data: bytes) -> list[Any]:
    def walk(item: Any) -> Iterator[Any]:
        if item.ValueType == "IMAGE":
            yield item
        for child in item.get("ContentSequence", ()):
            yield from walk(child)

    return [*walk(pydicom.dcmread(io.BytesIO(data)))]


def test_ids_are_those_of_a_type() -> None:
    """A segment's DocumentReference, its copy and an Observation may have one id each, and the same one."""
    (group,) = groups(VOLUME)
    names = {reference_to(one): f"{one['resourceType']}/1" for one in group.members if _is_first(one, group)}
    there, _ = in_r5(_renamed(group, names))
    back, warnings = in_r4(there)
    assert not warnings and back.root == _renamed(group, names).root
    assert [*map(reference_to, back.members)] == [names.get(one, one) for one in map(reference_to, group.members)]
    for one, other in zip(_renamed(group, names).members, back.members, strict=True):
        assert same(one, other), one["resourceType"]


def _is_first(resource: Resource, group: Group) -> bool:
    return next(one for one in group.members if one["resourceType"] == resource["resourceType"]) is resource


def _renamed(group: Group, names: dict[str, str]) -> Group:
    new = {id(one): renamed(one, names) for one in group.whole()}
    for one in group.members:
        if (name := names.get(reference_to(one))) is not None:
            new[id(one)]["id"] = name.partition("/")[2]
    made = group.with_resources(new)
    references = {names.get(name, name): one for name, one in (made.references or {}).items()}
    return replace(made, references=references if made.references is not None else None)


def test_a_segment_of_others_stays_what_they_say() -> None:
    """Of a report that was not born here, an ImagingSelection is one, and comes back as one."""
    (group,) = groups(VOLUME)
    there, _ = in_r5(group)
    root = {key: value for key, value in there.root.items() if key not in ("identifier", "extension")}
    theirs = Group(root, there.members, there.patient, there.key)
    back, _ = in_r5(in_r4(theirs)[0])
    kinds = [[one["resourceType"] for one in found.members] for found in (theirs, back)]
    assert kinds[0] == kinds[1] and "ImagingSelection" in kinds[0]


@pytest.mark.parametrize("sample", ["1500-group", "1500-plane", "1500-volume"])
def test_copies_of_the_guide_are_known_though_a_server_drops_their_element_ids(sample: str) -> None:
    """HAPI drops those of primitives, others may drop more: what the copies say tells them."""
    (group,) = groups(FIXTURES / "dicom" / f"{sample}.dcm")
    there, _ = in_r5(group)
    dropped = replace(there, root=_without_copy_ids(there.root), members=_without_copy_ids(there.members))
    assert dropped != there
    back, warnings = in_r4(dropped)
    assert not warnings
    for one, other in zip(group.whole(), back.whole(), strict=True):
        assert same(one, other), one["resourceType"]


def _without_copy_ids(value: Any) -> Any:
    """The device aside, which says nothing of its own."""
    if isinstance(value, dict):
        return {
            key: child if key == "device" else _without_copy_ids(child)
            for key, child in value.items()
            if key != "id" or COPIES.fullmatch(str(child)) is None
        }
    return type(value)(map(_without_copy_ids, value)) if isinstance(value, list | tuple) else value


def test_what_looks_like_a_copy_in_a_report_of_others_is_theirs() -> None:
    """A report that follows the guide, and was not born here."""
    (there,) = [in_r5(one)[0] for one in groups(FIXTURES / "dicom" / "1500-group.dcm")]
    root = {key: value for key, value in there.root.items() if key not in ("identifier", "extension")}
    members = tuple(_without_copy_ids(one) for one in there.members)
    before = Group(root, members, there.patient, there.key)
    back, _ = in_r5(in_r4(before)[0])
    theirs = [one["partOf"] for one in before.members if "partOf" in one]
    assert theirs
    assert [one["partOf"][: len(said)] for one, said in zip(_with(back, "partOf"), theirs, strict=True)] == theirs


def _with(group: Group, element: str) -> list[Resource]:
    return [one for one in group.members if element in one]


def test_a_resource_of_r4_is_refused_as_r5() -> None:
    report = {key: value for key, value in REPORT.items() if key in ("resourceType", "id", "code", "subject")}
    older = report | {"status": "final", "imagingStudy": [{"reference": "ImagingStudy/s"}]}
    (done,) = converted_bytes("report", json.dumps(older), TO_DICOM)
    assert done.entry["status"] == "rejected"
    assert "does not know" in done.entry["error"]


# -- what R4 says otherwise -----------------------------------------------------------------------------------------
MV = {"value": 0, "unit": "mV", "system": "http://unitsofmeasure.org", "code": "mV"}
SAMPLES = {"origin": MV, "dimensions": 1, "data": "1 2 E"}
DOSE = {"value": Number("5.0"), "comparator": "ad", "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
_HL7 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"


def observed(value: Resource) -> Group:
    """Value, and once more as that of a component."""
    plain = {key: OBSERVATION[key] for key in ("resourceType", "id", "status", "code", "subject", "effectiveDateTime")}
    both = plain | value | {"component": [{"code": {"text": "once more"}, **copy.deepcopy(value)}]}
    root = {key: REPORT[key] for key in ("resourceType", "id", "code", "subject", "result")} | {"status": "final"}
    return Group(root, (both,), None, "DiagnosticReport/r")


def there_and_back(group: Group) -> Resource:
    """The Observation of R4, which is valid, of one of R5."""
    for resource in group.whole():
        fhir.validate(resource, "R5")
    there, warnings = in_r4(copy.deepcopy(group))
    for resource in there.whole():
        fhir.validate(resource, "R4")
    back, more = in_r5(there)
    assert not warnings + more
    assert all(map(same, group.whole(), back.whole()))
    return there.members[0]


def words_of(value: Resource) -> str:
    """In the SR of a Bundle of R5."""
    resources = observed(value).whole()
    entries = [{"fullUrl": f"http://example.org/{reference_to(one)}", "resource": one} for one in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (made,) = converted_bytes("bundle", json.dumps(bundle), TO_DICOM)
    assert made.entry["error"] is None
    return str(getattr(structured_report.read(made.data).root.children[0].value, "text", None))


@pytest.mark.parametrize(
    ("said", "period", "words"),
    [
        ({"interval": Number("2.50"), "intervalUnit": "ms"}, "2.50", "one every 2.50 ms"),
        ({"interval": Number("0.004"), "intervalUnit": "s"}, "4.000", "one every 4.000 ms"),
        ({"interval": 3, "intervalUnit": "h"}, "10800000", "one every 10800000 ms"),
        ({"interval": Number("0.1"), "intervalUnit": "us"}, "0.0001", "one every 0.0001 ms"),
        ({"interval": Number("0.7"), "intervalUnit": "mm"}, None, "one every 0.7 mm"),
        ({"interval": Number("1e9999"), "intervalUnit": "s"}, None, "one every 1e9999 s"),
        ({"intervalUnit": "s", "offsets": "0 1 5", "codeMap": "http://example.org/codes"}, None, "origin 0 mV"),
    ],
)
def test_samples_of_r5_have_their_period_in_ms(said: Resource, period: str | None, words: str) -> None:
    """R4 SampledData.period; what has none, which R4 demands, is absent there."""
    observation = there_and_back(observed({"valueSampledData": SAMPLES | said}))
    for home in (observation, *observation["component"]):
        data = home["valueSampledData"]
        assert (str(data["period"]) if "period" in data else None) == period
        assert ("_period" in data) is (period is None)
    assert words in words_of({"valueSampledData": SAMPLES | said}).split(", ")


def test_a_period_that_is_edited_in_r4_is_in_ms() -> None:
    """And not in the unit that R5 had before."""
    there, _ = in_r4(observed({"valueSampledData": SAMPLES | {"interval": Number("0.4"), "intervalUnit": "s"}}))
    there.members[0]["valueSampledData"]["period"] = 500
    back, _ = in_r5(there)
    data = back.members[0]["valueSampledData"]
    assert (data["interval"], data["intervalUnit"]) == (500, "ms")


def test_a_comparator_that_r4_does_not_have_is_an_extension_and_no_number() -> None:
    """Without it 5 mg would be another dose; R4 servers refuse `ad`."""
    for value in ({"valueQuantity": DOSE}, {"valueRatio": {"numerator": DOSE, "denominator": MV}}):
        home = there_and_back(observed(value))
        quantity = home["valueQuantity"] if "valueQuantity" in value else home["valueRatio"]["numerator"]
        assert "comparator" not in quantity
        assert quantity["_comparator"] == {"extension": [{"url": f"{_HL7}Quantity.comparator", "valueCode": "ad"}]}
    assert words_of({"valueQuantity": DOSE}) == "ad 5.0 mg"


@pytest.mark.parametrize(
    ("kind", "release"),
    [("GenomicStudy", "R5"), ("ImagingSelection", "R5"), ("DocumentReference", "R5"), ("Media", "R4")],
)
def test_a_reference_that_the_other_release_does_not_allow_is_an_extension_of_hl7(kind: str, release: str) -> None:
    """R4 Observation.derivedFrom, DiagnosticReport.media.link; a server refuses another type there."""
    said = {"reference": f"{kind}/x", "display": "seen"}
    group = observed({"valueString": "x"})
    if kind != "DocumentReference":
        group.members[0]["derivedFrom"] = [said, {"reference": "Observation/y"}]
    if kind in ("DocumentReference", "Media"):
        group.root["media"] = [{"comment": "key image", "link": said}]
    there = (in_r4 if release == "R5" else in_r5)(copy.deepcopy(group))[0]
    for resource in there.whole():
        fhir.validate(resource, "R4" if release == "R5" else "R5")
    said_there = there.members[0].get("derivedFrom", [])[:1] + [one["link"] for one in there.root.get("media", ())]
    alternate = "http://hl7.org/fhir/StructureDefinition/alternate-reference"
    assert said_there
    assert all(one == {"extension": [{"url": alternate, "valueReference": said}]} for one in said_there)
    back = (in_r5 if release == "R5" else in_r4)(there)[0]
    assert all(map(same, group.whole(), back.whole()))
