"""How documents are called and read: rows of `titles` and `templates`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pydicom.uid import UID

from bridge.mapping.codes import Codes
from bridge.mapping.mapping import Mapping, Template
from bridge.mapping.source import Map, Node, Text
from bridge.model.content import Code
from bridge.terminology.categories import OBSERVATIONS, REPORTS
from bridge.terminology.context_groups import is_group, is_in, share

_SOP_CLASSES = "1.2.840.10008.5.1.4.1.1."


class _Titled(NamedTuple):
    """A title of a template, and where it stands."""

    row: Template
    title: Code
    place: str


class Documents(Codes):
    """Reads rows of `titles` and `templates`."""

    def __init__(self, mapping: Mapping) -> None:
        super().__init__(mapping)
        self._titled: list[_Titled] = []
        self._shipped = set[str]()  # templates, of which several share a title, and documents name the template

    def _title(self, row: Map) -> None:
        self._known(row, {"category", "title", "name"})
        category, name = self._text(row, "category"), self._text(row, "name")
        self._one_of(row, "category", (*OBSERVATIONS, "*"), "the code system observation-category")
        if name:
            self._meaning(row.lines["name"], name)
        code = self._code(row, "title", name)
        if category and code:
            self._answers(row.line, f"the title of category {category}", "title", category)
            self.mapping.titles[category] = code
            self._not_taken(row.lines["title"], code, "title of a document")

    def _code_or_group(self, node: Node) -> Code | None:
        found = _of_context_group(node)
        if found is not None and not self._ours and not is_group(int(found.value)):
            what = f"CID {found.value} is no context group of PS3.16 as this version of the bridge has it"
            self._fault(node.line, f"{what}; list its codes")
        return found or self._parsed(node, "")

    def _template(self, row: Map) -> None:
        known = {"template", "name", "titles", "classes", "measurements", "category", "report", "source"}
        self._known(row, known | {"sites", "laterality"})
        template, category = self._text(row, "template"), self._text(row, "category")
        how = self._text(row, "measurements")
        if how not in (None, "each", "folded"):
            self._fault(row.lines["measurements"], f"measurements {how!r}; say each or folded")
        sided = self._text(row, "laterality", needed=False)
        if sided not in (None, "section"):
            self._fault(row.lines["laterality"], f"laterality {sided!r}; say section, or nothing")
        self._one_of(row, "category", OBSERVATIONS, "the code system observation-category")
        self._one_of(row, "report", REPORTS, "HL7 table 0074")
        if template:
            self._identifier(row.lines["template"], template)
        if template and category:
            self._answers(row.line, f"template {template}", "template", template)
            titles = [(one.line, code) for one in self._list(row, "titles") if (code := self._code_or_group(one))]
            found = Template(
                template,
                how == "each",
                category,
                self._text(row, "report", needed=False),
                self._text(row, "name", needed=False) or "",
                tuple(code for _, code in titles),
                tuple(self._classes(row)),
                self._text(row, "source", needed=False) or "",
                tuple(code for one in self._list(row, "sites") if (code := self._code_or_group(one))),
                sided is not None,
                self._folder,
            )
            self.mapping.templates[template] = found
            if self._ours:
                self._shipped.add(template)
            for line, code in titles:
                self._titled.append(_Titled(found, code, self._at(line)))
                self._not_taken(line, code, "title of a document")

    def two_answers(self) -> None:
        """Of a document that names no template, by its title: of two rows of a folder that read it otherwise they are a
        fault; what a site's row takes from another folder's, or leaves it, is remarked."""
        titled = [one for one in self._titled if self.mapping.templates[one.row.template] is one.row]
        for number, now in enumerate(titled):
            for before in titled[:number]:
                if _reads(before.row) != _reads(now.row):
                    self._beside(now, before)

    def _beside(self, now: _Titled, before: _Titled) -> None:
        of = f"a document titled {before.title.scheme} {before.title.value} that names no template is of template"
        if before.row.folder == now.row.folder:
            of_both = {before.row.template, now.row.template} <= self._shipped
            if _meet(before.title, now.title) and not of_both:
                what = f"{of} {before.row.template} already at {before.place}"
                self.faults.append(f"{now.place}: {what}; keep the title in one row")
        elif now.title.same(before.title):
            self.remarks.append(
                f"{now.place}: {of} {now.row.template}, and not {before.row.template} of {before.place}"
            )
        elif now.title.scheme == "CID" and is_in(int(now.title.value), before.title.scheme, before.title.value):
            self.remarks.append(f"{now.place}: {of} {before.row.template} of {before.place}, which names it itself")

    def _classes(self, row: Map) -> Iterator[str]:
        for one in self._list(row, "classes"):
            text = one.text if isinstance(one, Text) else ""
            if not isinstance(one, Text):
                self._fault(one.line, "a SOP class that is no text; write 88.33")
            elif text.startswith(_SOP_CLASSES):
                what = f"{text!r} is a whole SOP Class UID; write {text.removeprefix(_SOP_CLASSES)}"
                self._fault(one.line, what)
            elif not re.fullmatch(r"[1-9]\d*(\.(0|[1-9]\d*))*", text, re.ASCII):
                self._fault(one.line, f"{text!r} is no part of a SOP Class UID; write 88.33")
            else:
                if not self._ours and UID(f"{_SOP_CLASSES}{text}").type != "SOP Class":
                    self._remark(one.line, f"{text!r} is no SOP class of PS3.6 as this version of the bridge has it")
                yield f"{_SOP_CLASSES}{text}"

    def _identifier(self, line: int, template: str) -> None:
        """Template Identifier (0040,DB00) is CS, PS3.5 6.2, and in PS3.16 a number."""
        found = re.fullmatch(r"TID ?(\d+)", template, re.IGNORECASE)
        if found is not None:
            self._fault(line, f"template {template!r}, which documents call by its number; write {found[1]}")
        elif template.isdecimal() and template.startswith("0") or re.fullmatch(r"\d+(_\d+)+", template):
            number = template.replace("_", "").lstrip("0") or "1500"
            self._fault(line, f"template {template!r} is not how documents write a number; write {number}")
        elif template != "*" and not re.fullmatch(r"(?! )[A-Z0-9_ ]{1,16}(?<! )", template):
            what = f"template {template!r} is no Template Identifier: capitals, digits, _ and blanks, 16 at most"
            self._fault(line, f"{what}; write the number of PS3.16, or the identifier of your own")


def _of_context_group(node: Node) -> Code | None:
    """`CID 7000`: any code of a context group."""
    found = re.fullmatch(r"CID ([1-9]\d*)", node.text) if isinstance(node, Text) else None
    return Code(found[1], "CID", "") if found else None


def _meet(one: Code, other: Code) -> bool:
    """Whether both answer for a title: a code is nearer than a group, which answers for what no row names."""
    if one.scheme == other.scheme == "CID":
        return share(int(one.value), int(other.value))
    return one.same(other)


def _reads(row: Template) -> Template:
    """How it reads a document, whichever that is."""
    return row._replace(template="", name="", titles=(), classes=(), source="", folder=0)
