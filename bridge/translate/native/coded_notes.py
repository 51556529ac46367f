"""A note whose extension says what it answers, and whose text is only the answer: HL7's `annotationType`, and the
`annotation-code` of genomics and of the Belgian laboratories. *No* alone would be read as a comment on the result; the
Comment says both: `lab-test-accreditation: No`."""

from __future__ import annotations

from bridge.model.names import EXTENSION_BASE
from bridge.translate.basis.codeable import displayed
from bridge.translate.basis.node import Home


def with_questions(notes: list[Home]) -> list[Home]:
    """Notes as a Comment says them."""
    return [one | {"text": f"{_asked(one)}{one['text']}"} if "text" in one and _asked(one) else one for one in notes]


def is_unsaid(note: Home) -> bool:
    """Whether an extension says of it what the Comment does not."""
    return any(not _words(one) for one in _extensions(note))


def _asked(note: Home) -> str:
    said = [*filter(None, map(_words, _extensions(note)))]
    return f"{'; '.join(said)}: " if said else ""


def _extensions(note: Home) -> list[Home]:
    return [one for one in note.get("extension", ()) if not one.get("url", "").startswith(EXTENSION_BASE)]


def _words(extension: Home) -> str:
    coding = extension.get("valueCoding")
    concept = extension.get("valueCodeableConcept", {"coding": [coding]} if coding else {})
    codes = (one["code"] for one in concept.get("coding", ()) if "code" in one)
    return str(concept.get("text") or displayed(concept) or next(codes, None) or extension.get("valueCode", "")).strip()
