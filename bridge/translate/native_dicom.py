"""Resources -> content tree and header, natively. Each node remembers the FHIR element that it stems from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bridge.mapping.lens import LENSES, name_of, uid_of
from bridge.mapping.mapping import Mapping
from bridge.model.content import Code, Coded, Container, Num, Plain, Reference, Value
from bridge.model.dataset import Charset, DataSet, Element, encode_text
from bridge.model.group import Group, Number, Resource
from bridge.model.names import COMPOSITION_URL, DICOM_UID_SYSTEM
from bridge.model.sr import OBSERVATION_DATETIME, OBSERVATION_UID
from bridge.translate import times
from bridge.translate.generic import (
    DEVICE,
    DEVICE_PARTS,
    LANGUAGE,
    OBSERVER_TYPE,
    PERSON,
    PERSON_NAME,
    VALUE_UNKNOWN,
    reference_type,
)
from bridge.translate.identity import identity_elements
from bridge.translate.ids import Known, new_uid
from bridge.translate.remainder import canonical, digest, stripped

Home = dict[str, Any]
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
UNICODE: Charset = ("ISO_IR 192",)
_NO_DATE = "19000101"  # never the clock: the same input has the same output


@dataclass
class Node:
    """A content item in the making."""

    value: Value
    concept: Code | None
    home: Home | None              # the FHIR element it stems from
    number: tuple[int, int] = (0, 0)  # place among its siblings: the number the element id says, then order
    rest: DataSet = ()
    children: list[Node] = field(default_factory=list)
    relationship: str | None = None


@dataclass(frozen=True, slots=True)
class DicomImage:
    header: DataSet
    root: Node
    warnings: tuple[str, ...]


def native_dicom(group: Group, mapping: Mapping, known: Known) -> DicomImage:
    return _Builder(group, mapping, known).build()


class _Builder:
    def __init__(self, group: Group, mapping: Mapping, known: Known) -> None:
        self.group, self.mapping, self.known = group, mapping, known
        self.zone = known.zone
        self.warnings: list[str] = []
        self._done: set[int] = set()
        self._by_reference: dict[str, Resource] = {}
        for resource in group.resources():
            if "id" in resource:
                self._by_reference[f"{resource['resourceType']}/{resource['id']}"] = resource
                self._by_reference.setdefault(f"urn:uuid:{resource['id']}", resource)

    def build(self) -> DicomImage:
        root = self.group.root
        is_report = root["resourceType"] == "DiagnosticReport"
        composition = self._composition(root) if is_report else None
        effective = self._effective(root)
        if is_report:
            concept = self._concept(root.get("code", {}))
            node = Node(Container("SEPARATE"), concept or self.mapping.title(None), root)
            if composition is not None:
                self._context(composition, root, node)
                self._section(composition, node, effective, top=True)
            else:
                for reference in root.get("result", ()):
                    self._member(reference, node, effective)
                self._conclusion(root, node)
        else:
            node = Node(Container("SEPARATE"), self.mapping.title(_category(root)), None)
            self._observation(root, node, None, effective)
        # what the group owns but nothing led to still goes into the tree
        for member in self.group.members:
            if member["resourceType"] == "Observation" and id(member) not in self._done:
                self._observation(member, node, None, effective)
        _ordered(node)
        return DicomImage(self._header(root, effective, composition), node, tuple(self.warnings))

    # -- header ---------------------------------------------------------------------------------------------------
    def _header(self, root: Resource, effective: str | None, composition: Resource | None) -> DataSet:
        found: dict[int, Element] = {}

        def put(tag: int, vr: str, text: str) -> None:
            found[tag] = Element(tag, vr, encode_text(text, vr, UNICODE))

        study = next((self._by_reference.get(one.get("reference", "")) for one in root.get("imagingStudy", ())), None)
        identity = self._identity(root, effective)
        date, time = _date_and_time(effective, self.zone)
        uid = _own_uid(root) or new_uid(self.known.system, self.group.key, _digest(self.group))
        put(0x00080005, "CS", "ISO_IR 192")
        put(0x00080016, "UI", COMPREHENSIVE_SR)
        put(0x00080018, "UI", uid)
        put(0x00080020, "DA", date)
        put(0x00080023, "DA", date or _NO_DATE)
        put(0x00080030, "TM", time)
        put(0x00080033, "TM", time or "000000")
        for tag, vr in ((0x00080050, "SH"), (0x00080070, "LO"), (0x00080090, "PN"), (0x00100010, "PN"),
                        (0x00100020, "LO"), (0x00100030, "DA"), (0x00100040, "CS"), (0x00200010, "SH")):
            put(tag, vr, "")
        put(0x00080060, "CS", "SR")
        put(0x00080201, "SH", self.zone.replace(":", ""))
        put(0x0020000D, "UI", new_uid(self.known.system, "study", identity))
        put(0x0020000E, "UI", new_uid(self.known.system, "series", identity))
        put(0x00200011, "IS", "1")
        put(0x00200013, "IS", "1")
        for tag in (0x00081111, 0x0040A372):
            found[tag] = Element(tag, "SQ", ())
        status = root.get("status")
        put(0x0040A491, "CS", "PARTIAL" if status in ("partial", "preliminary", "registered") else "COMPLETE")
        put(0x0040A493, "CS", "UNVERIFIED")
        if self.group.patient is not None:
            self._shaped("patient", self.group.patient, found)
            found.update({element.tag: element for element in identity_elements(self.group.patient, UNICODE)})
        if study is not None:
            self._shaped("study", study, found)
        authors = (composition or {}).get("author", ())
        equipment: Home = next((one for one in authors if one.get("id") == "equipment"), {})
        if (device := self._by_reference.get(equipment.get("reference", ""))) is not None:
            self._shaped("equipment", device, found)
        return tuple(found[tag] for tag in sorted(found))

    def _shaped(self, shape: str, resource: Resource, found: dict[int, Element]) -> None:
        for pair in self.mapping.shapes[shape]:
            if pair.element in resource:
                try:
                    text = pair.lens.to_dicom(resource[pair.element])
                    found[pair.tag] = Element(pair.tag, pair.vr, encode_text(text, pair.vr, UNICODE))
                except (ValueError, IndexError):
                    self.warnings.append(f"{resource['resourceType']}.{pair.element} has no DICOM form")

    def _identity(self, root: Resource, effective: str | None) -> str:
        """Encounter, else patient and day, decide study and series; never the document, unless it was born in DICOM
        and brings its own, which no change of a reference may touch."""
        if own := _own_uid(root):
            return own
        encounter = root.get("encounter", {}).get("reference")
        if encounter:
            return str(encounter)
        subject = root.get("subject", {}).get("reference")
        return f"{subject}|{(effective or '')[:10]}" if subject else self.group.key

    def _conclusion(self, report: Resource, root: Node) -> None:
        """A report in words; and a document must have content (PS3.3 C.17.3): one without says so."""
        words = report.get("conclusion")
        if words and words.strip():
            root.children.append(Node(Plain("TEXT", re.sub(r"[\x00-\x08\x09\x0b-\x1f]", " ", words)),
                                      _dcm("121077", "Conclusion"), None, (1 << 30, len(root.children))))
        elif not root.children:
            root.children.append(Node(Coded(VALUE_UNKNOWN), _dcm("121071", "Finding"), None, (1 << 30, 0)))

    # -- context --------------------------------------------------------------------------------------------------
    def _context(self, composition: Resource, report: Resource, root: Node) -> None:
        language = composition.get("language")
        if language:
            home = report.get("_language") or {}
            code = Code(language, "RFC5646", _LANGUAGES.get(language) or language)
            root.children.append(Node(Coded(code), _dcm(LANGUAGE, "Language of Content Item and Descendants"), home,
                                      _number(home, len(root.children))))
        for author in composition.get("author", ()):
            observer = self._by_reference.get(author.get("reference", ""))
            if observer is None or author.get("id") == "equipment":
                continue
            person = observer["resourceType"] == "Practitioner"
            if not person and observer["resourceType"] != "Device":
                continue
            kind_of = _dcm(PERSON, "Person") if person else _dcm(DEVICE, "Device")
            root.children.append(Node(Coded(kind_of), _dcm(OBSERVER_TYPE, "Observer Type"), author,
                                      _number(author, len(root.children))))
            (self._person if person else self._device)(observer, root)

    def _person(self, practitioner: Resource, root: Node) -> None:
        for name in practitioner.get("name", ())[:1]:
            try:
                value = Plain("PNAME", name_of(name))
            except ValueError:
                continue
            root.children.append(Node(value, _dcm(PERSON_NAME, "Person Observer Name"), name,
                                      _number(name, len(root.children))))

    def _device(self, device: Resource, root: Node) -> None:
        for code, element in DEVICE_PARTS.items():
            part = device.get(element)
            if not part:
                continue
            home = part[0] if isinstance(part, list) else device.get(f"_{element}") or {}
            try:
                value = (Plain("UIDREF", uid_of([home])) if element == "identifier"
                         else Plain("TEXT", home["name"] if element == "deviceName" else part))
            except ValueError:
                continue
            root.children.append(Node(value, _dcm(code, _DEVICE_NAMES[code]), home, _number(home, len(root.children))))

    # -- content --------------------------------------------------------------------------------------------------
    def _composition(self, report: Resource) -> Resource | None:
        for extension in report.get("extension", ()):
            if extension.get("url") == COMPOSITION_URL:
                return self._by_reference.get(extension.get("valueReference", {}).get("reference", ""))
        return None

    def _section(self, section: Home, into: Node, effective: str | None, *, top: bool = False) -> None:
        for entry in section.get("entry", ()):
            self._member(entry, into, effective)
        for inner in section.get("section", ()):
            if top and "id" not in inner and "code" not in inner:
                self._section(inner, into, effective)  # the root's own leaves
                continue
            concept = self._concept(inner["code"]) if "code" in inner else None
            node = Node(Container("SEPARATE"), concept, inner, _number(inner, len(into.children)))
            into.children.append(node)
            self._section(inner, node, effective)

    def _member(self, reference: Home, into: Node, effective: str | None) -> None:
        target = self._by_reference.get(reference.get("reference", ""))
        if target is None:
            return
        if target["resourceType"] == "Observation":
            if id(target) not in self._done:
                self._observation(target, into, reference, effective)
        elif target["resourceType"] in ("ImagingStudy", "DocumentReference"):
            node = self._image(target, reference)
            if node is not None:
                node.number = _number(reference, len(into.children))
                into.children.append(node)

    def _image(self, target: Resource, reference: Home) -> Node | None:
        if target["resourceType"] == "ImagingStudy":
            uid = reference.get("identifier", {}).get("value", "").removeprefix("urn:oid:")
            sop_class = next((one["sopClass"]["code"] for series in target.get("series", ())
                              for one in series.get("instance", ()) if one["uid"] == uid), None)
            concept = None
        else:
            uid = target.get("masterIdentifier", {}).get("value", "").removeprefix("urn:oid:")
            sop_class = next((one.get("format", {}).get("code") for one in target.get("content", ())), None)
            concept = self._concept(target["type"]) if "type" in target else None
        if not uid or not sop_class or not sop_class.startswith("urn:oid:"):
            return None
        sop_class = sop_class.removeprefix("urn:oid:")
        return Node(Reference(reference_type(sop_class), sop_class, uid, whole=True), concept, reference)

    def _observation(self, observation: Resource, into: Node, reference: Home | None, outer: str | None) -> None:
        self._done.add(id(observation))
        node = self._item(observation, root=True)
        node.number = _number(reference or {}, len(into.children))
        effective = self._effective(observation)
        if self.group.root is observation or (effective and effective != outer):
            node.rest = self._observed(effective)
        uid = self._observation_uid(observation)
        if uid:
            node.rest += (Element(OBSERVATION_UID, "UI", encode_text(uid, "UI", ())),)
        into.children.append(node)
        for element in self.mapping.folds.values():
            if element in observation and not any(child.home is observation[element] for child in node.children):
                self._fold(observation, element, node)
        for component in observation.get("component", ()):
            child = self._item(component, root=False)
            child.number = _number(component, len(node.children))
            node.children.append(child)
        for member in (*observation.get("hasMember", ()), *observation.get("derivedFrom", ())):
            self._member(member, node, effective or outer)

    def _observation_uid(self, observation: Resource) -> str | None:
        """Its own, where it has one; a new one in a document of ours, so that it is found again."""
        said = [one for one in observation.get("identifier", ()) if one.get("system") == DICOM_UID_SYSTEM]
        if said:
            try:
                return uid_of(said)
            except ValueError:
                return None
        if _own_uid(self.group.root):
            return None
        return new_uid(self.known.system, "observation", str(observation.get("id") or self.group.key))

    def _observed(self, effective: str | None) -> DataSet:
        if effective is None:
            return ()
        try:
            dt = times.to_dicom(effective, self.zone)
        except ValueError:
            return ()
        return (Element(OBSERVATION_DATETIME, "DT", encode_text(dt, "DT", ())),)

    def _fold(self, observation: Resource, element: str, node: Node) -> None:
        concept = next(Code(value, scheme, _FOLD_NAMES.get(element, element))
                       for (scheme, value), name in self.mapping.folds.items() if name == element)
        code = self._concept(observation[element])
        if code is not None:
            node.children.append(Node(Coded(code), concept, observation[element],
                                      _number(observation[element], len(node.children))))

    def _item(self, home: Home, *, root: bool) -> Node:
        concept = self._concept(home.get("code", {}))
        return Node(self._value(home, root), concept, home)

    def _concept(self, coded: Home) -> Code | None:
        return self.mapping.concept(coded)

    def _value(self, home: Home, root: bool) -> Value:
        """The value type that value[x] says; what NUM cannot say becomes TEXT, what is not there Value unknown."""
        try:
            found = self._typed(home)
        except ValueError:
            found = None
        if found is not None:
            return found
        if root and "dataAbsentReason" not in home and not any(key.startswith("value") for key in home):
            return Container("SEPARATE")
        words = _in_words(home)
        return Plain("TEXT", words) if words else Coded(VALUE_UNKNOWN)

    def _typed(self, home: Home) -> Value | None:
        if "valueQuantity" in home:
            num = LENSES["quantity"].to_dicom(home["valueQuantity"])
            return num if isinstance(num, Num) else None
        if "valueCodeableConcept" in home:
            code = LENSES["concept"].to_dicom(home["valueCodeableConcept"])
            return Coded(code) if code else None
        if "valueString" in home:
            text = home["valueString"]
            try:
                return Plain("UIDREF", LENSES["uid-string"].to_dicom(text))
            except ValueError:
                return Plain("TEXT", LENSES["string"].to_dicom(text))
        if "valueBoolean" in home:  # CID 230 Yes-No
            return Coded(Code("373066001", "SCT", "Yes") if home["valueBoolean"] else Code("373067005", "SCT", "No"))
        if "valueInteger" in home:
            return Num((str(home["valueInteger"]),), Code("1", "UCUM", "no units"), None)
        if "valueDateTime" in home:
            if "T" not in home["valueDateTime"] and len(home["valueDateTime"]) == 10:
                return Plain("DATE", LENSES["date"].to_dicom(home["valueDateTime"]))
            return Plain("DATETIME", times.to_dicom(home["valueDateTime"], self.zone))
        if "valueTime" in home:
            return Plain("TIME", LENSES["time"].to_dicom(home["valueTime"]))
        return None

    def _effective(self, resource: Resource) -> str | None:
        period = resource.get("effectivePeriod", {})
        found: str | None = (resource.get("effectiveDateTime") or resource.get("effectiveInstant") or period.get("start")
                 or period.get("end") or resource.get("issued") or resource.get("meta", {}).get("lastUpdated"))
        if found is None and resource is self.group.root:
            self.warnings.append(f"{resource['resourceType']} has no time; Content Date is 1900-01-01")
        return found


_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "en-US": "English (United States)",
              "de-DE": "German (Germany)", "en-GB": "English (United Kingdom)"}
_DEVICE_NAMES = {"121012": "Device Observer UID", "121013": "Device Observer Name",
                 "121014": "Device Observer Manufacturer", "121015": "Device Observer Model Name",
                 "121016": "Device Observer Serial Number"}
_FOLD_NAMES = {"method": "Measurement Method", "bodySite": "Finding Site"}


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


def _number(home: Home, order: int) -> tuple[int, int]:
    """Place among the siblings: the last number of the element id, which survives insertions; else behind them."""
    last = str(home.get("id", "")).rpartition(".")[2]
    return (int(last), order) if re.fullmatch(r"\d{1,9}", last) else (1 << 30, order)


def _ordered(node: Node) -> None:
    node.children.sort(key=lambda child: child.number)
    for child in node.children:
        _ordered(child)


def _category(observation: Resource) -> str | None:
    return next((coding.get("code") for category in observation.get("category", ())
                 for coding in category.get("coding", ())), None)


def _own_uid(root: Resource) -> str | None:
    """SOP Instance UID of a document that was born in DICOM."""
    if root["resourceType"] != "DiagnosticReport":
        return None
    try:
        return str(uid_of(root.get("identifier", [])))
    except ValueError:
        return None


def _digest(group: Group) -> str:
    return digest(repr([canonical(stripped(resource)) for resource in group.resources()]))


def _date_and_time(effective: str | None, zone: str) -> tuple[str, str]:
    if effective is None:
        return "", ""
    try:
        dt = times.to_dicom(effective, zone)
    except ValueError:
        return "", ""
    day = dt[:8] if len(dt) >= 8 else (dt + "0101")[:8]
    return day, re.sub(r"[+-]\d{4}$", "", dt[8:])


def _in_words(home: Home) -> str | None:
    """A value that has no SR form of its own, as text: comparator and number, range, ratio, period."""
    for key, value in home.items():
        if key.startswith("value") and isinstance(value, dict):
            return " ".join(_words(value))[:1024] or None
        if key.startswith("value"):
            return re.sub(r"[\x00-\x08\x09\x0b-\x1f]", " ", str(value)).strip() or None
    return None


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for key, child in value.items() if key not in ("system", "code") for word in _words(child)]
    if isinstance(value, list):
        return [word for child in value for word in _words(child)]
    return [str(value)] if isinstance(value, str | int | Number) else []


