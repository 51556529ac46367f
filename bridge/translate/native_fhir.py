"""Document -> resources, natively: what a FHIR client reads. What does not fit is left to the remainder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge.mapping.lens import person_name, uid_identifier
from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Coded, Container, ContentItem, Num, Plain, Reference, value_type
from bridge.model.dataset import DataSet, find, items, text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.names import ABSENT_URL, COMPOSITION_URL, DICOM_UID_SYSTEM, EXTENSION_BASE
from bridge.model.sr import OBSERVATION_DATETIME, OBSERVATION_UID, SOP_CLASS, SOP_INSTANCE
from bridge.terminology.schemes import uri_of
from bridge.translate import times
from bridge.translate.generic import (
    DEVICE,
    DEVICE_PARTS,
    LANGUAGE,
    OBSERVER_TYPE,
    PERSON,
    PERSON_NAME,
    Kind,
    is_code,
    kind,
    text,
)
from bridge.translate.identity import patient_identifier
from bridge.translate.ids import Known

Path = tuple[int, ...]
Home = dict[str, Any]

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_SOP_CLASS_SYSTEM = "urn:ietf:rfc:3986"
_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'


@dataclass(frozen=True, slots=True)
class FhirImage:
    group: Group
    homes: dict[Path, Home]  # content item -> the element that it became


def native_fhir(document: Document, mapping: Mapping, known: Known) -> FhirImage:
    return _Builder(document, mapping, known).build()


@dataclass(slots=True)
class _Context:
    """What DICOM inherits down the tree and FHIR repeats on every Observation."""

    key: str
    effective: str | None


@dataclass
class _Builder:
    document: Document
    mapping: Mapping
    known: Known
    members: list[Resource] = field(default_factory=list)
    homes: dict[Path, Home] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)  # taken already: the second of that name goes by its path

    def build(self) -> FhirImage:
        header, root = self.document.header, self.document.root
        self.charset = self.document.charset
        self.zone = times.zone_of(header, self.known.zone)
        self.key = text_of(header, SOP_INSTANCE_UID) or ""
        self.template = self.mapping.template(_template_id(root))
        self.status = _STATUS.get((text_of(header, 0x0040A491) or "", bool(items(header, 0x0040A360))), "final")
        self.patient = self._patient()
        self.study, self.instances = self._study()
        context = _Context(self.key, self._effective(root) or self._content_time())
        report = self._report(root, context)
        self.homes[()] = report
        self.members = [self.composition, *([self.study] if self.study else []), *self.members]
        members = tuple(self.members)
        return FhirImage(Group(report, members, self.patient, f"urn:oid:{self.key}"), self.homes)

    # -- header -------------------------------------------------------------------------------------------------
    def _shaped(self, shape: str, resource: Resource) -> Resource:
        for pair in self.mapping.shapes[shape]:
            found = text_of(self.document.header, pair.tag, self.charset)
            if found is None:
                continue
            try:
                resource[pair.element] = pair.lens.to_fhir(found)
            except ValueError:
                continue  # stays in the header, which the report carries
        return resource

    def _patient(self) -> Resource | None:
        identifier = patient_identifier(self.document.header, self.charset, self.known)
        if identifier is None:
            return None
        key = f"{identifier['system']}|{identifier['value']}"
        return self._shaped("patient", {"resourceType": "Patient", "id": self.known.id("Patient", key),
                                        "identifier": [identifier]})

    def _study(self) -> tuple[Resource | None, dict[str, str]]:
        """The ImagingStudy of this document, with the instances its evidence names; and their SOP classes."""
        uid = text_of(self.document.header, 0x0020000D)
        if uid is None:
            return None, {}
        study: Resource = {"resourceType": "ImagingStudy", "id": self.known.id("ImagingStudy", f"{self.key}|{uid}"),
                           "status": "available"}
        self._shaped("study", study)
        study["subject"] = self._subject() or _absent()
        classes: dict[str, str] = {}
        for sequence in (0x0040A375, 0x0040A385):
            for evidence in items(self.document.header, sequence):
                if text_of(evidence, 0x0020000D) == uid:
                    for series in items(evidence, 0x00081115):
                        self._series(series, study, classes)
        return study, classes

    def _series(self, series: DataSet, study: Resource, classes: dict[str, str]) -> None:
        instances = []
        for instance in items(series, 0x00081199):
            uid, sop_class = text_of(instance, SOP_INSTANCE), text_of(instance, SOP_CLASS)
            if uid and sop_class and uid not in classes:
                classes[uid] = sop_class
                instances.append({"uid": uid, "sopClass": _sop_class(sop_class)})
        uid = text_of(series, 0x0020000E)
        if uid and instances:
            modality = {"system": uri_of("DCM", EXTENSION_BASE), "code": "OT"}
            study.setdefault("series", []).append({"uid": uid, "modality": modality, "instance": instances})

    def _content_time(self) -> str | None:
        date = text_of(self.document.header, 0x00080023)
        return self._when((date or "") + (text_of(self.document.header, 0x00080033) or "")) if date else None

    def _effective(self, item: ContentItem) -> str | None:
        element = find(item.rest, OBSERVATION_DATETIME)
        if element is None or not isinstance(element.value, bytes):
            return None
        return self._when(element.value.decode("ascii", "replace").strip(" \0"))

    def _when(self, dt: str) -> str | None:
        try:
            return times.to_fhir(dt, self.zone)
        except ValueError:
            return None

    def _subject(self) -> Home | None:
        return {"reference": f"Patient/{self.patient['id']}"} if self.patient else None

    def _report(self, root: ContentItem, context: _Context) -> Resource:
        code = self._code(root.concept)
        composition_id = self.known.id("Composition", self.key)
        report: Resource = {
            "resourceType": "DiagnosticReport",
            "id": self.known.id("DiagnosticReport", self.key),
            "extension": [{"url": COMPOSITION_URL, "valueReference": {"reference": f"Composition/{composition_id}"}}],
            "identifier": uid_identifier(self.key),
            "status": {"registered": "final"}.get(self.status, self.status),
            "code": code,
        }
        composition: Resource = {
            "resourceType": "Composition", "id": composition_id,
            "status": {"partial": "preliminary", "corrected": "amended"}.get(self.status, self.status), "type": code,
            "date": context.effective or "1900-01-01", "author": [],
            "title": (root.concept.meaning if root.concept else "") or "Structured Report", "section": [],
        }
        self.composition = composition
        if (subject := self._subject()) is not None:
            report["subject"] = composition["subject"] = subject
        if context.effective:
            report["effectiveDateTime"] = context.effective
        if self.study:
            report["imagingStudy"] = [{"reference": f"ImagingStudy/{self.study['id']}"}]
        rest = self._context_items(root, report)
        self._sections(root, (), rest, composition, context)
        results = [one for section in composition["section"] for one in _entries(section)
                   if one["reference"].startswith("Observation/")]
        if results:
            report["result"] = [{"reference": one["reference"]} for one in results]
        composition["author"] = composition["author"] or [self._equipment()]
        if not composition["section"]:
            del composition["section"]
        return report

    def _equipment(self) -> Home:
        device = self._shaped("equipment", {"resourceType": "Device", "id": self.known.id("Device", self.key)})
        if len(device) == 2:
            return _absent()
        self.members.append(device)
        return {"id": "equipment", "reference": f"Device/{device['id']}"}

    # -- context: language, observers (TID 1204, 1001) ----------------------------------------------------------
    def _context_items(self, root: ContentItem, report: Resource) -> list[int]:
        """Takes the items that have a place outside the content; returns the indices of the others."""
        rest: list[int] = []
        device: Resource | None = None
        authors = self.composition["author"]
        for index, item in enumerate(root.children):
            home: Home | None = None
            leaf = not item.children
            code = item.value.code if isinstance(item.value, Coded) else None
            if is_code(item, LANGUAGE) and code and code.scheme == "RFC5646" and "language" not in report:
                report["language"] = self.composition["language"] = code.value
                home = report["_language"] = {"id": str(index + 1)}
            elif is_code(item, OBSERVER_TYPE) and leaf and code and code.value in (PERSON, DEVICE):
                kind_of = "Practitioner" if code.value == PERSON else "Device"
                observer: Resource = {"resourceType": kind_of, "id": self.known.id(kind_of, f"{self.key}|{index + 1}")}
                home = {"id": str(index + 1), "reference": f"{kind_of}/{observer['id']}"}
                authors.append(home)
                self.members.append(observer)
                device = observer
            elif is_code(item, PERSON_NAME) and (name := text(item, "PNAME")) and device and "name" not in device \
                    and device["resourceType"] == "Practitioner":
                home = _person(name)
                if home is not None:
                    home["id"] = str(index + 1)
                    device["name"] = [home]
            elif leaf and item.concept and item.concept.scheme == "DCM" and item.concept.value in DEVICE_PARTS \
                    and device and device["resourceType"] == "Device":
                home = _device_part(device, DEVICE_PARTS[item.concept.value], item, str(index + 1))
            if home is None:
                rest.append(index)
            else:
                self.homes[index,] = home
        return rest

    # -- content ------------------------------------------------------------------------------------------------
    def _sections(self, item: ContentItem, path: Path, indices: list[int], into: Home, context: _Context) -> None:
        """Children of a section: containers become sections, leaves entries of it (of an unnamed one, at the root)."""
        for index in indices:
            child, at = item.children[index], (*path, index)
            place = kind(child, Kind.SECTION, self.mapping, each=self.template.each)
            if place is Kind.SECTION:
                self._section(child, at, into, context)
                continue
            entry = self._entry(child, at, place, context)
            if entry is None:
                continue
            entry["id"] = ".".join(str(step + 1) for step in at)
            if path:
                into.setdefault("entry", []).append(entry)
            else:
                into["section"].append({"entry": [entry]})

    def _section(self, item: ContentItem, at: Path, into: Home, context: _Context) -> None:
        section: Home = {"id": ".".join(str(step + 1) for step in at)}
        if item.concept is not None:
            if item.concept.meaning.strip():
                section["title"] = item.concept.meaning
            section["code"] = self._code(item.concept)
        self.homes[at] = section
        self._sections(item, at, list(range(len(item.children))), section, self._inner(item, at, context))
        if not section.keys() & {"entry", "section"}:
            section["text"] = {"status": "empty", "div": f"{_DIV}-</div>"}
        into.setdefault("section", []).append(section)

    def _entry(self, item: ContentItem, at: Path, place: Kind, context: _Context) -> Home | None:
        if place is Kind.REFERENCE and isinstance(item.value, Reference):
            reference = self._reference(item, item.value, at)
            self.homes[at] = reference
            return reference
        if place is Kind.OBSERVATION:
            return {"reference": f"Observation/{self._observation(item, at, context)}"}
        return None

    def _inner(self, item: ContentItem, at: Path, context: _Context) -> _Context:
        """Anchors keep ids when something is inserted before: Observation UID, tracking UID, irradiation event UID."""
        anchor = _anchor(item)
        concept = f"{item.concept.scheme} {item.concept.value}" if item.concept else ""
        if anchor is None or anchor in self.anchors:
            parent = self.document.root
            for step in at[:-1]:
                parent = parent.children[step]
            earlier = sum(1 for sibling in parent.children[: at[-1]] if _same_name(sibling, item))
            anchor = f"{context.key}/{concept}#{earlier}"
        else:
            self.anchors.add(anchor)
            anchor = f"{self.key}|{anchor}"
        return _Context(anchor, self._effective(item) or context.effective)

    def _observation(self, item: ContentItem, at: Path, outer: _Context) -> str:
        context = self._inner(item, at, outer)
        category = self.mapping.category(item.concept) or self.template.category
        observation: Resource = {
            "resourceType": "Observation", "id": self.known.id("Observation", context.key),
            "status": {"partial": "preliminary"}.get(self.status, self.status),
            "category": [{"coding": [{"system": _CATEGORY, "code": category}]}],
            "code": self._code(item.concept),
        }
        self.members.append(observation)
        self.homes[at] = observation
        uid = find(item.rest, OBSERVATION_UID)
        if uid is not None and isinstance(uid.value, bytes):
            observation["identifier"] = _uid_identifier(uid.value.decode("ascii", "replace").strip(" \0"))
        if (subject := self._subject()) is not None:
            observation["subject"] = subject
        if context.effective:
            observation["effectiveDateTime"] = context.effective
        self._value(item, observation)
        for index, child in enumerate(item.children):
            self._child(child, (*at, index), observation, context)
        return str(observation["id"])

    def _child(self, child: ContentItem, at: Path, observation: Resource, context: _Context) -> None:
        number = str(at[-1] + 1)
        place = kind(child, Kind.OBSERVATION, self.mapping, each=self.template.each)
        if place is Kind.FOLD and child.concept and isinstance(child.value, Coded):
            element = self.mapping.folds[child.concept.scheme, child.concept.value]
            if element in observation:
                place = Kind.COMPONENT
            else:
                self.homes[at] = observation[element] = {"id": number, **self._code(child.value.code)}
        if place is Kind.COMPONENT:
            component: Home = {"id": number, "code": self._code(child.concept)}
            self._value(child, component)
            observation.setdefault("component", []).append(component)
            self.homes[at] = component
        elif place is Kind.REFERENCE and isinstance(child.value, Reference):
            reference = {"id": number, **self._reference(child, child.value, at)}
            observation.setdefault("derivedFrom", []).append(reference)
            self.homes[at] = reference
        elif place is Kind.OBSERVATION:
            member = {"id": number, "reference": f"Observation/{self._observation(child, at, context)}"}
            observation.setdefault("hasMember", []).append(member)

    def _code(self, concept: Code | None) -> Home:
        try:
            return self.mapping.coded(concept)
        except ValueError:  # a code that FHIR cannot spell
            return self.mapping.coded(None)

    def _value(self, item: ContentItem, into: Home) -> None:
        """value[x] by the lens of the value type; a data absent reason where there is no value that FHIR can hold."""
        value, kind_of = item.value, value_type(item.value)
        if isinstance(value, Container) or kind_of is None:
            return
        element, lens = self.mapping.values[kind_of]
        try:
            match value:
                case Plain("DATETIME", dt):
                    into[element] = times.to_fhir(dt, self.zone)
                case Plain(_, text):
                    into[element] = lens.to_fhir(text)
                case Coded(code) if code is not None:
                    into[element] = lens.to_fhir(code)
                case Num(values, _, _) if values:
                    into[element] = lens.to_fhir(value)
                case _:
                    raise ValueError("no value")
        except ValueError:
            reason = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
            into["dataAbsentReason"] = {"coding": [reason]}

    def _reference(self, item: ContentItem, value: Reference, at: Path) -> Home:
        """To the ImagingStudy where evidence names the instance and there is no concept, else a DocumentReference."""
        if item.concept is None and self.study and self.instances.get(value.sop_instance) == value.sop_class:
            return {"reference": f"ImagingStudy/{self.study['id']}",
                    "identifier": {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{value.sop_instance}"}}
        path = ".".join(str(step + 1) for step in at)
        document: Resource = {
            "resourceType": "DocumentReference", "id": self.known.id("DocumentReference", f"{self.key}|{path}"),
            "masterIdentifier": {"system": DICOM_UID_SYSTEM, "value": f"urn:oid:{value.sop_instance}"},
            "status": "current",
        }
        if item.concept is not None:
            document["type"] = self._code(item.concept)
        if (subject := self._subject()) is not None:
            document["subject"] = subject
        document["content"] = [{"attachment": {"contentType": "application/dicom"},
                                "format": _sop_class(value.sop_class)}]
        self.members.append(document)
        return {"reference": f"DocumentReference/{document['id']}"}


SOP_INSTANCE_UID = 0x00080018
_STATUS = {("PARTIAL", False): "partial", ("PARTIAL", True): "partial", ("COMPLETE", True): "amended"}
_ANCHORS = {("DCM", "112040"), ("DCM", "113769")}  # Tracking Unique Identifier, Irradiation Event UID


def _template_id(root: ContentItem) -> str | None:
    return next((text_of(one, 0x0040DB00) for one in items(root.rest, 0x0040A504)), None)


def _anchor(item: ContentItem) -> str | None:
    uid = find(item.rest, OBSERVATION_UID)
    if uid is not None and isinstance(uid.value, bytes):
        return uid.value.decode("ascii", "replace").strip(" \0")
    if not isinstance(item.value, Container):
        return None
    named = [child for child in item.children if child.concept and child.concept[1::-1] in _ANCHORS]
    return next((found for child in named if (found := text(child, "UIDREF"))), None)


def _same_name(one: ContentItem, other: ContentItem) -> bool:
    return one.concept is None is other.concept or (one.concept is not None and one.concept.same(other.concept))


def _entries(section: Home) -> list[Home]:
    return [*section.get("entry", ()), *(one for inner in section.get("section", ()) for one in _entries(inner))]


def _sop_class(uid: str) -> Home:
    return {"system": _SOP_CLASS_SYSTEM, "code": f"urn:oid:{uid}"}


def _uid_identifier(uid: str) -> list[Home]:
    try:
        return uid_identifier(uid)
    except ValueError:
        return [{"system": DICOM_UID_SYSTEM, "value": uid}]


def _absent() -> Home:
    return {"extension": [{"url": ABSENT_URL, "valueCode": "unknown"}]}


def _person(name: str) -> Home | None:
    try:
        return person_name(name)
    except ValueError:
        return None


def _device_part(device: Resource, element: str, item: ContentItem, number: str) -> Home | None:
    if element == "identifier":
        uid = text(item, "UIDREF")
        if uid is None or element in device:
            return None
        device[element] = [{"id": number, **_uid_identifier(uid)[0]}]
        home: Home = device[element][0]
        return home
    value = text(item, "TEXT")
    if value is None or not value.strip() or element in device:
        return None
    if element == "deviceName":
        home = {"id": number, "name": value, "type": "user-friendly-name"}
        device[element] = [home]
        return home
    device[element] = value
    device[f"_{element}"] = home = {"id": number}
    return home


