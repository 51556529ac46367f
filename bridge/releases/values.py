"""Values and references that R4 and R5 say otherwise: where a release has no element, by HL7's cross-version extensions
(package hl7.fhir.uv.xver-r5.r4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, Overflow

from bridge.model.extensions import extensions_of, values_of
from bridge.model.group import Json, Number, absent, repetitions
from bridge.model.names import COMPARATOR_URL, CROSS_VERSION, INTERVAL_UNIT_URL, INTERVAL_URL
from bridge.model.references import type_of
from bridge.releases.in_place import Home, put_list

_MS = "ms"
_MILLISECONDS = {  # UCUM, exactly; months and years have no one length
    "ns": Decimal("0.000001"),
    "us": Decimal("0.001"),
    _MS: Decimal(1),
    "s": Decimal(1000),
    "min": Decimal(60_000),
    "h": Decimal(3_600_000),
    "d": Decimal(86_400_000),
    "wk": Decimal(604_800_000),
}
_NEW = {  # of R5 alone
    "codeMap": (f"{CROSS_VERSION}SampledData.codeMap", "valueCanonical"),
    "offsets": (f"{CROSS_VERSION}SampledData.offsets", "valueString"),
}
ALTERNATE = "http://hl7.org/fhir/StructureDefinition/alternate-reference"
"""On a Reference: to what its element may not refer."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """SampledData: `period` in ms in R4; `interval` in units of its own in R5, or none where `offsets` say each. What
    is no number of ms, which R4 demands, is absent there. An interval that R5 says in another unit goes along, for as
    long as nobody edits the period."""

    name: str

    def forth(self, home: Home) -> None:
        if not isinstance(data := home.get(self.name), dict):
            return
        said = _taken(data, INTERVAL_URL, "valueQuantity")
        unit = _taken(data, INTERVAL_UNIT_URL, "valueCode")
        period, beside = data.pop("period", None), data.pop("_period", None)
        if said is not None and "value" in said and _milliseconds(said) == _number(period):
            data["interval"] = said["value"]
            data |= {"intervalUnit": said["code"]} if "code" in said else {}
        else:  # as HL7 has it, the unit of what stands in `period`
            data |= {} if period is None else {"interval": period}
            data["intervalUnit"] = unit or _MS
        if beside is not None and beside != absent():
            data["_interval"] = beside
        for element, (url, value) in _NEW.items():
            if (found := _taken(data, url, value)) is not None:
                data[element] = found

    def back(self, home: Home) -> None:
        if not isinstance(data := home.get(self.name), dict):
            return
        interval, unit, beside = data.pop("interval", None), data.pop("intervalUnit", None), data.pop("_interval", None)
        said = {"value": interval} | ({} if unit is None else {"code": unit})
        period = None if interval is None else _milliseconds(said)
        if period is not None:
            data["period"] = interval if unit == _MS else Number(f"{period:f}")
        if interval is not None and unit != _MS:
            _put(data, INTERVAL_URL, "valueQuantity", said)
        elif interval is None and unit is not None and unit != _MS:
            _put(data, INTERVAL_UNIT_URL, "valueCode", unit)
        if beside is not None or period is None:
            data["_period"] = beside or absent()
        for element, (url, value) in _NEW.items():
            if element in data:
                _put(data, url, value, data.pop(element))


def _milliseconds(said: Json) -> Decimal | None:
    """None of what is no time, or not to be said exactly."""
    factor, value = _MILLISECONDS.get(said.get("code")), _number(said.get("value"))
    if factor is None or value is None or abs(value.adjusted()) > _DIGITS:
        return None
    try:
        return _EXACT.multiply(value, factor)
    except (Inexact, Overflow):
        return None


_DIGITS = 24
_EXACT = Context(prec=100, traps=[Inexact, Overflow])


def _number(value: Json) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | Number) else None


@dataclass(frozen=True, slots=True)
class Compared:
    """A Quantity: R4 has no comparator `ad`, without which the number would be another statement: the comparator is
    there, and has no value of R4."""

    name: str

    def forth(self, home: Home) -> None:
        quantity = home.get(self.name)
        if not isinstance(quantity, dict) or not isinstance(beside := quantity.get("_comparator"), dict):
            return
        code = _taken(beside, COMPARATOR_URL, "valueCode")
        if code is not None:
            quantity["comparator"] = code
        if not beside:
            del quantity["_comparator"]

    def back(self, home: Home) -> None:
        quantity = home.get(self.name)
        if isinstance(quantity, dict) and quantity.get("comparator") == "ad":
            _put(quantity.setdefault("_comparator", {}), COMPARATOR_URL, "valueCode", quantity.pop("comparator"))


@dataclass(frozen=True, slots=True)
class Alternate:
    """References, or one, to types that the other release does not allow there: HL7's extension says them."""

    name: str
    in_r4: Collection[str]  # alone
    in_r5: Collection[str]

    def forth(self, home: Home) -> None:
        self._change(home, self.in_r5, self.in_r4)

    def back(self, home: Home) -> None:
        self._change(home, self.in_r4, self.in_r5)

    def _change(self, home: Home, known: Collection[str], unknown: Collection[str]) -> None:
        for one in repetitions(home.get(self.name)):
            if not isinstance(one, dict):
                continue
            said = _alternate(one)
            if said is not None and type_of(said, None) in known and one.keys() == {"extension"}:
                _taken(one, ALTERNATE, "valueReference")
                one |= {**said, **({"extension": [*said.get("extension", ()), *one.get("extension", ())]})}
                put_list(one, "extension", one["extension"])
            elif type_of(one, None) in unknown:
                whole = {**one}
                one.clear()
                _put(one, ALTERNATE, "valueReference", whole)


def _alternate(reference: Home) -> Json:
    said = values_of(reference, ALTERNATE, "valueReference")
    return next((one for one in said if isinstance(one, dict)), None)


def _put(home: Home, url: str, element: str, value: Json) -> None:
    home["extension"] = [{"url": url, element: value}, *home.get("extension", ())]


def _taken(home: Home, url: str, element: str) -> Json:
    """The value of the first such extension, which is taken away in place."""
    found = next((one for one in extensions_of(home, url) if element in one), None)
    if found is None:
        return None
    put_list(home, "extension", [one for one in home["extension"] if one is not found])
    return found[element]
