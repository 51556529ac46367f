"""Verifying Observers (PS3.3 C.17.2) -> DiagnosticReport.resultsInterpreter. Who has verified a document is said of
that instance: no report says it back, and an edit of one is verified by nobody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bridge.mapping.people import names_to_fhir
from bridge.model.dataset import items, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource, references_in, with_element
from bridge.model.tags import VERIFYING_OBSERVERS
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home

_ID = "verifying-observer-"
_VERIFYING = re.compile(_ID + r"[1-9]\d*")
"""Element ids of interpreters of a report that was made into the document which they have verified."""


def interpreters_of(document: Document, key: str, known: Known) -> list[Resource]:
    """Practitioners who verified it, each by his name: whoever verifies it next is another one."""
    found: list[Resource] = []
    called = Counter[str]()
    for observer in items(document.header, VERIFYING_OBSERVERS):
        name = (text_of(observer, 0x0040A075, document.charset) or "").strip()
        try:
            names = names_to_fhir(name) if name else []
        except ValueError:  # a name without any part
            names = []
        if names:
            called[name] += 1
            number = f"|{called[name]}" if called[name] > 1 else ""
            identifier = known.id("Practitioner", f"{key}|verifying|{name}{number}")
            found.append({"resourceType": "Practitioner", "id": identifier, "name": names})
    return found


def taken_verifiers(report: Resource) -> list[str]:
    """Takes away, in place, the interpreters that the document has given to a report which was read natively; returns
    what refers to them."""
    return [one["reference"] for one in report.pop("resultsInterpreter", ())]


def verified(report: Resource, verifiers: list[str]) -> None:
    """Adds them, in place, to the interpreters of the report that the document was made from."""
    if verifiers:
        said = ({"id": f"{_ID}{number}", "reference": one} for number, one in enumerate(verifiers, 1))
        report["resultsInterpreter"] = [*report.get("resultsInterpreter", ()), *said]


def is_verifier(interpreter: Home) -> bool:
    return bool(_VERIFYING.fullmatch(interpreter.get("id", "")))


def without_verifiers(group: Group) -> Group:
    """The group without the interpreters that the verification of its document has given it."""
    said = group.root.get("resultsInterpreter", ())
    others = [one for one in said if not is_verifier(one)]
    if len(others) == len(said):
        return group
    root = with_element(group.root, "resultsInterpreter", others)
    left = {one for resource in (root, *group.members) for one in references_in(resource)}
    index = group.index()
    gone = {id(index[one]) for one in _named(said) if one in index and one not in left}
    return group.less(gone).with_resources({id(group.root): root})


def _named(interpreters: list[Home]) -> Iterator[str]:
    return (one["reference"] for one in interpreters if is_verifier(one) and "reference" in one)
