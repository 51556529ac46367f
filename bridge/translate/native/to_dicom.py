"""Resources -> content tree and header, natively. Each node remembers the FHIR element that it stems from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.mapping.mapping import Mapping
from bridge.model.content import ByReference, Code, Coded, Container, Plain, Reference
from bridge.model.dataset import DataSet, Element, merged, text_of
from bridge.model.group import Group, Resource
from bridge.model.names import COMPOSITION_URL
from bridge.model.references import without_version
from bridge.model.status import WITHDRAWN
from bridge.model.tags import STUDY_UID
from bridge.translate.basis import times
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import LAST, Home, Node, element_id
from bridge.translate.header import header
from bridge.translate.header.observers import add_context, authors_named
from bridge.translate.header.person_observer import PERSON_NAME
from bridge.translate.header.study import evidence_elements
from bridge.translate.header.verifiers import is_verifier
from bridge.translate.native import documents, ecg_report
from bridge.translate.native.conclusions import add_conclusions
from bridge.translate.native.habits import Habits, accustomed
from bridge.translate.native.items import Items
from bridge.translate.native.named_concepts import FINDING, VALUE_UNKNOWN
from bridge.translate.native.observed import observed_at
from bridge.translate.native.own_context import own_context
from bridge.translate.native.own_words import OF_SECTION
from bridge.translate.native.participants import PERSONS
from bridge.translate.native.private_schemes import identification
from bridge.translate.native.refused import refuse
from bridge.translate.native.sections import authors_of_sections, said_in
from bridge.translate.native.specimens import unseen_of_report
from bridge.translate.native.spelled import printable

_UNAUTHORED = (
    "a section or a result has an author or performer of its own, whom no item names: a DICOM reader does not see who"
    " wrote the Composition"
)
_UNINTERPRETED = (
    "DiagnosticReport.resultsInterpreter: beside a Composition, of which the authors observed, a DICOM reader does not"
    " see it; name who interpreted as an author"
)
_SEVERAL = "a report names several who interpreted or performed it: a DICOM reader sees the first of them alone"
_IN_ERROR, _LOOP = "what is in error", "the panel that the result is in, or itself"
_UNNAMED = "a result has a performer whom no item names: a DICOM reader does not see who interpreted the report"


@dataclass(frozen=True, slots=True)
class DicomImage:
    header: DataSet
    root: Node
    warnings: list[str]
    observers: list[tuple[Node, Home]]  # of a document born in FHIR: the item of a name, and the reference to whom


def native_dicom(
    group: Group, mapping: Mapping, known: Known, zone: str | None = None, habits: Habits | None = None
) -> DicomImage:
    """`zone` and `habits` are those of a document born in DICOM; one born in FHIR has the zone of its report."""
    refuse(group)
    builder = _Builder(group, mapping, known, zone, habits or {})
    root = builder.root()
    made, warnings = header.header_of(
        group, builder.composition, builder.effective, builder.find, mapping, builder.known
    )
    accustomed(root, habits or {})
    more = [*builder.evidence(root, made), *identification(root, group)]
    return DicomImage(merged(made, more) if more else made, root, [*warnings, *builder.warnings], builder.observers)


class _Builder(Items):
    """The document: its title, its sections, its evidence."""

    def __init__(self, group: Group, mapping: Mapping, known: Known, zone: str | None, habits: Habits) -> None:
        super().__init__(group, mapping, known, zone, habits)
        self.observers: list[tuple[Node, Home]] = []
        self.composition = self._composition_of(group.root)
        if self.composition is not None:  # its sections are the document, and not those of a template
            self.template = None

    def evidence(self, root: Node, made: DataSet) -> Iterator[Element]:
        """All that the studies of a document born in DICOM name; of one born in FHIR, what its items refer to."""
        own = header.born_uid(self.group.root)
        studies = [one for one in self.group.members if one["resourceType"] == "ImagingStudy"]
        wanted = None if own else set(_instances(root))
        return evidence_elements(studies, own, text_of(made, STUDY_UID) or "", wanted) if studies else iter(())

    def _composition_of(self, report: Resource) -> Resource | None:
        for extension in report.get("extension", ()):
            if extension.get("url") == COMPOSITION_URL:
                return self._standing(self.find(extension.get("valueReference", {})))
        return None

    def _standing(self, composition: Resource | None) -> Resource | None:
        if self.born or composition is None or composition.get("status") != "entered-in-error":
            return composition
        self.warnings.append("the Composition is entered-in-error: the report is translated without it")
        return None

    def root(self) -> Node:
        root = self.group.root
        if root["resourceType"] == "DiagnosticReport":
            self.title = self.mapping.concept(root.get("code", {})) or self.mapping.title(None)
            node = Node(Container("SEPARATE"), self.title, root)
            self._report(root, node)
            if not self.born or "dated" in self.habits:
                node.rest = merged(node.rest, times.observation_datetime(observed_at(root), self.zone))
        else:
            self.title = documents.TITLE if self.template else self.mapping.title(_category(root, self.mapping))
            node = Node(Container("SEPARATE"), self.title, None)
            self._begin(node)
            self._observation(root, self._place(root, node), None, self.effective)
        for member in self.group.members:  # what the group owns but nothing led to
            if member["resourceType"] == "Observation" and id(member) not in self.done:
                self._observation(member, node, None, self.effective)
        if self.template == ecg_report.TEMPLATE:
            ecg_report.finish(node)
        if not self.born:
            self.warnings += own_context(node, self.mapping)
            node.unnumber()
        node.sort()
        self._number_inferences(node)
        self.warnings += self._unsaid(node)
        return node

    def _unsaid(self, root: Node) -> Iterator[str]:
        """One line for each kind, with its number and the first item."""
        said, places = {id(node): what for node, what in self.unsaid}, dict[str, list[str]]()
        for path, node in root.walk() if said else ():
            if (what := said.get(id(node))) is not None:
                places.setdefault(what, []).append(element_id((0, *path)))
        for what, found in places.items():
            yield f"{what}: {found[0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else "")

    def _number_inferences(self, root: Node) -> None:
        """By-reference relationships, once every item has its place."""
        if not self.inferred:
            return
        self._without(
            {id(node) for node, target in self.inferred if target.get("status") in WITHDRAWN}, _IN_ERROR, root
        )
        targets = {id(node): id(target) for node, target in self.inferred if node.number[0] == LAST}  # no item's
        self._without(set(_loops(root, frozenset(), targets)), _LOOP, root)
        places: dict[int, tuple[int, ...]] = {}

        def walk(node: Node, path: tuple[int, ...]) -> None:
            if node.home is not None:
                places.setdefault(id(node.home), path)
            for order, child in enumerate(node.children, 1):
                walk(child, (*path, child.number[0] if child.number[0] < LAST else order))

        walk(root, (1,))
        for node, target in self.inferred:
            node.value = ByReference(places.get(id(target), ()))

    def _without(self, gone: set[int], why: str, root: Node) -> None:
        if gone:
            _drop(root, gone)
            self.inferred = [(node, target) for node, target in self.inferred if id(node) not in gone]
            self.warnings.append(f"derivedFrom names {why}: {len(gone)} items do not say it")

    def _report(self, report: Resource, node: Node) -> None:
        if self.composition is not None:
            composition = self.composition if self.born else self._authored(report, self.composition)
            add_context(node, report, composition, self.find, self.mapping.concept)
            if not self.born:
                self.observers += authors_named(node, composition, self.find)
            context = len(node.children)
            self._section(self.composition, node, self.effective, top=True)
        else:
            self._begin(node)
            context = len(node.children)
            self._results(report, node)
        if self.composition is None or not self.born:  # else it is a copy of items
            self._conclusion(report, node, said=any(map(_says, node.children[context:])))
        results = (one for one in self.group.spoken() if one["resourceType"] == "Observation")
        if not self.born and (unseen := unseen_of_report(report, results)) is not None:
            self.warnings.append(unseen)
        self._folds(report, node, primitives=False, resource="DiagnosticReport")
        self._folds(report, node, primitives=True, resource="DiagnosticReport")

    def _authored(self, report: Resource, composition: Resource) -> Resource:
        """The Composition without authors whom not all has that is in it: results and sections inherit the observers of
        the document (PS3.3 C.17.5), and somebody else's would stand in the place of theirs."""
        authors = composition.get("author", [])
        interpreters = [one for one in report.get("resultsInterpreter", ()) if not is_verifier(one)]
        if not _who(authors).issuperset(_who(interpreters)):
            self.warnings.append(_UNINTERPRETED)
        others = any(_who(those) != _who(authors) for those in authors_of_sections(composition))
        persons = [one for one in authors if (self.find(one) or {}).get("resourceType") in PERSONS]
        if not persons or not (others or documents.is_observed_by_others(self.group, self.find)):
            return composition
        self.warnings.append(_UNAUTHORED)
        return composition | {"author": [one for one in authors if one not in persons]}

    def _begin(self, node: Node) -> None:
        root = self.group.root
        if self.born or (self.template is None and root["resourceType"] != "DiagnosticReport"):
            return
        others = documents.is_observed_by_others(self.group, self.find)
        if others and root.keys() & {"resultsInterpreter", "performer"}:
            self.warnings.append(_UNNAMED)
        people = [] if others else documents.observers_of(self.group, self.find)
        if len({name for _, name in people}) > 1:
            self.warnings.append(_SEVERAL)
        observer = next(iter(people), None)
        if self.template is not None:
            documents.begin(node, self.template, self.group, self.find, self.known, observer and observer[1])
        elif observer is not None:
            documents.add_person(node, observer[1])
        if observer is not None and root["resourceType"] == "DiagnosticReport":  # a result names its performer itself
            self.observers += [(one, observer[0]) for one in node.children if PERSON_NAME.same(one.concept)]

    def _place(self, observation: Resource | None, node: Node) -> Node:
        """Where the item of a result stands: in a measurement group, where the template wants one."""
        if observation is not None and self.template == ecg_report.TEMPLATE:
            return ecg_report.place_of(self.mapping.concept(observation.get("code", {})), node)
        if self.template != documents.MEASUREMENTS or observation is None:
            return node
        name = observation.get("id") or "measurement"
        return documents.measurement_group(node, name, self._observation_uid(observation) or "")

    def _results(self, report: Resource, node: Node) -> None:
        for reference in report.get("result", ()):
            target = self.find(reference)
            known = target is not None and target["resourceType"] == "Observation" and id(target) not in self.done
            self._member(reference, self._place(target, node) if known else node, self.effective)

    def _conclusion(self, report: Resource, node: Node, *, said: bool) -> None:
        """`said`: whether the document has content without it."""
        conclusion = printable(report.get("conclusion", "")).strip()
        if conclusion:
            whole = [(1, self.template == documents.NARRATIVE)]
            add_conclusions(node, conclusion, self.habits.get("conclusions", whole))
        elif not (said or self._is_left() or any(map(self.mapping.concept, report.get("conclusionCode", ())))):
            # a document must have content (PS3.3 C.17.3): one without says so
            node.add(Coded(VALUE_UNKNOWN), FINDING, None)
            unseen = [
                element for element in ("result", "presentedForm", "conclusionCode", "media") if element in report
            ]
            also = f": it does not see the report's {', '.join(unseen)}" if unseen else ""
            self.warnings.append(f"no result or conclusion is here: a DICOM reader sees Finding = Value unknown{also}")

    def _is_left(self) -> bool:
        """Whether there are results that nothing has led to: they come last."""
        return any(one["resourceType"] == "Observation" and id(one) not in self.done for one in self.group.members)

    def _section(self, section: Home, into: Node, effective: str | None, *, top: bool = False) -> None:
        for entry in section.get("entry", ()):
            self._member(entry, into, effective)
        for inner in section.get("section", ()):
            concept = self._heading(inner)
            words = {} if self.born else said_in(inner, concept)
            if top and "id" not in inner and "code" not in inner and concept is None and not words:
                self._section(inner, into, effective)  # the root's own leaves
                continue
            node = into.add(Container("SEPARATE"), concept, inner)
            for element, said in words.items():
                node.add(Plain("TEXT", said), OF_SECTION[element], None)
            self._section(inner, node, effective)

    def _heading(self, section: Home) -> Code | None:
        if "code" in section:
            return self.mapping.concept(section["code"])
        titled = not self.born and section.get("title", "").strip()
        return self.mapping.concept({"text": section["title"]}) if titled else None


