"""An export in many files has the documents that one Bundle of it has, of several versions the newest; where nothing
says which that is, the Bundle is refused, and of the export what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.codecs import json
from bridge.convert.export import Part, parts, read
from bridge.convert.inputs import Input, Readable, Rejected, Skipped, read_bytes
from bridge.model.group import Group, Resource, reference_to, references_in
from bridge.model.release import Release
from bridge.translate.gather import links
from tests.samples import measured

_KINDS = (
    "Observation", "DiagnosticReport", "Composition", "Basic", "Patient", "Practitioner", "PractitionerRole",
    "ImagingSelection", "Organization",
)  # fmt: skip
_IDS = ("a", "b", "c")
_ELEMENTS = {  # by which one refers to another, and whether to several
    "Observation": {"hasMember": True, "derivedFrom": True, "performer": True, "subject": False},
    "DiagnosticReport": {"result": True, "resultsInterpreter": True, "subject": False},
    "Composition": {"author": True, "section": True},
    "ImagingSelection": {"derivedFrom": True},
}
_CODE = {"text": "x"}
_LEAST: dict[str, Resource] = {
    "Observation": measured(),
    "DiagnosticReport": {"status": "final", "code": _CODE},
    "Composition": {"status": "final", "type": _CODE, "date": "2026-03-02", "title": "x"},
    "Basic": {"code": _CODE},
    "ImagingSelection": {"status": "available", "code": _CODE},
}
_references = st.builds(
    lambda kind, name, text: {"reference": text.format(kind, name)},
    st.sampled_from(_KINDS),
    st.sampled_from(_IDS),
    st.sampled_from(("{}/{}", "{}/{}", "{}?identifier=urn:x|{}", "{}?identifier={}")),
)
_BASE = "http://ehr.example/fhir/"


_logical = st.builds(lambda name: {"identifier": {"system": "urn:x", "value": name}}, st.sampled_from(_IDS))


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    kind = draw(st.sampled_from(_KINDS))
    found = {**_LEAST.get(kind, {}), "resourceType": kind, "id": draw(st.sampled_from(_IDS))}
    found.pop("subject", None)
    for element, several in _ELEMENTS.get(kind, {}).items():
        if several and (many := draw(st.lists(_references, max_size=2))):
            found[element] = [{"entry": many}] if element == "section" else many
        elif not several and (one := draw(st.none() | _references | _logical)):
            found[element] = one
    if names := draw(st.lists(st.sampled_from(_IDS), max_size=2, unique=True)):
        said = [{"system": draw(st.sampled_from(("urn:x", "urn:y"))), "value": one} for one in names]
        found["identifier"] = said[0] if kind == "Composition" else said
    if "status" in found and kind != "ImagingSelection":
        found["status"] = draw(st.sampled_from(("final", "final", "entered-in-error", "registered")))
    if kind == "PractitionerRole":  # anything else would be no practitioner
        found["practitioner"] = {"reference": f"Practitioner/{draw(st.sampled_from(_IDS))}"}
    if kind == "Composition":
        found.setdefault("author", [{"reference": "Practitioner/a"}])
    return found


def _names(group: Group) -> Any:
    """What is in it, by name and content; which of it comes first says nothing."""
    patient = json.dumps(group.patient) if group.patient is not None else b""
    inside = {reference: json.dumps(target) for reference, target in (group.references or {}).items()}
    return json.dumps(group.root), sorted(map(json.dumps, group.members)), patient, inside


def _said(found: Sequence[Input | Part]) -> list[Any]:
    """The documents, and what is said of those that are not yet or void."""
    documents: list[Any] = []
    for one in found:
        match one:
            case Readable(source, Group() as group):
                documents.append((source.partition("#")[2], *_names(group)))
            case Skipped(source, reason) if "#" in source:
                documents.append((source.partition("#")[2], reason))
            case Rejected(source):
                documents.append((source.partition("#")[2], one.reason))  # where it stands differs
    return sorted(documents, key=repr)


_files = st.lists(st.integers(0, 2), min_size=12, max_size=12)
_found = st.lists(resources(), max_size=12)
_releases = st.sampled_from(("R4", "R5"))


def _as_versions(found: list[Resource], hours: Sequence[int]) -> list[Resource]:
    """None is there twice, but several may be of one type and id."""
    metas = [
        {"versionId": f"{number}", "lastUpdated": f"2026-03-02T{hour:02}:00:00Z"} for number, hour in enumerate(hours)
    ]
    return [one | {"meta": meta} for one, meta in zip(found, metas, strict=False)]


def _exported(
    found: list[Resource], files: list[int], release: Release, torn: tuple[int, int] | None = None
) -> list[Input]:
    """`torn`: which line breaks off, and where."""
    texts = [json.dumps(one) for one in found]
    if torn is not None:
        texts[torn[0]] = texts[torn[0]][: torn[1]]
    with TemporaryDirectory() as name:
        written = [Path(name, f"{number}.ndjson") for number in range(3)]
        for number, path in enumerate(written):
            lines = [text for text, file in zip(texts, files, strict=False) if file == number]
            path.write_bytes(b"\n".join(lines))
        units = [*parts(written)]
        return [one for unit in units for one in (read(unit, release) if isinstance(unit, Part) else [unit])]


def _in_a_bundle(found: list[Resource], release: Release) -> list[Input]:
    entries = [{"fullUrl": f"{_BASE}{reference_to(one)}", "resource": one} for one in found]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return [*read_bytes("x", json.dumps(bundle), "dicom", release)]


def _by_url(value: Any) -> Any:
    """The same, where references to a type and id are URLs."""
    if isinstance(value, list):
        return [_by_url(one) for one in value]
    if not isinstance(value, dict):
        return value
    said = {key: _by_url(one) for key, one in value.items()}
    if isinstance(text := said.get("reference"), str) and "?" not in text:
        said["reference"] = _BASE + text
    return said


@given(_found, _files, st.permutations(range(12)), _releases, st.booleans())
def test_an_export_has_the_documents_of_its_bundle(
    found: list[Resource], files: list[int], hours: list[int], release: Release, by_url: bool
) -> None:
    versions = _as_versions(_by_url(found) if by_url else found, hours)
    assert _said(_exported(versions, files, release)) == _said(_in_a_bundle(versions, release))


@given(_found, _files, st.lists(st.integers(1, 3), min_size=12, max_size=12), _releases)
def test_no_document_has_what_nobody_knows_to_stand(
    found: list[Resource], files: list[int], hours: list[int], release: Release
) -> None:
    versions = _as_versions(found, hours)
    by_name: dict[str, list[str]] = {}
    for one in versions:
        by_name.setdefault(reference_to(one), []).append(one["meta"]["lastUpdated"])
    untold = {name for name, times in by_name.items() if times.count(max(times)) > 1}
    refused = [one.error for one in _in_a_bundle(versions, release) if isinstance(one, Rejected)]
    assert any("meta.lastUpdated" in one for one in refused) == bool(untold)
    exported = _exported(versions, files, release)
    rejected = [one.source.partition("#")[2] for one in exported if isinstance(one, Rejected)]
    untold = {name for name in untold if not name.startswith("Organization/")}  # of which nothing is ever read
    assert untold <= {*rejected}
    for group in (one.content for one in exported if isinstance(one, Readable)):
        assert isinstance(group, Group)
        for one in group.whole():
            assert untold.isdisjoint({reference_to(one), *links(one), *references_in(one.get("subject"))})


@given(_found.filter(bool), _files, st.permutations(range(12)), st.data())
def test_no_document_lacks_what_cannot_be_read(
    found: list[Resource], files: list[int], hours: list[int], data: st.DataObject
) -> None:
    """A line that breaks off behind its type and id, in whichever file and order: a document that has it is not made
    without it."""
    names = ("resourceType", "id")
    versions = [{name: one[name] for name in names} | one for one in _as_versions(found, hours)]
    torn = data.draw(st.integers(0, len(versions) - 1))
    lost = reference_to(versions[torn])
    least = len(json.dumps({name: versions[torn][name] for name in names})) - 1
    size = data.draw(st.integers(least, len(json.dumps(versions[torn])) - 1))
    whole = {name: said for name, *said in _documents(_exported(versions, files, "R4"))}
    for name, *said in _documents(_exported(versions, files, "R4", (torn, size))):
        assert said[0] != json.dumps(versions[torn])
        if name in whole and said != whole[name]:
            assert not any(lost in links(json.loads(one)) for one in (said[0], *said[1]))


def _documents(found: list[Input]) -> list[Any]:
    return [
        (one.source.partition("#")[2], *_names(one.content))
        for one in found
        if isinstance(one, Readable) and isinstance(one.content, Group)
    ]
