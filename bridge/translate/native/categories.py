"""Category of an Observation and of a DiagnosticReport: what searches and national profiles ask for."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.model.group import Resource
from bridge.terminology.categories import OBSERVATIONS, REPORTS
from bridge.translate.basis.codeable import codes_in
from bridge.translate.basis.node import Home
from bridge.translate.native.own_words import is_own

_OBSERVATION = "http://terminology.hl7.org/CodeSystem/observation-category"
_REPORT = "http://terminology.hl7.org/CodeSystem/v2-0074"


CATEGORY = ("category",)
"""The element that items say where it is another than what follows from title, concept and template."""


def same_categories(said: Iterable[Home], native: Iterable[Home]) -> bool:
    """Whether both lists hold the same codes, ignoring display and text."""
    return [*map(codes_in, said)] == [*map(codes_in, native)]


def category_of(code: str) -> Home:
    display = {"display": OBSERVATIONS[code]} if code in OBSERVATIONS else {}
    return {"coding": [{"system": _OBSERVATION, "code": code} | display]}


def report_category(code: str | None, members: Iterable[Resource]) -> Home | None:
    """What the template says; a report of nothing but laboratory results, whatever it concludes, is one of the
    laboratory."""
    if code is None:
        filed = [member for member in members if "category" in member]
        results = [one for one in filed if _is_of_laboratory(one) or not is_own(one)]
        code = "LAB" if results and all(map(_is_of_laboratory, results)) else None
    return None if code is None else {"coding": [{"system": _REPORT, "code": code, "display": REPORTS[code]}]}


def _is_of_laboratory(member: Resource) -> bool:
    return any(one.get("code") == "laboratory" for coded in member["category"] for one in coded.get("coding", ()))
