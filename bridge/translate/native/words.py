"""What people call a concept where its Code Meaning does not say it (TID 1210, 1211): another text, or a display of
more than the 64 characters that a Code Meaning holds."""

from __future__ import annotations

from bridge.mapping.codings import code_meaning
from bridge.translate.basis.node import Home


def words_of(concept: Home, native: Home) -> str | None:
    """Of a CodeableConcept; None where `native`, which its code alone gives, says them already."""
    text: str | None = concept.get("text")
    cut = {one.get("display") for one in native.get("coding", ())}
    displays: list[str] = [one["display"] for one in concept.get("coding", ()) if "display" in one]
    whole = next((one for one in displays if _is_cut(one) and code_meaning(one) in cut), None)
    if whole is not None and text in (None, whole, native.get("text")):
        return whole
    return text if text != native.get("text") else None


def in_words(native: Home, words: str) -> Home:
    """The concept by its words; a display that was cut is whole again."""
    concept = {**native, "text": words}
    if _is_cut(words) and "coding" in native:
        cut = [one for one in native["coding"] if one.get("display") == code_meaning(words)]
        concept["coding"] = [one | {"display": words} if [one] == cut else one for one in native["coding"]]
    return concept


def _is_cut(text: str) -> bool:
    return len(text) > 64
