"""Documents per CPU second, beside pydicom's reading and walking of the same file in the same run; and what one very
large dose report costs.

Ratios hold where absolute times do not: machines are shared. Run by `make bench`.
"""

from __future__ import annotations

import io
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any

import pydicom

from bridge.codecs import json
from bridge.codecs.dicom import reader, structured_report, writer
from bridge.mapping.load import load
from bridge.model.content import ContentItem, Plain
from bridge.model.document import Document
from bridge.model.sr import read_document, write_document
from bridge.translate.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "sr" / "seed__example_ecg_sr.dcm"
FIXTURES = ROOT / "fixtures" / "dicom"
FIXTURE = FIXTURES / "ecg-report.dcm"
ITEMS = 14_737  # of the largest real dose report that is known to us
SECONDS = 3.0  # of CPU for each figure


def per_second(work: Callable[[], object]) -> float:
    work()
    runs, start = 0, time.process_time()
    while (spent := time.process_time() - start) < SECONDS:
        work()
        runs += 1
    return runs / spent


def walked(data: bytes) -> int:
    def walk(dataset: Any) -> int:
        count = 0
        for element in dataset:
            count += sum(map(walk, element.value)) if element.VR == "SQ" else 1
        return count

    return walk(pydicom.dcmread(io.BytesIO(data)))


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
    data, mapping, known = file.read_bytes(), load(), Known()

    def forth(*, check: bool = True) -> bytes:
        group = to_fhir(read_document(reader.read(data).dataset), mapping, known, check=check).result
        return json.dumps([*group.resources()])

    group = to_fhir(read_document(reader.read(data).dataset), mapping, known).result

    def back() -> bytes:
        return writer.write(write_document(to_dicom(group, mapping, known).result))

    base = per_second(lambda: walked(data))
    print(f"{file.name}, documents per CPU second")
    print(f"{'pydicom reads and walks':30}{base:8.0f}{1:7.2f}")
    works = (
        ("SR to FHIR, without self-check", partial(forth, check=False)),
        ("SR to FHIR, with it", forth),
        ("FHIR to SR, without it", back),
    )
    for name, work in works:
        figure = per_second(work)
        print(f"{name:30}{figure:8.0f}{figure / base:7.2f}")
    whole = writer.write(write_document(large(ITEMS)))
    start = time.process_time()
    json.dumps([*to_fhir(read_document(reader.read(whole).dataset), mapping, known).result.resources()])
    spent, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{ITEMS} items, {len(whole) >> 10} KiB, with self-check: {spent:.1f} CPU seconds, {peak} MiB")


if __name__ == "__main__":
    main()
