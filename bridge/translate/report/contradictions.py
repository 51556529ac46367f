"""Words beside a code or numbers that say something else: a DICOM reader sees what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bridge.model.group import Group, Resource, repetitions
from bridge.terminology.units import is_ucum, plain
from bridge.translate.native.asserted import Members, denials_in, is_as_qualified
from bridge.translate.native.shared_context import is_shared
from bridge.translate.report.hedges import hedges
from bridge.translate.report.odd_items import line


def homes_of(group: Group) -> Iterator[tuple[str, Resource]]:
    """Elements of the group that become content items, each with its type."""
    for resource in group.spoken():
        if resource["resourceType"] in ("Observation", "DiagnosticReport"):
            yield from ((resource["resourceType"], home) for home in (resource, *resource.get("component", ())))


def quantities_of(home: Resource) -> Iterator[tuple[str, Resource]]:
    """Every Quantity that a DICOM reader sees as number or in words, with its element."""
    if "valueQuantity" in home:
        yield "valueQuantity", home["valueQuantity"]
    said = [("referenceRange", one) for one in home.get("referenceRange", ())]
    said += [(name, home[name]) for name in _QUANTITIES if name in home]
    for element, one in said:
        yield from ((element, one[end]) for end in _ENDS if end in one)


_QUANTITIES = ("valueRange", "valueRatio", "valueSampledData")
_ENDS = ("low", "high", "numerator", "denominator", "origin")
"""Elements of those, or of a reference range, that are each a Quantity."""


def contradictions(group: Group) -> list[str]:
    """Words beside a code or numbers that say something else."""
    found: dict[str, list[str]] = {}
    members = denials_in(group.spoken())
    for kind, home in homes_of(group):
        for what, place in _contradictions(home, members):
            found.setdefault(what, []).append(f"{kind}.{place}")
    return [line(what, places) for what, places in found.items()]


UCUM = "http://unitsofmeasure.org"
_ALIKE = {("C", "Cel"), ("F", "[degF]")}  # coulomb and farad to UCUM, degrees to everybody else
_SAME = {"10*9/L": "10*3/uL", "10*12/L": "10*6/uL"}


_CALLED = {  # as people write units whose mistake is dangerous -> UCUM
    "mmhg": "mm[Hg]",
    "mm hg": "mm[Hg]",
    "°c": "Cel",
    "degc": "Cel",
    "celsius": "Cel",
    "°f": "[degF]",
    "degf": "[degF]",
    "fahrenheit": "[degF]",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "pounds": "[lb_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "inches": "[in_i]",
    "bpm": "/min",
    "mcg": "ug",
}
_COMPONENTS = (  # of a unit, as people write them -> UCUM
    (re.compile(r"[µμ]|^mc(?=g$|mol$|[Ll]$|kat$|Eq$|IU$|U$)"), "u"),
    (re.compile(r"^([munk]?)IU$"), r"\1[IU]"),
    (re.compile(r"(?<=^[mun])(?:Eq|EQ)$|^Eq$"), "eq"),
    (re.compile(r"^mm ?[Hh]g$"), "mm[Hg]"),
    (re.compile(r"^[x×]? ?10 ?[\^*Ee]\+?0*(\d+)$"), r"10*\1"),
    (re.compile(r"^(?:million|mill|mio)\.?$", re.IGNORECASE), "10*6"),
    (re.compile(r"^(?:thousand|thous|thou|tsd|K)\.?$", re.IGNORECASE), "10*3"),
    (re.compile(r"^cells?$", re.IGNORECASE), "1"),
    (re.compile(r"^hrs?$"), "h"),
    (re.compile(r"^secs?$"), "s"),
    (re.compile(r"^gms?$"), "g"),
)


_CONCEPTS = ("code", "valueCodeableConcept", "bodySite", "method", "interpretation", "conclusionCode")


def _contradictions(home: Resource, members: Members) -> Iterator[tuple[str, str]]:
    for element in _CONCEPTS:
        if element not in home:
            continue
        for concept in repetitions(home[element]):
            if "text" not in concept:
                continue
            displays = [one.get("display") for one in concept.get("coding", ())]
            if concept["text"] in displays:  # to the letter
                continue
            if element == "valueCodeableConcept" and (is_as_qualified(home, members) or is_shared(home)):
                continue
            text, said = _folded(concept["text"]), [*filter(None, map(_folded, displays))]
            if text and said and not any(_agree(text, one, element) for one in said):
                yield "the text is not that of the code, which a DICOM reader sees", element
    for one in home.get("referenceRange", ()):
        numbers = set(map(_number, _NUMBER.findall(one.get("text", ""))))
        limits = {_number(str(one[end]["value"])) for end in ("low", "high") if "value" in one.get(end, {})}
        if numbers and limits - numbers:
            yield "the text says other numbers than the limits", "referenceRange"
    for element, quantity in quantities_of(home):
        unit, code = quantity.get("unit"), quantity.get("code")
        if unit and code and _is_another(unit, code):
            yield "the unit is another than its code", element


def _agree(text: str, display: str, element: str) -> bool:
    """One may say more than the other, but not *no*, *suspected* or *formerly*."""
    if element == "bodySite":  # `left arm` of a left upper arm structure
        return text in display or display in text or {*text.split()} <= {*display.split()}
    short, long = sorted((text, display), key=len)
    return re.search(rf"(?<!\w){re.escape(short)}", long) is not None and hedges(text) == hedges(display)


@lru_cache(maxsize=4096)
def _is_another(unit: str, code: str) -> bool:
    if plain(unit.strip()) == plain(code):
        return False
    called = _CALLED.get(unit.strip().casefold()) or _as_ucum(unit)
    said = {_one_of(called), _one_of(called.replace("[IU]", "U")) if "[IU]" not in unit else ""}  # IU is U of an enzyme
    return is_ucum(called) and _one_of(code) not in said and (called, code) not in _ALIKE


def _as_ucum(unit: str) -> str:
    """Component by component."""
    return "".join(one if one in "/." else _component(one.strip()) for one in re.split(r"(/|\.(?=[A-Za-z]))", unit))


def _component(said: str) -> str:
    for written, ucum in _COMPONENTS:
        said = written.sub(ucum, said)
    return said


def _one_of(unit: str) -> str:
    """Of all units that are the same as this one."""
    bare = plain(unit)
    return _SAME.get(bare, bare)


def is_side_of_words(site: Resource) -> bool:
    """Alone. In a document born in DICOM, items say it: the element id tells."""
    said = [*filter(None, (_folded(one.get("display")) for one in site.get("coding", ())))]
    told = _sides_in(_folded(site.get("text")))
    return "id" not in site and bool(said) and bool(told - set[str]().union(*map(_sides_in, said)))


def _sides_in(words: str) -> set[str]:
    """Left and right is both, and who says both says either."""
    found = {side for side, called in _SIDES.items() if called.search(words)}
    return {"left", "right"} if "both" in found else found


_SIDES = {  # as people write them in English, German, French, Spanish, Italian
    "left": re.compile(r"\b(left|links\w*|linke[nrsm]?|gauche|izquierd[oa]|sinistr[oa])\b"),
    "right": re.compile(r"\b(right|rechts\w*|rechte[nrsm]?|droite?|derech[oa]|destr[oa])\b"),
    "both": re.compile(r"\b(bilateral\w*|both|beide[nrsm]?|beidseit\w*|bilatéral\w*|bilatérau\w*)\b"),
}
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def _number(text: str) -> str:
    """`3.50`, `3,5` and `-3.5`, for a text says `-3.5--1` or `3-4`."""
    found = text.removeprefix("-").replace(",", ".")
    return found.rstrip("0").rstrip(".") if "." in found else found


def _folded(text: str | None) -> str:
    return " ".join((text or "").casefold().split())
