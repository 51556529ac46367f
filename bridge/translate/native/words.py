"""What people call a concept where its Code Meaning does not say it (TID 1210, 1211): another text, a display of more
than the 64 characters that a Code Meaning holds, or an extension that says the code is excluded, or on which side."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.mapping.codings import meanings_of
from bridge.translate.basis.codeable import displays_in
from bridge.translate.basis.element_ids import WORDS, has_mark
from bridge.translate.basis.node import Home


def words_of(concept: Home, native: Home) -> str | None:
    """What people call a CodeableConcept; None where `native`, which its code alone gives, says it already."""
    words, beside = _words_of(concept, native), [*filter(None, (_side_of(concept), _certainty_of(concept)))]
    if not beside:
        return words
    codings = (one.get("display") or one.get("code") for one in concept.get("coding", ()))
    said = words or concept.get("text") or next(filter(None, codings), "")
    return f"{said} ({', '.join(beside)})"


def _certainty_of(concept: Home) -> str | None:
    """In the words of its code system; None where the diagnosis is certain, as the code alone says it."""
    said = (_CERTAINTIES[code] for code in _codes_in(concept, _CERTAINTY) if code in _CERTAINTIES)
    return next((f"Diagnosesicherheit: {one}" for one in said), None)


def _side_of(concept: Home) -> str | None:
    """None where its codings do not agree."""
    said = {_SIDES[code] for code in _codes_in(concept, _SIDE) if code in _SIDES}
    return said.pop() if len(said) == 1 else None


def _codes_in(concept: Home, extension: str) -> Iterator[str | None]:
    """Those that extensions of its codings say: two beside each other, in the base profiles of ICD-10-GM."""
    said = (more for one in concept.get("coding", ()) for more in one.get("extension", ()))
    return (one.get("valueCoding", {}).get("code") for one in said if one.get("url") == extension)


_CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
_CERTAINTIES = {  # KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT
    "A": "ausgeschlossen",
    "V": "Verdacht auf / zum Ausschluss von",
    "Z": "Zustand nach",
}
_SIDE = "http://fhir.de/StructureDefinition/seitenlokalisation"
_SIDES = {"L": "links", "R": "rechts", "B": "beidseits"}  # KBV_CS_SFHIR_ICD_SEITENLOKALISATION


def _words_of(concept: Home, native: Home) -> str | None:
    text: str | None = concept.get("text")
    cut = {one.get("display") for one in native.get("coding", ())}
    whole = next((one for one in displays_in(concept) if _is_cut(one) and meanings_of(one) & cut), None)
    if whole is not None and text in (None, whole, native.get("text")):
        return whole
    return text if text != native.get("text") else None


def in_words(native: Home, words: str) -> Home:
    """The concept by its words; a display that was cut is whole again."""
    concept = {**native, "text": words}
    if _is_cut(words) and "coding" in native:
        cut = [one for one in native["coding"] if one.get("display") in meanings_of(words)]
        concept["coding"] = [one | {"display": words} if [one] == cut else one for one in native["coding"]]
    return concept


def marked(concept: Home) -> Home:
    """In a document born in DICOM: there was an item that says the words, below that of the code. A primitive has no
    element id on HAPI."""
    if "coding" not in concept:
        return concept
    first, *others = concept["coding"]
    return concept | {"coding": [{"id": WORDS, **first}, *others]}


def is_marked(concept: Home) -> bool:
    return any(has_mark(one, WORDS) for one in concept.get("coding", ()))


def _is_cut(text: str) -> bool:
    return len(text) > 64
