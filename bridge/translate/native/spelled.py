"""What FHIR values are in words, where they have no SR form of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bridge.model.extensions import values_of
from bridge.model.names import INTERVAL_UNIT_URL, INTERVAL_URL
from bridge.translate.basis.node import Home
from bridge.translate.basis.ranges import of_quantity, of_range

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def printable(text: str) -> str:
    """Control characters but the line feed become blanks: dciodvfy refuses them in UT."""
    return _CONTROL.sub(" ", text)


def spelled_out(home: Home) -> str | None:
    """A value that has no SR form of its own. Nothing that changes its meaning may be missing."""
    for key, value in home.items():
        if key.startswith("value") and (words := _WORDS.get(key, str)(value)):
            return printable(words)[:1024].strip() or None
    return None


def _of_ratio(value: Home) -> str:
    return " : ".join(of_quantity(value[part]) if part in value else "?" for part in ("numerator", "denominator"))


def _of_period(value: Home) -> str:
    return f"{value.get('start', '')} - {value.get('end', '')}"


def _of_concept(value: Home) -> str:
    codings = value.get("coding", [{}])
    return str(value.get("text") or codings[0].get("display") or codings[0].get("code") or "")


def _of_samples(value: Home) -> str:
    """What they are; the samples themselves are no words. A value is `sample * factor + origin` (R4 SampledData). What
    R5 says between them, and is no time, is an extension in R4."""
    dimensions, samples = value.get("dimensions", 1), len(value.get("data", "").split())
    many = f"{samples} samples" if str(dimensions) == "1" else f"{samples} samples in {dimensions} dimensions"
    said = [f"sampled data: {many}"]
    said += [f"one every {value['period']} {_unit_of_period(value)}"] if "period" in value else []
    said += [f"one every {of_quantity(one)}" for one in _intervals(value) if "period" not in value]
    said += [f"origin {of_quantity(value['origin'])}"] if "origin" in value else []
    said += [f"factor {value['factor']}"] if "factor" in value else []
    said += [f"{name} limit {value[f'{name}Limit']}" for name in ("lower", "upper") if f"{name}Limit" in value]
    return ", ".join(said)


def _unit_of_period(value: Home) -> str:
    """ms (R4), unless HL7's extension says that of R5 in its place."""
    return next(filter(None, values_of(value, INTERVAL_UNIT_URL, "valueCode")), "ms")


def _intervals(value: Home) -> list[Home]:
    return values_of(value, INTERVAL_URL, "valueQuantity")


_WORDS: dict[str, Callable[[Any], str]] = {
    "valueQuantity": of_quantity,
    "valueRange": of_range,
    "valueRatio": _of_ratio,
    "valuePeriod": _of_period,
    "valueCodeableConcept": _of_concept,
    "valueSampledData": _of_samples,
}
