"""Whose a document is: the subject of its root. Where that says none, the one of whom all results are that say one."""

from __future__ import annotations

from typing import Any

from bridge.model.group import Group, Resource
from bridge.model.references import unversioned

SubjectKey = tuple[object, ...]


def subject_of(group: Group) -> dict[str, Any]:
    """The subject element; empty where nobody is named, or more than one."""
    root = group.root
    if "subject" in root:
        said: dict[str, Any] = root["subject"]
        return said
    results = [one for one in group.spoken() if one["resourceType"] == "Observation"]
    named = [one["subject"] for one in results if one.get("subject")]
    subjects = group.index()
    keys = {subject_key(one, subjects) for one in named}
    inner = any(str(one.get("reference", "")).startswith("#") for one in named)  # an id that is its owner's
    return named[0] if len(keys) == 1 and not inner else {}


def subject_key(subject: Resource, subjects: dict[str, Resource]) -> SubjectKey:
    """Who is meant: the resource where it is here, else what the reference says."""
    reference = subject.get("reference")
    if reference is not None:
        target = subjects.get(reference)
        return ("resource", id(target)) if target is not None else ("reference", unversioned(reference))
    if "identifier" in subject:
        return ("identifier", subject["identifier"].get("system"), subject["identifier"].get("value"))
    return ("words", subject["display"].strip()) if "display" in subject else ()
