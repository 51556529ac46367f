"""What a section of a Composition says in words: TEXT items in its container, in a document made from resources (FHIR
R4 composition.html). In one born in DICOM, title and narrative only repeat items."""

from __future__ import annotations

from bridge.model.content import Code
from bridge.translate.basis.node import Home
from bridge.translate.native.spelled import printable
from bridge.translate.native.xhtml import div_of, words_of

_NO_WORDS = "empty"
"""Status of a narrative that says nothing."""
_REASONS = {  # HL7 list-empty-reason, whose display is often left out
    "nilknown": "Nil Known",
    "notasked": "Not Asked",
    "withheld": "Information Withheld",
    "unavailable": "Unavailable",
    "notstarted": "Not Started",
    "closed": "Closed",
}


def said_in(section: Home, concept: Code | None) -> dict[str, str]:
    """Words, by element. `concept`: of its container, which says a title that is no other."""
    title, text = section.get("title", ""), section.get("text", {})
    called = concept is not None and concept.meaning.casefold() == title.strip().casefold()
    found = {
        "title": "" if called else title,
        "text": words_of(text.get("div", "")) if text.get("status") != _NO_WORDS else "",
        "emptyReason": _reason(section.get("emptyReason", {})),
    }
    return {element: words for element, said in found.items() if (words := printable(said).strip())}


def _reason(concept: Home) -> str:
    codings = concept.get("coding", ())
    said = (one.get("display") or _REASONS.get(one.get("code", "")) or one.get("code") for one in codings)
    return str(concept.get("text") or next(filter(None, said), ""))


def authors_of_sections(home: Home) -> list[list[Home]]:
    """References to who wrote a section of a Composition, or one within a section; of each that says so."""
    sections = home.get("section", ())
    return [who for one in sections for who in (one.get("author", []), *authors_of_sections(one)) if who]


def say(section: Home, element: str, words: str | None) -> None:
    """In place. What somebody has written is no narrative that was generated."""
    if words is None:
        section.pop(element, None)
    elif element == "text":
        section["text"] = {"status": "additional", "div": printable(div_of(words))}
    else:
        section[element] = words if element == "title" else {"text": words}
