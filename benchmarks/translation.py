"""Documents per CPU second, beside pydicom's reading and walking of the same file in the same run.

Ratios hold where absolute times do not: machines are shared. Run by `make bench`.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom

from bridge.codecs import json
from bridge.codecs.dicom import reader, writer
from bridge.mapping.load import load
from bridge.model.sr import read_document, write_document
from bridge.translate.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir

ROOT = Path(__file__).parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "sr" / "seed__example_ecg_sr.dcm"
FIXTURE = ROOT / "fixtures" / "dicom" / "ecg-report.dcm"
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


def main() -> None:
    file = CORPUS if CORPUS.exists() else FIXTURE
    data, mapping, known = file.read_bytes(), load(), Known()

    def forth() -> bytes:
        group = to_fhir(read_document(reader.read(data).dataset), mapping, known).result
        return json.dumps([*group.resources()])

    group = to_fhir(read_document(reader.read(data).dataset), mapping, known).result

    def back() -> bytes:
        return writer.write(write_document(to_dicom(group, mapping, known).result))

    base = per_second(lambda: walked(data))
    print(f"{file.name}, documents per CPU second")
    print(f"{'pydicom reads and walks':30}{base:8.0f}{1:7.2f}")
    for name, work in (("SR to FHIR", forth), ("FHIR to SR", back)):
        figure = per_second(work)
        print(f"{name:30}{figure:8.0f}{figure / base:7.2f}")


if __name__ == "__main__":
    main()
