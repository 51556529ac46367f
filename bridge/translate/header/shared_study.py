"""A study has one ImagingStudy, which lists all of it; a document names some of its instances as evidence (PS3.3
C.17.2.3). In a FHIR server the report refers to the one, and its own view of it is contained in the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.mapping.texts import uid_in
from bridge.model.group import Group, Json, Resource, reference_to, renamed
from bridge.model.names import EXTENSION_BASE
from bridge.translate.basis.ids import Known
from bridge.translate.header.imaging_study import shared_id
from bridge.translate.header.study import view_id

EVIDENCE_URL = f"{EXTENSION_BASE}/StructureDefinition/evidence"
"""On a DiagnosticReport: the contained ImagingStudy that holds what the document itself says of a study."""
_ITS_SUBJECT = {"type": "Patient"}
"""Subject of a view that is contained: that of the report."""
_OF_STUDY = frozenset("resourceType id identifier subject started procedureCode description".split())


def apart(resources: Sequence[Resource], known: Known) -> tuple[list[Resource], dict[str, Resource]]:
    """Contains, in the report, what a document from the PACS says of its studies. Returns its resources, the report
    first; and the contained views by the key of the ImagingStudy that is shared. `known.document` is what the views'
    ids go by."""
    views = {one["id"]: one for one in resources if _is_view(one, known)}
    if not views:
        return [one for one in resources if not is_shared(one, known)], {}
    renames = {reference_to(one): _key(one, known) for one in views.values()}
    left = [one for one in resources if one.get("id") not in views and not is_shared(one, known)]
    root, *members = (renamed(one, renames) for one in left)
    said = [{"url": EVIDENCE_URL, "valueReference": {"reference": f"#{name}"}} for name in views]
    root["extension"] = [*root.get("extension", ()), *said]
    root["contained"] = [*root.get("contained", ()), *(_of_report(one, root) for one in views.values())]
    return [root, *members], {_key(one, known): one for one in views.values()}


def together(group: Group, known: Known) -> Group:
    """Undoes `apart`: the group has its views in place of the shared ImagingStudies, of which nothing else than the
    study, and what the group itself refers to, is part of a document."""
    views = {_uid(one): _of_its_own(one, group.root) for one in _contained(group.root)}
    lean = {id(one): _lean(one, group) for one in group.members if _uid(one) and is_shared(one, known)}
    lean |= {id(one): views[_uid(one)] for one in group.members if _uid(one) in views}
    if not lean and not views:
        return group
    names = {f"ImagingStudy/{shared_id(uid, known)}": reference_to(view) for uid, view in views.items() if uid}
    names |= {said: reference_to(lean[id(one)]) for said, one in group.index().items() if id(one) in lean}
    made = {id(one): lean.get(id(one)) or renamed(_without_views(one), names) for one in group.whole()}
    group = group.with_resources(made, names)
    members = (*group.members, *(view for view in views.values() if view not in group.members))
    references = group.references
    if references is not None:  # else all that refers here says `Type/id`
        references = {**references, **{reference_to(view): view for view in views.values()}}
    return replace(group, members=members, references=references)


def of_pacs(group: Group, known: Known) -> set[str]:
    """Keys of the ImagingStudies that are no part of the document: their changes are none of its."""
    views = {_uid(one) for one in _contained(group.root)}
    return {reference_to(one) for one in group.members if is_shared(one, known) or (_uid(one) or "-") in views}


def is_shared(resource: Resource, known: Known) -> bool:
    uid = _uid(resource)
    return uid is not None and resource.get("id") == shared_id(uid, known)


def _is_view(resource: Resource, known: Known) -> bool:
    uid = _uid(resource)
    return uid is not None and known.document is not None and resource["id"] == view_id(known.document, uid, known)


def _key(view: Resource, known: Known) -> str:
    return f"ImagingStudy/{shared_id(_uid(view) or '', known)}"


def _uid(resource: Resource) -> str | None:
    """Study Instance UID of an ImagingStudy."""
    return uid_in(resource.get("identifier", [])) if resource["resourceType"] == "ImagingStudy" else None


def _of_report(view: Resource, root: Resource) -> Resource:
    """Without the reference to the report's own subject: HAPI's `$merge` fails where what is contained has one."""
    return view | {"subject": _ITS_SUBJECT} if view.get("subject") == root.get("subject") else view


def _of_its_own(view: Resource, root: Resource) -> Resource:
    reference = root.get("subject", {}).get("reference")
    return view | {"subject": {"reference": reference}} if reference and view.get("subject") == _ITS_SUBJECT else view


def _contained(root: Resource) -> list[Resource]:
    named = {one["valueReference"]["reference"] for one in root.get("extension", ()) if one.get("url") == EVIDENCE_URL}
    return [one for one in root.get("contained", ()) if f"#{one.get('id')}" in named and _uid(one)]


def _without_views(resource: Resource) -> Resource:
    views = _contained(resource)
    if not views:
        return resource
    left = {
        "extension": [one for one in resource["extension"] if one.get("url") != EVIDENCE_URL],
        "contained": [one for one in resource["contained"] if one.get("id") not in {view["id"] for view in views}],
    }
    return {key: left.get(key, value) for key, value in resource.items() if left.get(key, value) != []}


def _lean(study: Resource, group: Group) -> Resource:
    """The study, and of its instances those that the group refers to: it grows, and the document does not."""
    named = {uid for one in group.resources() for uid in _instances_in(one)}
    series = [
        {"uid": one["uid"], "modality": one["modality"], "instance": found}
        for one in study.get("series", ())
        if (found := [instance for instance in one.get("instance", ()) if instance["uid"] in named])
    ]
    lean = {key: value for key, value in study.items() if key in _OF_STUDY} | {"status": "available"}
    return lean | ({"series": series} if series else {})


def _instances_in(value: Json) -> Iterator[str]:
    """SOP Instance UIDs that references name beside the study."""
    if isinstance(value, dict):
        identifier: Mapping[str, Json] = value.get("identifier", {}) if "reference" in value else {}
        if isinstance(identifier, dict) and str(identifier.get("value", "")).startswith("urn:oid:"):
            yield identifier["value"].removeprefix("urn:oid:")
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _instances_in(child)
