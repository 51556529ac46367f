"""Codes that readers of FHIR are better without: that of a unit which no system explains (FHIR R4 qty-3), and today's
that would stand beside a retired one (SRT) though the unit shows that something else was measured."""

from __future__ import annotations

from bridge.model.group import Group, Resource
from bridge.terminology.measured import is_of_another_unit
from bridge.terminology.schemes import SCT, SRT, UCUM
from bridge.terminology.snomed import sct_of
from bridge.translate.basis.node import Home

_LIMITS = ("low", "high")


def without_contradicted(home: Home) -> Home:
    """An Observation or component; the very same where its unit is none of another dimension. What is left says the
    code of the item still."""
    quantity, code = home.get("valueQuantity", {}), home.get("code", {})
    if quantity.get("system") != UCUM or "code" not in quantity or "coding" not in code:
        return home
    retired = [sct_of(one.get("code", "")) for one in code["coding"] if one.get("system") == SRT]
    wrong = [sct for sct in retired if sct is not None and is_of_another_unit(sct, quantity["code"])]
    left = [one for one in code["coding"] if one.get("system") != SCT or one.get("code") not in wrong]
    return home if len(left) == len(code["coding"]) else home | {"code": code | {"coding": left}}


def as_read_now(group: Group) -> Group:
    """Resources that an earlier bridge may have read, without such codes: that these are there is no edit. The very
    same where there are none."""
    made = {id(one): _as_read_now(one) for one in group.members if one["resourceType"] == "Observation"}
    return group.with_resources(made) if any(made.get(id(one), one) is not one for one in group.members) else group


def _as_read_now(observation: Resource) -> Resource:
    found = _home(observation)
    for name, each in (("component", _home), ("referenceRange", _range)):
        said = found.get(name, [])
        now = [each(one) for one in said]
        if any(one is not was for one, was in zip(now, said, strict=True)):
            found = found | {name: now}
    return found


def _home(home: Home) -> Home:
    home = without_contradicted(home)
    quantity = home.get("valueQuantity", {})
    return home | {"valueQuantity": _explained(quantity)} if _explained(quantity) is not quantity else home


def _range(limits: Home) -> Home:
    now = {name: _explained(limits[name]) for name in _LIMITS if name in limits}
    return limits | now if any(now[name] is not limits[name] for name in now) else limits


def _explained(quantity: Home) -> Home:
    """What says a unit in words need not say its code without system."""
    if "code" not in quantity or "system" in quantity or "unit" not in quantity:
        return quantity
    return {key: said for key, said in quantity.items() if key != "code"}
