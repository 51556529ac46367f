"""Input that is hostile as a whole: depth, cycles, size. Translated, or refused with a reason, in bounded memory."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.codecs import json
from bridge.codecs.dicom import reader, writer
from bridge.convert.run import Done, Job, converted_bytes
from bridge.model.dataset import DataSet, Element
from bridge.translate.basis.ids import Known
from tests.corpus import FIXTURES

TO_FHIR, TO_DICOM = Job("fhir", Known(), None), Job("dicom", Known(), None)
HEADER = reader.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()).dataset
CONTENT = 0x0040A730


def sr(children: tuple[DataSet, ...]) -> bytes:
    dataset = tuple(element for element in HEADER if element.tag != CONTENT)
    return writer.write(tuple(sorted((*dataset, Element(CONTENT, "SQ", children)), key=lambda one: one.tag)))


def item(*elements: Element, children: tuple[DataSet, ...] = ()) -> DataSet:
    concept = (
        Element(0x00080100, "SH", b"121071"),
        Element(0x00080102, "SH", b"DCM "),
        Element(0x00080104, "LO", b"Finding "),
    )
    found = [
        Element(0x0040A010, "CS", b"CONTAINS"),
        Element(0x0040A043, "SQ", (concept,)),
        *elements,
        *([Element(CONTENT, "SQ", children)] if children else []),
    ]
    return tuple(sorted(found, key=lambda one: one.tag))


def container(children: tuple[DataSet, ...]) -> DataSet:
    kind = Element(0x0040A040, "CS", b"CONTAINER ")
    return item(kind, Element(0x0040A050, "CS", b"SEPARATE"), children=children)


def text(value: bytes) -> DataSet:
    return item(Element(0x0040A040, "CS", b"TEXT"), Element(0x0040A160, "UT", value))


def only(data: bytes, job: Job) -> Done:
    (done,) = converted_bytes("input", data, job)
    return done


def nested(depth: int) -> bytes:
    """Content items within each other, written from the innermost: nothing here recurses."""
    inner = text(b"end ")
    for _ in range(depth):
        inner = container((inner,))
        if depth > 200:
            break
    if depth <= 200:
        return sr((inner,))
    raw = writer.encode(text(b"end "))
    for _ in range(depth):
        shell = writer.encode(container(()))
        content = struct.pack("<HHI", 0xFFFE, 0xE000, len(raw)) + raw
        raw = shell + struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, len(content)) + content
    whole = sr((text(b"end "),))
    marker = writer.encode((Element(CONTENT, "SQ", (text(b"end "),)),))
    content = struct.pack("<HHI", 0xFFFE, 0xE000, len(raw)) + raw
    return whole.replace(marker, struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, len(content)) + content)


def test_nesting_as_deep_as_is_read() -> None:
    assert only(nested(40), TO_FHIR).entry["status"] == "converted"


@pytest.mark.parametrize("depth", [80, 1000, 5000])
def test_nesting_too_deep_is_refused(depth: int) -> None:
    entry = only(nested(depth), TO_FHIR).entry
    assert entry["status"] == "rejected"
    assert "deep" in entry["error"]


def by_reference(*identifier: int) -> DataSet:
    return (
        Element(0x0040A010, "CS", b"INFERRED FROM "),
        Element(0x0040DB73, "UL", struct.pack(f"<{len(identifier)}I", *identifier)),
    )


@pytest.mark.parametrize(
    "identifier", [(1,), (1, 1), (1, 1, 1), (1, 9, 9), (0,), (4294967295,), ()], ids=lambda one: ".".join(map(str, one))
)
def test_items_that_refer_in_circles(identifier: tuple[int, ...]) -> None:
    kind = (Element(0x0040A040, "CS", b"TEXT"), Element(0x0040A160, "UT", b"here"))
    done = only(sr((item(*kind, children=(by_reference(*identifier),)),)), TO_FHIR)
    assert done.entry["status"] == "converted"
    (back,) = converted_bytes("back", done.data, TO_DICOM)
    assert back.entry["status"] == "converted"


def observation(identifier: str, *members: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": {"text": "Panel"},
        "subject": {"reference": "Patient/1"},
        "hasMember": [{"reference": f"Observation/{one}"} for one in members],
    }


@pytest.mark.parametrize("size", [1, 2, 3, 40])
def test_panels_that_are_members_of_each_other(size: int) -> None:
    entries = [{"resource": observation(str(at), str((at + 1) % size))} for at in range(size)]
    done = only(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), TO_DICOM)
    assert done.entry["status"] == "converted"
    (back,) = converted_bytes("back", done.data, TO_FHIR)
    assert back.entry["status"] == "converted"


@pytest.mark.parametrize("depth", [150, 1000, 100_000])
def test_json_nested_too_deep_is_refused(depth: int) -> None:
    data = b'{"resourceType":"Observation","extension":' + b'[{"extension":' * depth + b"1" + b"}]" * depth + b"}"
    entry = only(data, TO_DICOM).entry
    assert entry["status"] == "rejected"
    assert "please report" not in entry["error"]


def test_a_chain_of_a_thousand_panels_is_translated_or_refused() -> None:
    entries = [{"resource": observation(str(at), str(at + 1))} for at in range(1000)]
    done = only(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), TO_DICOM)
    assert "please report" not in (done.entry["error"] or "")


_LARGE = """
import resource, sys
limit = int(sys.argv[2]) << 20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from bridge.convert.run import Job, converted
from bridge.translate.basis.ids import Known
from pathlib import Path
for done in converted(Path(sys.argv[1]), Job(sys.argv[3], Known(), None)):
    print(done.entry["status"], done.entry["error"] or "")
"""


@pytest.mark.parametrize("kind", ["dcm", "json"])
def test_a_text_of_200_megabytes(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"large.{kind}"
    if kind == "dcm":
        file.write_bytes(sr((text(b"x" * 200_000_000),)))
    else:
        with file.open("wb") as out:
            out.write(b'{"resourceType":"Observation","status":"final","code":{"text":"n"},"valueString":"')
            out.write(b"x" * 200_000_000)
            out.write(b'"}')
    target = "fhir" if kind == "dcm" else "dicom"
    command = [sys.executable, "-c", _LARGE, str(file), "4096", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(("converted", "rejected"))
    assert "please report" not in done.stdout
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 4 << 20
