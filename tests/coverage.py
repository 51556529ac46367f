"""What of the samples is native on the other side, by law 5; `python -m tests.coverage` writes
docs/reference/coverage.md, and a test holds the page to the code. With files, it prints their page instead."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bridge.codecs import json
from bridge.codecs.dicom import structured_report
from bridge.convert.inputs import Readable, read
from bridge.mapping.load import load
from bridge.model.group import Group, Json
from bridge.model.names import REMAINDER_URL
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.private import _dumps, taken_out
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FHIR_FILES, FIXTURES, ROOT, SR_FILES

PAGE = ROOT / "docs" / "reference" / "coverage.md"
MAPPING, KNOWN = load(), Known()
_OURS = {file.name for file in FIXTURES.rglob("*.*")}


class Document(NamedTuple):
    """One SR, or the resources that become one."""

    file: str
    template: str
    total: int
    mapped: int
    remainder: float  # its bytes, by those of the source
    resources: int

    @property
    def share(self) -> float:
        return self.mapped / self.total if self.total else 1.0


def of_reports(files: Sequence[Path] = SR_FILES) -> list[Document]:
    """Content items of the SRs that are in the resources natively."""
    found = []
    for file in files:
        data = file.read_bytes()
        document = structured_report.read(data)
        translated = to_fhir(document, MAPPING, KNOWN)
        resources = list(translated.result.resources())
        items = translated.report.items
        size = sum(map(_extension_bytes, resources)) / len(data)
        template = document.template or "-"
        found.append(Document(file.name, template, items.total, items.mapped, size, len(resources)))
    return found


def of_resources(files: Sequence[Path] = FHIR_FILES) -> list[Document]:
    """Leaves of the resources, without id, meta and narrative, that are in the SR natively. The Patient is no part of
    a document."""
    found = []
    for file in files:
        for one in read(file, "dicom"):
            if not isinstance(one, Readable) or not isinstance(one.content, Group):
                continue
            translated = to_dicom(one.content, MAPPING, KNOWN)
            leaves = [leaf.outcome for leaf in translated.report.details if _counts(leaf.path)]
            _, pieces = taken_out(translated.result)
            carried = sum(len(_dumps(_without_narrative(piece))) for piece in pieces.values())
            resources = list(one.content.resources())
            whole = sum(len(json.dumps({key: value for key, value in r.items() if key != "text"})) for r in resources)
            mapped = leaves.count("mapped")
            found.append(Document(file.name, "-", len(leaves), mapped, carried / whole, len(resources)))
    return found


def _counts(path: str) -> bool:
    kind, _, rest = path.partition(".")
    return kind != "Patient" and not re.match(r"(id|meta|text)(\.|$)", rest)


def _without_narrative(piece: dict[str, Json]) -> dict[str, Json]:
    return piece | {"entries": [one for one in piece.get("entries", ()) if one[0] != "text"]}


def _extension_bytes(value: Json) -> int:
    if isinstance(value, dict):
        said = [one for one in value.get("extension", ()) if one.get("url") == REMAINDER_URL]
        texts = [one.get("valueString") or one["valueBase64Binary"] for one in said]
        return sum(len(one.encode()) for one in texts) + sum(map(_extension_bytes, value.values()))
    return sum(map(_extension_bytes, value)) if isinstance(value, list) else 0


def page() -> str:
    return "\n".join(_lines(of_reports(), of_resources())) + "\n"


def _lines(reports: list[Document], resources: list[Document]) -> Iterator[str]:
    yield "# Coverage"
    yield ""
    yield "Written by `python -m tests.coverage` from the samples in `fixtures/` and from third-party files that are"
    yield "not part of the repository; a test fails where the page and the code differ. *Native* is what is still there"
    yield "when our extensions, or our private elements, are deleted and the rest is translated back: the same path,"
    yield "concept, typed value, unit, subject and time. *Remainder* is its bytes by those of the source."
    yield ""
    yield "## Structured Reports to FHIR"
    yield ""
    yield "| file | template | content items | native | | remainder | resources |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for one in reports:
        yield (
            f"| {one.file} | {one.template} | {one.total} | {one.mapped} | {one.share:.1%} | {one.remainder:.2f} "
            f"| {one.resources} |"
        )
    yield ""
    theirs = [one for one in reports if one.file not in _OURS]
    remainder = median(one.remainder for one in theirs)
    yield f"Median of the third-party files: {_median(theirs):.1%} native, remainder {remainder:.2f}."
    yield ""
    yield "## Resources to Structured Reports"
    yield ""
    yield "Leaves of Observations and DiagnosticReports, without id, meta and narrative. The Patient is no part of the"
    yield "document: of it the Patient Module is written, the rest counts as withheld."
    yield ""
    yield "| file | documents | leaves | native | median | lowest | remainder, median |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name in dict.fromkeys(one.file for one in resources):
        of_file = [one for one in resources if one.file == name]
        total, mapped = sum(one.total for one in of_file), sum(one.mapped for one in of_file)
        lowest, remainder = min(one.share for one in of_file), median(one.remainder for one in of_file)
        short = name if len(name) < 60 else f"{name[:56]}..."
        yield (
            f"| {short} | {len(of_file)} | {total} | {mapped} | {_median(of_file):.1%} | {lowest:.1%} "
            f"| {remainder:.2f} |"
        )
    yield ""
    theirs = [one for one in resources if one.file not in _OURS]
    remainder = median(one.remainder for one in theirs)
    yield f"Median of the third-party documents: {_median(theirs):.1%} native, remainder {remainder:.2f}."


def _median(documents: list[Document]) -> float:
    return median(one.share for one in documents)


if __name__ == "__main__":
    if given := [Path(one) for one in sys.argv[1:]]:  # the page of other files, to look at
        resources = of_resources([one for one in given if one.suffix == ".json"])
        print("\n".join(_lines(of_reports([one for one in given if one.suffix != ".json"]), resources)))
    else:
        PAGE.write_text(page(), "utf-8")
