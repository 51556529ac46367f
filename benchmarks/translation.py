"""Documents per CPU second, beside pydicom's reading and walking of the same files in the same run; and what one very
large dose report costs.

The files are one report over and over with other numbers, people and UIDs: what is remembered of a document must not
make the next one look faster than it is.

Ratios hold where absolute times do not: machines are shared. Run by `make bench`.
"""

from __future__ import annotations

import io
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, cycle
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pydicom

from bridge.codecs import json
from bridge.codecs.dicom import reader, structured_report, writer
from bridge.mapping.load import load
from bridge.model.content import ContentItem, Num, Plain
from bridge.model.dataset import merged, text_element
from bridge.model.document import Document
from bridge.model.group import Group
from bridge.model.sr import read_document, write_document
from bridge.model.tags import CONTENT_TIME, PATIENT_ID, SERIES_UID, SOP_INSTANCE_UID, STUDY_UID
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "sr" / "seed__example_ecg_sr.dcm"
FIXTURES = ROOT / "fixtures" / "dicom"
FIXTURE = FIXTURES / "ecg-report.dcm"
ITEMS = 14_737  # of the largest real dose report that is known to us
REPORTS = 50  # that differ in what differs between two patients
SECONDS = 3.0  # of CPU for each figure

T = TypeVar("T")


def per_second(work: Callable[[T], object], inputs: Sequence[T]) -> float:
    for one in inputs:
        work(one)
    runs, start, endless = 0, time.process_time(), cycle(inputs)
    while (spent := time.process_time() - start) < SECONDS:
        work(next(endless))
        runs += 1
    return runs / spent


def walked(data: bytes) -> int:
    def walk(dataset: Any) -> int:
        count = 0
        for element in dataset:
            count += sum(map(walk, element.value)) if element.VR == "SQ" else 1
        return count

    return walk(pydicom.dcmread(io.BytesIO(data)))


def reports(data: bytes) -> list[bytes]:
    """The report of other people: each number, UID and date another one, of the same length."""
    return [_of_another(data, Random(seed)) for seed in range(REPORTS)]


def _of_another(data: bytes, random: Random) -> bytes:
    document = structured_report.read(data)
    told = {
        SOP_INSTANCE_UID: f"2.25.{random.getrandbits(100)}",
        STUDY_UID: f"2.25.{random.getrandbits(100)}",
        SERIES_UID: f"2.25.{random.getrandbits(100)}",
        PATIENT_ID: f"{random.getrandbits(30)}",
        CONTENT_TIME: f"{random.randrange(24):02}{random.randrange(60):02}17.{random.randrange(10**6):06}",
    }
    vrs = {element.tag: element.vr for element in document.header}
    header = merged(document.header, [text_element(tag, vrs[tag], text) for tag, text in told.items()])
    return writer.write(write_document(Document(header, _measured_anew(document.root, random))))


def _measured_anew(item: ContentItem, random: Random) -> ContentItem:
    value = item.value
    if isinstance(value, Num) and len(value.values) == 1:
        text = re.sub(r"\d", lambda _: random.choice("123456789"), value.values[0])
        value = replace(value, values=(text,), floating=value.floating and repr(float(text)))
    return replace(item, value=value, children=tuple(_measured_anew(child, random) for child in item.children))


def large(items: int) -> Document:
    """A dose report with its irradiation events over and over, each with UIDs of its own."""
    document = structured_report.read((FIXTURES / "10001-projection-dose.dcm").read_bytes())
    events = [one for one in document.root.children if one.concept and one.concept.value == "113706"]
    children, numbers = list(document.root.children), count(1)
    size = _size(document.root)
    for event in cycle(events):
        if size >= items:
            return Document(document.header, replace(document.root, children=tuple(children)))
        children.append(_renewed(event, numbers))
        size += _size(event)
    raise ValueError("no irradiation event in the sample")


def _size(item: ContentItem) -> int:
    return 1 + sum(map(_size, item.children))


def _renewed(item: ContentItem, numbers: Iterator[int]) -> ContentItem:
    value = item.value
    if isinstance(value, Plain) and value.value_type == "UIDREF":
        value = replace(value, text=f"2.25.{next(numbers)}")
    return replace(item, value=value, children=tuple(_renewed(child, numbers) for child in item.children))


def main() -> None:
    file = CORPUS if CORPUS.exists() else FIXTURE
    data, mapping, known = reports(file.read_bytes()), load(), Known()

    def forth(data: bytes, *, check: bool = True) -> bytes:
        group = to_fhir(read_document(reader.read(data).dataset), mapping, known, check=check).result
        return json.dumps([*group.resources()])

    def back(group: Group) -> bytes:
        return writer.write(write_document(to_dicom(group, mapping, known).result))

    groups = [to_fhir(structured_report.read(one), mapping, known).result for one in data]
    base = per_second(walked, data)
    print(f"{file.name}, documents per CPU second")
    print(f"{'pydicom reads and walks':30}{base:8.0f}{1:7.2f}")
    figures = {
        "SR to FHIR, without self-check": per_second(partial(forth, check=False), data),
        "SR to FHIR, with it": per_second(forth, data),
        "FHIR to SR, without it": per_second(back, groups),
    }
    for name, figure in figures.items():
        print(f"{name:30}{figure:8.0f}{figure / base:7.2f}")
    whole = writer.write(write_document(large(ITEMS)))
    start = time.process_time()
    json.dumps([*to_fhir(read_document(reader.read(whole).dataset), mapping, known).result.resources()])
    spent, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{ITEMS} items, {len(whole) >> 10} KiB, with self-check: {spent:.1f} CPU seconds, {peak} MiB")


if __name__ == "__main__":
    main()
