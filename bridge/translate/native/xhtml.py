"""Narrative (FHIR R4 narrative.html): XHTML <-> plain text. Nothing that changes the meaning may be missing: 10 to the
9th is 10^9, what is struck out is said to be, and a cell of a table keeps its column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser

_LINES = re.compile(r"\r\n|\r|\n")
_BLOCKS = frozenset(
    """
    address blockquote br caption center dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tbody tfoot thead tr ul
    """.split()
)
_AROUND = {
    "sup": ("^", ""),
    "q": ('"', '"'),
    **dict.fromkeys(("s", "strike", "del"), ("[struck out: ", "]")),
}
_NO_WORDS = frozenset({"script", "style"})


def in_div(paragraphs: Iterable[str]) -> str:
    return _div("".join(f"<p>{escape(one)}</p>" for one in paragraphs))


def div_of(words: str) -> str:
    """A paragraph for each line; as it stands, where that would lose blanks or empty lines."""
    said = "\n".join(_LINES.split(words)).strip()
    found = in_div(said.split("\n"))
    return found if words_of(found) == said else _div(f"<pre>{escape(said)}</pre>")


def words_of(div: str) -> str:
    reader = _Reader()
    reader.feed(div)
    reader.close()
    reader.end_line()
    return "\n".join(reader.lines).strip()


def _div(content: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line, self._mark = "", ""  # what is said since the last break; the bullet before it
        self._lists: list[int | None] = []  # number of the last item; None where they have no numbers
        self._cells, self._as_it_is, self._hidden = 0, 0, 0

    def end_line(self, *, empty: bool = False) -> None:
        line = self._line if self._as_it_is else " ".join(self._line.split())
        if line or empty:
            self.lines.append(self._mark + line)
            self._mark = ""
        self._line = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.end_line()
        if tag in ("ol", "ul"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._mark = self._bullet()
        elif tag == "tr":
            self._cells = 0
        elif tag in ("td", "th"):
            self._line += " | " if self._cells else ""
            self._cells += 1
        elif tag == "img":
            self._line += f"[image: {dict(attributes).get('alt') or 'no description'}]"
        self._as_it_is += tag == "pre"
        self._hidden += tag in _NO_WORDS
        self._line += _AROUND.get(tag, ("", ""))[0]

    def handle_endtag(self, tag: str) -> None:
        self._line += _AROUND.get(tag, ("", ""))[1]
        if tag in _BLOCKS and tag != "br":
            self.end_line()
        if tag in ("ol", "ul"):
            del self._lists[-1:]
        elif tag == "li":
            self._mark = ""
        self._as_it_is -= tag == "pre" and self._as_it_is > 0
        self._hidden -= tag in _NO_WORDS and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if not self._as_it_is:
            self._line += data
            return
        first, *others = _LINES.split(data)
        self._line += first
        for one in others:
            self.end_line(empty=True)
            self._line = one

    def _bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "
