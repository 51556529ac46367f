"""Laws 2, 4 and 7 on generated Observations and reports: every value[x], extensions on primitives, odd decimals."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.codecs import fhir, json
from bridge.codecs.dicom import reader, writer
from bridge.errors import InvalidFhirError
from bridge.mapping.load import load
from bridge.model.group import Group, same
from bridge.model.sr import read_document, write_document
from bridge.translate.basis.ids import Known
from bridge.translate.gather import Entry, gather
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir

Resource = dict[str, Any]
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80).filter(str.strip)
SYSTEMS = st.sampled_from(
    [
        "http://loinc.org",
        "http://snomed.info/sct",
        "urn:iso:std:iso:11073:10101",
        "http://example.org/local",
        "urn:oid:1.2.3.4",
        "https://fhir-dicom.org/fhir/scheme/99LOCAL",
    ]
)
CODES = st.sampled_from(["8867-4", "85354-9", "147842", "LA-1", "a-code-longer-than-the-sixteen-of-SH", "x y", "2:3"])
DECIMALS = st.sampled_from(
    ["36.60", "0", "-0", "1e3", "0.000001", "123456789012345678901", "3.14159265358979323846", "-7", "1.0E-5"]
).map(lambda text: json.loads(text.encode()))
TIMES = st.sampled_from(
    ["2026", "2026-03", "2026-03-02", "2026-03-02T08:15:00Z", "2026-03-02T08:15:00.123456789+05:30", "1899-12-31"]
)


def needs(*required: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Resource]:
    """Objects with some of the fields, the required ones always."""
    always = {name: fields.pop(name) for name in required}
    return st.fixed_dictionaries(always, optional=fields)


LONG = "a name of a concept that is longer than the sixty-four characters of a Code Meaning"
VERSIONS = st.sampled_from(["2.77", "20250701", "http://snomed.info/sct/900000000000207008/version/20250701"])
CODING = needs("code", system=SYSTEMS, code=CODES, display=TEXT | st.just(LONG), version=TEXT | VERSIONS)
CONCEPT = needs("coding", coding=st.lists(CODING, min_size=1, max_size=3), text=TEXT | st.just(LONG)) | needs(
    "text", text=TEXT
)
EXTENSION = st.builds(lambda text: {"url": "http://example.org/e", "valueString": text}, TEXT)
QUANTITY = needs(
    "value",
    value=DECIMALS,
    comparator=st.sampled_from(["<", ">="]),
    unit=TEXT,
    system=st.just("http://unitsofmeasure.org"),
    code=st.sampled_from(["mm[Hg]", "/min", "1"]),
    extension=st.lists(EXTENSION, min_size=1, max_size=1),
)
SAMPLES = needs(
    "origin",
    "period",
    "dimensions",
    origin=QUANTITY.map(lambda found: {key: value for key, value in found.items() if key != "comparator"}),
    period=DECIMALS,
    factor=DECIMALS,
    dimensions=st.integers(1, 12),
    data=st.sampled_from(["1 2.50 E", "U L -3 4"]),
)
REASON = needs(
    "coding",
    coding=st.sampled_from(["not-applicable", "as-text", "error", "unknown"]).map(
        lambda code: [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code}]
    ),
    text=TEXT,
)
NOTE = needs(
    "text",
    text=TEXT,
    extension=CONCEPT.map(lambda asked: [{"url": "http://example.org/q", "valueCodeableConcept": asked}]),
)
SPECIMEN = needs(
    "resourceType",
    resourceType=st.just("Specimen"),
    type=CONCEPT,
    collection=CONCEPT.map(lambda site: {"bodySite": site}),
    accessionIdentifier=TEXT.map(lambda value: {"value": value}),
)
VALUES = st.one_of(
    st.tuples(st.just("valueQuantity"), QUANTITY),
    st.tuples(st.just("valueCodeableConcept"), CONCEPT),
    st.tuples(st.just("valueString"), TEXT),
    st.tuples(st.just("valueBoolean"), st.booleans()),
    st.tuples(st.just("valueInteger"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("valueRange"), st.fixed_dictionaries({"low": QUANTITY, "high": QUANTITY})),
    st.tuples(st.just("valueRatio"), st.fixed_dictionaries({"numerator": QUANTITY, "denominator": QUANTITY})),
    st.tuples(st.just("valueTime"), st.sampled_from(["08:15:00", "23:59:59.5"])),
    st.tuples(st.just("valueDateTime"), TIMES),
    st.tuples(st.just("valuePeriod"), needs("start", start=TIMES, end=TIMES)),
    st.tuples(st.just("valueSampledData"), SAMPLES),
    st.tuples(st.just("dataAbsentReason"), CONCEPT | REASON),
)
IDENTIFIER = needs("system", system=st.just("urn:x"), value=TEXT, type=CONCEPT, use=st.just("official")) | st.just(
    {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
)
RANGE = st.fixed_dictionaries(
    {"low": QUANTITY, "text": TEXT}, optional={"appliesTo": st.lists(CONCEPT, min_size=1, max_size=1), "type": CONCEPT}
)
PERFORMER = st.sampled_from(
    [{"reference": "Organization/o", "display": "Lab"}, {"display": "Weber"}, {"reference": "Practitioner/w"}]
)
BODY = needs(
    category=st.lists(CONCEPT, min_size=1, max_size=2),
    effectiveDateTime=TIMES,
    issued=st.just("2026-03-02T08:15:00.5Z"),
    subject=st.sampled_from([{"reference": "Patient/p"}, {"display": "somebody"}]),
    note=st.lists(NOTE, min_size=1, max_size=2),
    method=CONCEPT,
    bodySite=CONCEPT,
    interpretation=st.lists(CONCEPT, min_size=1, max_size=2),
    referenceRange=st.lists(RANGE, min_size=1, max_size=3),
    performer=st.lists(PERFORMER, min_size=1, max_size=3),
    _status=st.builds(lambda extension: {"extension": [extension]}, EXTENSION),
    identifier=st.lists(IDENTIFIER, min_size=1, max_size=3),
    extension=st.lists(EXTENSION, min_size=1, max_size=2),
)


@st.composite
def observations(draw: st.DrawFn, number: int) -> Resource:
    found = {"resourceType": "Observation", "status": "final", "code": draw(CONCEPT), **draw(BODY)}
    if draw(st.integers(0, 9)):
        found["id"] = f"o{number}"
    if draw(st.booleans()):
        key, value = draw(VALUES)
        found[key] = value
    if draw(st.integers(0, 3)) == 0:
        found |= {"contained": [draw(SPECIMEN) | {"id": "s"}], "specimen": {"reference": "#s"}}
    parts = draw(st.lists(st.tuples(CONCEPT, VALUES), max_size=3))
    if parts:
        found["component"] = [{"code": code, key: value} for code, (key, value) in parts]
    return found


@st.composite
def bundles(draw: st.DrawFn) -> list[Entry]:
    """A report over some Observations, panels among them, or Observations alone; cycles and lost references occur."""
    count = draw(st.integers(1, 4))
    found = [draw(observations(number)) for number in range(count)]
    references = st.lists(st.integers(0, count).map(lambda number: {"reference": f"Observation/o{number}"}), max_size=3)
    for one in found:
        if members := draw(references):
            one["hasMember"] = members
    if draw(st.booleans()):
        report: Resource = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": draw(CONCEPT)}
        if results := draw(references):
            report["result"] = results
        if draw(st.booleans()):
            report["conclusion"] = draw(TEXT)
        found.append(report)
    return [Entry(one, f"urn:uuid:{index}") for index, one in enumerate(found)]


@given(bundles())
def test_any_group_comes_back_as_it_was(entries: list[Entry]) -> None:
    for entry in entries:
        try:
            fhir.validate(entry.resource)
        except InvalidFhirError:
            assume(False)
    groups = gather(entries).groups
    assert {id(one) for group in groups for one in group.resources()} == {id(entry.resource) for entry in entries}
    assert not {id(group.root) for group in groups} & {id(one) for group in groups for one in group.members}
    for group in groups:
        _comes_back(group)


def _comes_back(group: Group) -> None:
    translated = to_dicom(group, load(), Known())
    counts = translated.report.items
    assert counts.mapped + counts.carried + counts.withheld == counts.total
    assert write_document(to_dicom(group, load(), Known()).result) == write_document(translated.result)
    document = read_document(reader.read(writer.write(write_document(translated.result))).dataset)
    back = to_fhir(document, load(), Known()).result
    assert back.key == group.key
    assert len(back.members) == len(group.members)
    for before, after in zip(group.resources(), back.resources(), strict=True):
        assert same(before, json.loads(json.dumps(after)))
    again = to_dicom(back, load(), Known()).result
    assert write_document(again) == write_document(translated.result)


def test_a_trailing_blank_that_dicom_takes_for_padding_comes_back() -> None:
    text = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueString": "0 "}
    (group,) = gather([Entry(text, "urn:uuid:0")]).groups
    _comes_back(group)