def _drop(node: Node, gone: set[int]) -> None:
    node.children = [one for one in node.children if id(one) not in gone]
    for child in node.children:
        _drop(child, gone)


def _loops(node: Node, around: frozenset[int], targets: dict[int, int]) -> Iterator[int]:
    """Relationships to what they stand in: PS3.3 A.35.3.3.1.2 forbids them, and readers refuse the document."""
    inside = around if node.home is None else around | {id(node.home)}
    for child in node.children:
        if targets.get(id(child)) in inside:
            yield id(child)
        yield from _loops(child, inside, targets)


def _says(node: Node) -> bool:
    """Whether there is more to it than headings: of a section, whether anything in it says something."""
    if isinstance(node.value, Container) and node.home is not None and "resourceType" not in node.home:
        return any(map(_says, node.children))
    return not OF_SECTION["title"].same(node.concept)


def _who(references: list[Home]) -> set[str]:
    return {without_version(one) or one.get("display", "") for one in references}


def _instances(node: Node) -> Iterator[str]:
    if isinstance(node.value, Reference):
        yield node.value.sop_instance
    for child in node.children:
        yield from _instances(child)


def _category(observation: Resource, mapping: Mapping) -> str | None:
    """The first that has a title, whichever stands before it: profiles ask for one of their own beside HL7's."""
    codings = (coding for category in observation.get("category", ()) for coding in category.get("coding", ()))
    return next((code for coding in codings if (code := coding.get("code")) in mapping.titles), None)
