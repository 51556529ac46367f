"""Document -> resources, natively: what a FHIR client reads. What does not fit is left to the remainder."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.mapping.mapping import Mapping
from bridge.mapping.texts import uid_identifier
from bridge.model.content import ContentItem, Graphic, Path, Reference
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource, absent
from bridge.model.names import COMPOSITION_URL
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis import times
from bridge.translate.basis.canonical_units import in_canonical_units
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import Home, element_id
from bridge.translate.header import header
from bridge.translate.header.encounter import encounter_of
from bridge.translate.header.observers import EQUIPMENT, context_of
from bridge.translate.header.orders import orders_of
from bridge.translate.header.study import studies_of
from bridge.translate.header.verifiers import interpreters_of
from bridge.translate.native.asserted import is_quoted
from bridge.translate.native.categories import category_of, report_category
from bridge.translate.native.concluded import concluded_in
from bridge.translate.native.copies import narrative
from bridge.translate.native.dose_summary import SUMMARY, TEMPLATES, dose_summary
from bridge.translate.native.flow import is_flow, narrative_of
from bridge.translate.native.folded import folded_into
from bridge.translate.native.folds import folds_in
from bridge.translate.native.generic import Kind, kind
from bridge.translate.native.observations import Context, Observations
from bridge.translate.native.private_schemes import explain, systems_of
from bridge.translate.native.reading import Read
from bridge.translate.native.references import named, targets_in
from bridge.translate.native.shared_context import shared_by, shared_by_title
from bridge.translate.native.sites import Place, place_of
from bridge.translate.native.subject_context import THE_PATIENT, Subject, patient_in, subject_of_item

_EMPTY_DIV = '<div xmlns="http://www.w3.org/1999/xhtml">-</div>'


@dataclass(frozen=True, slots=True)
class FhirImage:
    group: Group
    homes: dict[Path, Home]  # content item -> the element that it became
    apart: frozenset[Path] = frozenset()  # results that would be components, did nothing deny all that is beside them


def native_fhir(
    document: Document,
    mapping: Mapping,
    known: Known,
    parts: frozenset[Path] = frozenset(),
    sections: frozenset[Path] = frozenset(),
    results: frozenset[Path] = frozenset(),
    *,
    ours: bool = False,
    read: Read = Read.NOW,
) -> FhirImage:
    """`parts`: items that are components, whatever their concept is of or stands against them; `sections`: containers
    that are sections, and `results`: that are Observations, whatever stands in them. `ours`: whether it was made from
    resources; `read`: by which rules it is read."""
    said = replace(document, root=in_canonical_units(document.root, mapping))
    return _Builder(said, mapping, known, parts=parts, sections=sections, results=results, ours=ours, read=read).build()


class _Builder(Observations):
    """The report and its sections."""

    def build(self) -> FhirImage:
        document, root = self.document, self.document.root
        self.zone = times.zone_of(document.header, self.known.zone)
        self.uid = text_of(document.header, SOP_INSTANCE_UID) or ""
        self.key = self.known.document or self.uid
        self.template = self.mapping.template(document.template, root.concept)
        self.title = root.concept
        self.status = header.status_of(document.header)
        self.patient = header.patient_of(document, self.mapping, self.known)
        self.subject: Home | None = {"reference": f"Patient/{self.patient['id']}"} if self.patient else None
        self.studies = studies_of(document, self.subject, self.zone, self.mapping, self.known)
        self.named = patient_in(document)
        self.targets = frozenset(targets_in(root))
        self.encounter = encounter_of(document.header, document.charset, self.known)
        effective = self._effective(root) or header.content_time(document.header, self.zone)
        self.dated = effective is not None
        around = self._said_around(root, ())
        place = place_of(around, Place(), self.mapping, self.template)
        planned = () if self.ours else shared_by_title(root.concept, self.mapping)
        shared = shared_by(around, planned, self.mapping, self.zone, headed=self.read >= Read.HEADED, ours=self.ours)
        context = Context(self.key, effective, self._about(root), place, shared=shared)
        report = self._report(root, context)
        self.homes[()] = report
        members = (self.composition, *self.studies.resources, *self.members)
        group = Group(report, members, self.patient, f"urn:oid:{self.uid}")
        if systems := systems_of(document.header):
            for resource in group.resources():
                explain(resource, systems)
        return FhirImage(group, self.homes, frozenset(self.apart))

    # -- report and its composition -----------------------------------------------------------------------------
    def _report(self, root: ContentItem, context: Context) -> Resource:
        composition = self.composition = self._composition(root, context)
        if is_flow(root) and (div := narrative_of(root, self.mapping, self.zone)) is not None:
            composition["text"] = {"status": "generated", "div": div}
        report: Resource = {
            "resourceType": "DiagnosticReport",
            "id": self.known.id("DiagnosticReport", self.key),
            "extension": [
                {"url": COMPOSITION_URL, "valueReference": {"reference": f"Composition/{composition['id']}"}}
            ],
            "status": self.status,
            "code": composition["type"],
        }
        if self.subject is not None:
            report["subject"] = composition["subject"] = self.subject
        if self.encounter is not None:
            report["encounter"] = self.encounter
        if context.effective:
            report["effectiveDateTime"] = context.effective
        if self.read >= Read.NOW and not self.ours and (orders := orders_of(self.document)):
            report["basedOn"] = orders
        if self.studies.resources:
            report["imagingStudy"] = [{"reference": f"ImagingStudy/{one['id']}"} for one in self.studies.resources]
        rest = self._observers(root, report)
        rest = self._report_folds(root, rest, report)
        report.setdefault("identifier", []).extend(uid_identifier(self.uid))
        self._sections(root, (), rest, composition, context)
        self._inferences()
        concluded = concluded_in(root, self.named, self.mapping, self.zone, impressions=self.nearer)
        if concluded:  # a copy: never read back
            report["conclusion"] = "\n".join(concluded)
        if interpreters := interpreters_of(self.document, self.key, self.known):
            report["resultsInterpreter"] = [{"reference": f"Practitioner/{one['id']}"} for one in interpreters]
            self.members += interpreters
        results = [
            {key: value for key, value in one.items() if key != "id"}
            for section in composition["section"]
            for one in _entries(section)
            if one["reference"].startswith("Observation/")
        ]
        if results:
            report["result"] = results
        self._summary(root, report)
        category = report_category(self.template.report, self.members)
        if category is not None and "category" not in report:
            report["category"] = [category]
        if not composition["section"]:
            del composition["section"]
        return report

    def _summary(self, root: ContentItem, report: Resource) -> None:
        """Of a dose report."""
        if self.template.template not in TEMPLATES:
            return
        identifier = self.known.id("Observation", f"{self.key}|{SUMMARY}")
        procedures = [one for event in self.composition.get("event", ()) for one in event["code"]]
        summary = dose_summary(root, self.homes, report, identifier, procedures)
        if summary is not None:
            summary["category"] = [category_of(self.template.category)]
            self.members.append(summary)
            reference = {"reference": f"Observation/{identifier}", "display": "Radiation dose summary"}
            report["result"] = [*report.get("result", ()), reference]

    def _report_folds(self, root: ContentItem, rest: list[int], report: Resource) -> list[int]:
        """Elements of the report that are items; returns the indices of the children that are not. What is part of a
        sentence, quoted, or about somebody else is no word of the report itself."""
        if is_quoted(root) or self._about(root) != THE_PATIENT:
            return rest
        flows = is_flow(root)
        for index, child, fold in folds_in(root, "DiagnosticReport", self.mapping, ours=self.ours):
            if flows and child.relationship == "CONTAINS":
                continue
            home = folded_into(report, child, fold, index + 1, self.mapping, self.zone) if index in rest else None
            if home is not None:
                self.homes[(index,)] = home
        return [index for index in rest if (index,) not in self.homes]

    def _about(self, root: ContentItem) -> Subject:
        return subject_of_item(self._said_around(root, ()), THE_PATIENT, self.named)

    def _composition(self, root: ContentItem, context: Context) -> Resource:
        return {
            "resourceType": "Composition",
            "id": self.known.id("Composition", self.key),
            **({"identifier": uid_identifier(self.uid)[0]} if self.nearer else {}),
            "status": header.composition_status(self.status),
            "type": self._code(root.concept),
            **({"date": context.effective} if context.effective else {"_date": absent()}),
            "author": [],
            "title": (root.concept.meaning if root.concept else "") or "Structured Report",
            "section": [],
        }

    def _observers(self, root: ContentItem, report: Resource) -> list[int]:
        """Language and observers; returns the indices of the children that are content."""
        context = context_of(root, self.key, self.known, self._code)
        if context.language is not None:
            report["language"] = self.composition["language"] = context.language
        self.members += context.resources
        self.homes |= {(index,): home for index, home in context.homes.items()}
        self.composition["author"] = [*context.authors, *self._equipment()] or [absent()]
        self.observers = _inherited(self.composition["author"])
        if context.performers:
            report["performer"] = context.performers
        if context.procedures:
            self.composition["event"] = [{"code": context.procedures}]
        return [index for index in range(len(root.children)) if index not in context.homes]

    def _equipment(self) -> list[Home]:
        """Of the header (PS3.3 C.7.5.1), beside the observers: it made the document, and may have measured nothing."""
        device = header.equipment_of(self.document, self.key, self.mapping, self.known)
        if device is None:
            return []
        self.members.append(device)
        return [{"id": EQUIPMENT, "reference": f"Device/{device['id']}"}]

    # -- content ------------------------------------------------------------------------------------------------
    def _sections(self, item: ContentItem, path: Path, indices: list[int], into: Home, context: Context) -> None:
        """Children of a section: containers become sections, leaves entries of it (of an unnamed one, at the root)."""
        for index in indices:
            child, at = item.children[index], (*path, index)
            place = kind(child, Kind.SECTION, self.mapping, each=self.template.each)
            place = Kind.OBSERVATION if at in self.results else Kind.SECTION if at in self.sections else place
            if place is Kind.SECTION:
                self._section(child, at, into, context)
                continue
            entry = self._entry(child, at, place, context)
            if entry is None:
                continue
            entry["id"] = element_id(at)
            if path:
                into.setdefault("entry", []).append(entry)
            else:
                into["section"].append({"entry": [entry]})

    def _section(self, item: ContentItem, at: Path, into: Home, context: Context) -> None:
        section: Home = {"id": element_id(at)}
        if item.concept is not None:
            if item.concept.meaning.strip():
                section["title"] = item.concept.meaning
            section["code"] = self._code(item.concept)
        self.homes[at] = section
        self._sections(item, at, list(range(len(item.children))), section, self._inner(item, at, context))
        if (div := narrative(item, self.mapping, self.zone)) is not None:
            section["text"] = {"status": "generated", "div": div}
        elif not section.keys() & {"entry", "section"}:
            section["text"] = {"status": "empty", "div": _EMPTY_DIV}
        into.setdefault("section", []).append(section)

    def _entry(self, item: ContentItem, at: Path, place: Kind, context: Context) -> Home | None:
        if place is Kind.REFERENCE and isinstance(item.value, Reference):
            reference = self._reference(item, item.value, at)
            self.homes[at] = reference
            return reference
        if place is Kind.OBSERVATION:
            return named(f"Observation/{self._observation(item, at, context)}", item)
        if place is Kind.PERSON:
            return self._person(item, at)
        if isinstance(item.value, Graphic) and place is Kind.SELECTION:
            return {"reference": f"Basic/{self._selection(item, item.value, at)}"}
        return None


def _inherited(authors: list[Home]) -> Resource:
    """Who observed: FHIR inherits nothing, so that every Observation says it."""
    said = [one["reference"] for one in authors if "reference" in one and one.get("id") != EQUIPMENT]
    people = [{"reference": one} for one in said if one.startswith(("Practitioner/", "PractitionerRole/"))]
    device = next(({"reference": one} for one in said if one.startswith("Device/")), None)
    return ({"performer": people} if people else {}) | ({"device": device} if device else {})


def _entries(section: Home) -> list[Home]:
    return [*section.get("entry", ()), *(one for inner in section.get("section", ()) for one in _entries(inner))]
