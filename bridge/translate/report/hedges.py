"""Words that turn a finding into another one: no, suspected, formerly. Not all that people write: who misses one is not
warned."""

from __future__ import annotations

import re

_WORDS = {  # in English, German, French, Spanish, Italian
    "not": r"""
        no not non none without absent absence free excluded? exclusion exclud\w+ denie[sd] neg negati\w+ ruled rule r/o
        kein\w* nicht ohne fehlend\w* ausschl\w+ ausgeschl\w+
        pas aucune? sans exclue?s? sin ning[uú]n\w* nessun\w* senza esclus\w+
    """,
    "perhaps": r"""
        suspect\w* suspicio\w+ possibl[ey] probabl[ey] presumed likely unlikely questionable differential
        verdacht\w* v\.a vermut\w+ fraglich\w* m[oö]glich\w* wahrscheinlich\w* dd
        soupçon sospech\w+ sospett\w+
    """,
    "once": r"""
        history status s/p former\w* previous\w* resolved family
        zustand z\.n anamnest\w* fr[uü]her\w* familienanamnese
        ant[eé]c[eé]dents?
    """,
}
_HEDGE = re.compile(
    "|".join(rf"(?P<{kind}>(?<!\w)(?:{'|'.join(words.split())})(?!\w))" for kind, words in _WORDS.items())
    + r"|(?P<doubt>\?)"
)
_ABBREVIATED = re.compile(r"\b([vz])\. (?=[an]\b)")


def hedges(text: str) -> set[str]:
    """The kinds of them in a text of small letters."""
    found = _HEDGE.finditer(_ABBREVIATED.sub(r"\1.", text))
    return {match.lastgroup for match in found if match.lastgroup}
