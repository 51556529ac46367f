"""The pages of docs/reference/templates/: each template with what its sample becomes, by the translation itself;
`python -m tests.template_pages` writes them, and a test holds the pages to the code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydicom.uid import UID

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.mapping.mapping import Template
from bridge.model.content import Code, Coded, ContentItem, value_type
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.terminology.categories import REPORTS
from bridge.translate.basis.ids import Known
from bridge.translate.header.observers import LANGUAGE
from bridge.translate.native.folds import fold_of
from bridge.translate.native.to_fhir import native_fhir
from bridge.translate.report.report import Report
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES, ROOT

FOLDER = ROOT / "docs" / "reference" / "templates"
MAPPING, KNOWN = load(), Known()
TEMPLATES = sorted((row for row in MAPPING.templates.values() if row.name), key=lambda row: int(row.template))
_HOW = {
    True: "each becomes an Observation of its own, found by `code`",
    False: "a leaf becomes a component of the Observation of its container, found by `combo-code`",
}
_CONCEPTS = "../mappings.md#concept-rows"
_NAMES = {"Basic": "ImagingSelection (Basic)"}


def samples(row: Template) -> list[Path]:
    return sorted((FIXTURES / "dicom").glob(f"{row.template}-*.dcm"))


def pages() -> dict[Path, str]:
    found = {FOLDER / f"{row.template}.md": "\n".join(_page(row)) + "\n" for row in TEMPLATES}
    return {FOLDER / "index.md": "\n".join(_index()) + "\n"} | found


def _index() -> Iterator[str]:
    yield "# Templates"
    yield ""
    yield "Written by `python -m tests.template_pages` from `mappings/documents/templates.yaml` and the samples in"
    yield "`fixtures/dicom`, by the translation itself. Documents of other templates go by the generic rule alone."
    yield ""
    yield "| TID | template | measurements | Observation | DiagnosticReport |"
    yield "| --- | --- | --- | --- | --- |"
    for row in TEMPLATES:
        how = "each" if row.each else "folded"
        yield f"| [{row.template}]({row.template}.md) | {row.name} | {how} | {row.category} | {row.report} |"


def _page(row: Template) -> Iterator[str]:
    yield f"# TID {row.template} {row.name}"
    yield ""
    yield "Written by `python -m tests.template_pages`; edit the mapping or the sample, not this page."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| Source | {row.source} |"
    yield f"| SOP classes | {', '.join(f'{UID(one).name} `{one}`' for one in row.classes)} |"
    yield f"| Root titles | {', '.join(map(_title, row.titles))} |"
    yield f"| Measurements | {_HOW[row.each]} |"
    yield f"| Observation.category | `{row.category}`, where no [concept row]({_CONCEPTS}) says another |"
    yield f"| DiagnosticReport.category | `{row.report}` {REPORTS[row.report or '']} |"
    for sample in samples(row):
        yield from _sample(sample)


def _title(code: Code) -> str:
    return f"any of CID {code.value}" if code.scheme == "CID" else f"`{code.scheme} {code.value}`"


def _sample(sample: Path) -> Iterator[str]:
    document = structured_report.read(sample.read_bytes())
    translated = to_fhir(document, MAPPING, KNOWN)
    kinds = Counter(_NAMES.get(one["resourceType"], one["resourceType"]) for one in translated.result.resources())
    yield ""
    yield f"## Sample {sample.name}"
    yield ""
    yield f"Result: `fixtures/golden/{sample.stem}.json`, with {', '.join(f'{n} {kind}' for kind, n in kinds.items())}."
    yield _native(translated.report)
    yield ""
    yield "| content item | value type | becomes | |"
    yield "| --- | --- | --- | ---: |"
    yield from _rows(document)


def _native(report: Report) -> str:
    items, elements = report.items, report.elements
    carried = [f"`{one.path}` ({one.reason})" for one in report.details if one.outcome == "carried"]
    found = f"Native: {items.mapped} of {items.total} content items, {elements.mapped} of {elements.total} elements"
    return f"{found} of the header. Carried as a remainder: {', '.join(carried) or 'no item'}, and the other elements."


def _rows(document: Document) -> Iterator[str]:
    """The tree, level by level; siblings that become the same are one row, which holds the children of all."""
    image = native_fhir(document, MAPPING, KNOWN)
    places = dict(_places(image.group))

    def row(item: ContentItem, path: tuple[int, ...]) -> str:
        home = image.homes.get(path)
        element = "carried" if home is None else places.get(id(home)) or _primitive(item)
        return f"{'> ' * len(path)}{_concept(item)} | {value_type(item.value) or 'by reference'} | {element}"

    def level(items: list[tuple[ContentItem, tuple[int, ...]]]) -> Iterator[str]:
        alike: dict[str, list[tuple[ContentItem, tuple[int, ...]]]] = {}
        for item, path in items:
            alike.setdefault(row(item, path), []).append((item, path))
        for text, same in alike.items():
            yield f"| {text} | {len(same) if len(same) > 1 else ''} |"
            yield from level([(child, (*path, n)) for item, path in same for n, child in enumerate(item.children)])

    return level([(document.root, ())])


def _concept(item: ContentItem) -> str:
    if item.concept is None:
        return "-"
    meaning = item.concept.meaning.replace("|", "\\|").replace("*", "\\*")
    return f"`{item.concept.scheme} {item.concept.value}` {meaning}"


def _primitive(item: ContentItem) -> str:
    """An element that has no id: the language, and times that stand beside the value."""
    if LANGUAGE.same(item.concept) and isinstance(item.value, Coded):
        return "DiagnosticReport.language, Composition.language"
    fold = fold_of(item, "Observation", MAPPING) or fold_of(item, "DiagnosticReport", MAPPING)
    return f"Observation.{'.'.join(fold.element)}" if fold else "-"


def _places(group: Group) -> Iterator[tuple[int, str]]:
    """Every element of the resources by identity, with its path."""
    for resource in group.resources():
        kind = str(resource["resourceType"])
        yield from _elements(resource, _NAMES.get(kind, kind))


def _elements(element: dict[str, Json], path: str) -> Iterator[tuple[int, str]]:
    yield id(element), path + _said(element)
    for key, value in element.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                url = str(one.get("url", "")).rpartition("-")[2].rpartition("/")[2]
                yield from _elements(one, f"{path}.{key}" + (f"[{url}]" if key == "extension" and url else ""))


def _said(element: dict[str, Json]) -> str:
    """The element of the value, or what is referred to."""
    value = next((key for key in element if key.startswith("value") and key != "valueReference"), None)
    if "code" in element and (value or "dataAbsentReason" in element):
        return f", {value or 'dataAbsentReason'}"
    target = str(element.get("reference", "")).partition("/")[0]
    return f" → {_NAMES.get(target, target)}" if target else ""


if __name__ == "__main__":
    wanted = pages()
    for page in set(FOLDER.glob("*.md")) - wanted.keys():
        page.unlink()
    for page, text in wanted.items():
        page.write_text(text, "utf-8")
