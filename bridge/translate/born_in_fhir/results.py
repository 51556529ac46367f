"""Which Observations are results of a report born in FHIR: neither copies of what it says itself, nor the containers
that a template has around them (PS3.16 TID 1500, 2000)."""

from __future__ import annotations

from collections.abc import Collection

from bridge.model.content import Path
from bridge.model.group import Resource
from bridge.translate.born_in_fhir.as_made import name_of
from bridge.translate.native.documents import AROUND, CONCLUSIONS
from bridge.translate.native.named_concepts import FINDING
from bridge.translate.native.own_words import CONCLUSION, is_own
from bridge.translate.native.to_fhir import FhirImage


def copies_in(image: FhirImage) -> set[str]:
    """Observations that say what the report of a group born in FHIR says as its conclusion, and no more: alone, or as
    the one paragraph of a section (TID 2000); and those that say what a section of its Composition says."""
    return {name_of(one, 0) for one in image.group.members if one["resourceType"] == "Observation" and _repeats(one)}


def _repeats(observation: Resource) -> bool:
    said = observation.keys() - _OF_EVERY_RESULT
    if said == {"component"} and CONCLUSIONS.value in _codes(observation):
        return all(one.keys() <= _OF_PARAGRAPH and CONCLUSION.value in _codes(one) for one in observation["component"])
    return said == {"valueString"} and is_own(observation)


_OF_EVERY_RESULT = {
    "resourceType", "id", "status", "category", "code", "subject", "encounter", "effectiveDateTime", "performer",
    "device",
}  # fmt: skip
_OF_PARAGRAPH = {"id", "code", "valueString"}


def with_results(image: FhirImage, ours: Collection[Path]) -> None:
    """Lets the report name its results, in place, and neither its conclusion nor the containers that a template has
    around them. `ours`: items that resources of the group became."""
    report, copies, results = image.group.root, copies_in(image), list[Path]()
    for path in sorted(one for one, home in image.homes.items() if home.get("resourceType") == "Observation"):
        home = image.homes[path]
        no_result = path not in ours and (name_of(home, 0) in copies or is_around(home))
        if not no_result and (not results or path[: len(results[-1])] != results[-1]):  # else a member of that
            results.append(path)
    naming = [*report.pop("result", ())]
    naming += [member for one in image.group.members for member in one.get("hasMember", ())]
    said = {one["reference"]: {key: name for key, name in one.items() if key != "id"} for one in naming}
    names = [name_of(image.homes[one], 0) for one in results]
    if names:
        report["result"] = [said.get(name, {"reference": name}) for name in names]


def is_placeholder(observation: Resource) -> bool:
    """Whether it says *Finding = Value unknown* and no more, as a document of ours does that has no other content."""
    said = observation.keys() - _OF_EVERY_RESULT - {"extension"}
    reason = observation.get("dataAbsentReason", {})
    is_unknown = "text" not in reason and not _reasons(reason)
    return said == {"dataAbsentReason"} and FINDING.value in _codes(observation) and is_unknown


def _reasons(reason: Resource) -> set[str | None]:
    """Why there is no value, where that is known."""
    return {one.get("code") for one in reason.get("coding", ())} - {"unknown"}


def with_added(report: Resource, native: Resource, added: Collection[str]) -> None:
    """Lets the report name, in place, the results that were `added` in the place of a placeholder: what the report had
    in its own words was said beside that. `native`: the report as its items say it."""
    named = {one.get("reference") for one in report.get("result", ())}
    more = [one for one in native.get("result", ()) if one["reference"] in added and one["reference"] not in named]
    if more:
        report["result"] = [*report.get("result", ()), *more]


def is_around(observation: Resource) -> bool:
    return not AROUND.isdisjoint(_codes(observation))


def _codes(home: Resource) -> set[str | None]:
    return {one.get("code") for one in home["code"].get("coding", ())}
