"""Each kind of fault in a site's folder is named with file, line and remedy, all of them in one run."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.mapping.load import compiled, shipped
from tests.command_line import fhir_dicom


class Seed(NamedTuple):
    """A file with one fault."""

    line: int
    what: str
    text: str | bytes
    name: str = "site.yaml"


def concept(line: str) -> str:
    return f"concepts:\n  - {{{line}}}\n"


def row(more: str) -> str:
    return concept(f"fhir: LOINC 8867-4, dicom: LN 8867-4, name: Pulse{more}")


def shape(name: str, resource: str, rows: str) -> str:
    return f"shape: {name}\nfhir: {resource}\n{rows}\n"


def pairs(*rows: str) -> str:
    return shape("patient", "Patient", "pairs:\n" + "\n".join(f"  - [{one}]" for one in rows))


def device(*rows: str) -> str:
    return shape("equipment", "Device", "pairs:\n" + "\n".join(f"  - [{one}]" for one in rows))


def study(*rows: str) -> str:
    return shape("study", "ImagingStudy", "pairs:\n" + "\n".join(f"  - [{one}]" for one in rows))


def relations(text: str) -> str:
    return shape("observation", "Observation", f"relationships:{text}")


def observation(table: str, *rows: str) -> str:
    return shape("observation", "Observation", f"{table}:\n" + "\n".join(f"  - [{one}]" for one in rows))


METHOD = "SCT 370129005, Measurement Method, CODE, method, concept"
TITLE = "titles:\n  - {category: survey, title: LN 11329-0, name: History}\n"
TEMPLATE = "templates:\n  - {template: '1500', measurements: each, category: imaging%s}\n"


def templates(*rows: str) -> str:
    return "templates:\n" + "".join(
        f"  - {{template: {one}, measurements: each, category: laboratory}}\n" for one in rows
    )


SEEDS = {
    # the file
    "invalid YAML": Seed(2, "no valid YAML", "concepts:\n  - {fhir: [}\n"),
    "tab": Seed(2, "no valid YAML", "concepts:\n\t- {}\n"),
    "two documents": Seed(2, "no valid YAML", "concepts: []\n---\nconcepts: []\n"),
    "control character": Seed(2, "control character", "concepts:\n  - {name: 'a\x07'}\n"),
    "not UTF-8": Seed(2, "not UTF-8", b"concepts:\n  - {name: M\xfcller}\n"),
    "empty": Seed(1, "is empty", "# nothing yet\n"),
    "no map": Seed(2, "is a map", "# rows\n- {fhir: LOINC 8867-4}\n"),
    "key twice": Seed(2, "'concepts' twice", "concepts: []\nconcepts: []\n"),
    "key that is no text": Seed(1, "key that is no text", "{a: 1}: 2\n"),
    "alias loop": Seed(1, "alias that contains itself", "concepts: &all [*all]\n"),
    "nested deeply": Seed(1, "nested deeper", "concepts: " + "[" * 40 + "]" * 40),
    "not ended": Seed(2, "as far as line 3", "concepts:\n  - {name: a\n"),
    "alias of nothing": Seed(2, "nothing has the anchor 'x'", "concepts:\n  - *x\n"),
    "tag": Seed(2, "a tag, 'tag:yaml.org,2002:int'", row(", unit: !!int mm")),
    "nested too deeply for any stack": Seed(1, "nested deeper", "concepts: " + "[" * 200_000),
    "row twice by an alias": Seed(
        3,
        "title of category survey is answered",
        "titles:\n  - &it {category: survey, title: LN 11329-0, name: History}\n  - *it\n",
    ),
    "null": Seed(2, "'name' is null", concept("fhir: LOINC 8867-4, dicom: LN 8867-4, name: ~")),
    "null of a list of codes": Seed(2, "'category' is null", row(", category: null")),
    "other ending": Seed(1, "'.yml' files are not read", row(""), "site.yml"),
    "unreadable": Seed(1, "cannot be read", "", "folder.yaml/"),
    "unknown table": Seed(2, "unknown key 'concept'", "titles: []\nconcept:\n  - {}\n"),
    "table that is no list": Seed(1, "'concepts' holds no list", "concepts: {}\n"),
    "row that is no map": Seed(2, "a row is a map", "concepts:\n  - LOINC 8867-4\n"),
    # concept rows
    "unknown key": Seed(2, "unknown key 'colour'", row(", colour: red")),
    "no name": Seed(2, "'name' is missing", concept("fhir: LOINC 8867-4, dicom: LN 8867-4")),
    "blank name": Seed(2, "'name' is missing, blank", concept('fhir: LOINC 8867-4, dicom: LN 8867-4, name: " "')),
    "long name": Seed(2, "longer than the 64", row("-" * 60)),
    "name with a backslash": Seed(2, "name with a backslash", row("\\\\rate")),
    "name with a control character of C1": Seed(
        2, "name with a backslash or control", row("").replace("Pulse", '"Pul\\x9bse"')
    ),
    "name that ends with a blank": Seed(2, "name that begins or ends", row("").replace("Pulse", "'Pulse '")),
    "no fhir": Seed(2, "'fhir' is missing", concept("dicom: LN 8867-4, name: Pulse")),
    "no dicom": Seed(2, "'dicom' is missing", concept("fhir: LOINC 8867-4, name: Pulse")),
    "code without system": Seed(2, "not a code", concept("fhir: 8867-4, dicom: LN 8867-4, name: Pulse")),
    "code in parts, one missing": Seed(
        2, "'code' is missing", concept("fhir: {system: LOINC}, dicom: LN 8867-4, name: Pulse")
    ),
    "code in parts, one unknown": Seed(
        2,
        "unknown key 'display'",
        concept("fhir: {system: LOINC, code: 8867-4, display: x}, dicom: LN 8867-4, name: P"),
    ),
    "FHIR system unknown": Seed(2, "neither a URI nor a designator", concept("fhir: LAB 1, dicom: LN 8867-4, name: P")),
    "designator unknown": Seed(2, "'LAB' is no Coding", concept("fhir: LOINC 8867-4, dicom: LAB 1, name: P")),
    "URI without designator": Seed(
        2, "none has that URI", concept("fhir: LOINC 8867-4, dicom: 'http://lab.example 1', name: P")
    ),
    "long designator": Seed(
        2, "than the 16 characters", concept("fhir: LOINC 8867-4, dicom: 99LABORATORY-NORTH 1, name: P")
    ),
    "backslash in a code": Seed(2, "a backslash", concept("fhir: LOINC 8867-4, dicom: 99LAB a\\b, name: P")),
    "control character in a code": Seed(
        2, "a control character", concept('fhir: LOINC 8867-4, dicom: {system: 99LAB, code: "K\\n2"}, name: P')
    ),
    "tabulator in a code": Seed(
        2, "a control character", concept('fhir: {system: "urn:lab", code: "K\\t2"}, dicom: LN 8867-4, name: P')
    ),
    "blank at the beginning of a code": Seed(
        2, "begins or ends with a blank", concept("fhir: {system: 'urn:lab', code: ' K2'}, dicom: LN 8867-4, name: P")
    ),
    "blank at the end of a code": Seed(
        2, "begins or ends with a blank", concept("fhir: LOINC 8867-4, dicom: {system: 99LAB, code: 'K2 '}, name: P")
    ),
    "two blanks in a code": Seed(
        2, "two in a row", concept("fhir: LOINC 8867-4, dicom: {system: 99LAB, code: 'K  2'}, name: P")
    ),
    "blank at the end of a designator": Seed(
        2, "begins or ends with a blank", concept("fhir: LOINC 8867-4, dicom: {system: '99LAB ', code: K2}, name: P")
    ),
    "blank in a system": Seed(
        2, "with a blank", concept("fhir: {system: 'urn:my lab', code: K2}, dicom: LN 8867-4, name: P")
    ),
    "colon behind a designator": Seed(
        2, "'LOINC:' ends with its colon", concept("fhir: 'LOINC: 8867-4', dicom: LN 8867-4, name: P")
    ),
    "system that is called almost so": Seed(
        2,
        "not how that code system is called",
        concept("fhir: https://www.loinc.org/ 8867-4, dicom: LN 8867-4, name: P"),
    ),
    "concept as system": Seed(
        2,
        "http://snomed.info/id' is not how that",
        concept("fhir: http://snomed.info/id 78564009, dicom: LN 8867-4, name: P"),
    ),
    "system with a bar": Seed(2, "with '|'", concept("fhir: 'http://lab.example|2 K', dicom: LN 8867-4, name: P")),
    "system in curved quotes": Seed(2, "with '“'", concept("fhir: “http://lab.example K, dicom: LN 8867-4, name: P")),
    "system of one slash": Seed(2, "no whole URI", concept("fhir: http:/lab.example K, dicom: LN 8867-4, name: P")),
    "system that is mistyped": Seed(2, "mistyped", concept("fhir: htp://lab.example K, dicom: LN 8867-4, name: P")),
    "OID that is none": Seed(2, "none of its kind", concept("fhir: urn:oid:1.2.x K, dicom: LN 8867-4, name: P")),
    "MDC of FHIR in DICOM": Seed(2, "not how an SR writes", concept("fhir: 'MDC 147842', dicom: MDC 147842, name: P")),
    "MDC of DICOM in FHIR": Seed(
        2, "not how FHIR writes", concept("fhir: 'MDC 2:16770', dicom: 'MDC 2:16770', name: P")
    ),
    "MDC of neither": Seed(2, "no MDC code", concept("fhir: MDC 147842, dicom: 'MDC 2:99999', name: P")),
    "SNOMED RT under SNOMED CT": Seed(
        2, "is of SNOMED RT", concept("fhir: 'urn:lab:x K', dicom: SCT F-008EC, name: P")
    ),
    "SNOMED CT that is too short": Seed(2, "6 to 18 digits", concept("fhir: SCT 12345, dicom: LN 8867-4, name: P")),
    "description of SNOMED CT": Seed(
        2, "no concept of SNOMED", concept("fhir: SCT 680946014, dicom: LN 8867-4, name: P")
    ),
    "SNOMED RT that has no such axis": Seed(
        2, "no code of SNOMED RT", concept("fhir: 'urn:lab:x K', dicom: SRT X-99999, name: P")
    ),
    "digits of another script in SNOMED CT": Seed(
        2, "'٦٠٦٢١٠٠٩' is no SNOMED", concept("fhir: SCT ٦٠٦٢١٠٠٩, dicom: LN 8867-4, name: P")
    ),
    "digits of another width in LOINC": Seed(
        2, "'８８６７-４' is no LOINC", concept("fhir: 'urn:lab:x K', dicom: LN ８８６７-４, name: P")
    ),
    "LOINC with zeros in front": Seed(
        2, "'008867-4' is no LOINC", concept("fhir: LOINC 008867-4, dicom: LN 8867-4, name: P")
    ),
    "DCM that is beyond": Seed(
        2, "'999999' is no code of DICOM's", concept("fhir: 'urn:lab:x K', dicom: DCM 999999, name: P")
    ),
    "DCM with a letter": Seed(
        2, "'12l401' is no code of DICOM's", concept("fhir: 'urn:lab:x K', dicom: DCM 12l401, name: P")
    ),
    "UCUM that is none, as a concept": Seed(
        2, "'bpm' is no UCUM", concept("fhir: 'urn:lab:x K', dicom: UCUM bpm, name: P")
    ),
    "RadLex that is none": Seed(2, "'4711' is no RadLex", concept("fhir: 'urn:lab:x K', dicom: RADLEX 4711, name: P")),
    "blank of no width in a code": Seed(
        2, "nobody sees", concept("fhir: 'urn:lab:x K\u200b', dicom: LN 8867-4, name: P")
    ),
    "code of the bridge's own": Seed(
        2, "a code of 99FDB", concept("fhir: 'urn:lab:x K', dicom: 99FDB category, name: P")
    ),
    "code of the bridge's own in FHIR": Seed(
        2, "a code of 99FDB", concept("fhir: 99FDB category, dicom: LN 8867-4, name: P")
    ),
    "row of what is beside a result": Seed(
        2,
        "SCT 363698007 is the name of a result, and of bodySite",
        concept("fhir: 'urn:lab:x K', dicom: SCT 363698007, name: P"),
    ),
    "code of parts, on a line of its own": Seed(
        4,
        "'8867-5' is no LOINC",
        "concepts:\n  - fhir:\n      system: LOINC\n      code: 8867-5\n    dicom: LN 8867-4\n    name: P\n",
    ),
    "long version": Seed(
        2,
        "longer than the 16",
        concept("fhir: LOINC 8867-4, dicom: {system: 99LAB, code: K, version: '12345678901234567'}, name: P"),
    ),
    "designator of nobody": Seed(2, "'99' is no Coding", concept("fhir: LOINC 8867-4, dicom: 99 K, name: P")),
    "no code, as the bridge says it": Seed(
        2, "that there is none", concept("fhir: LOINC 8867-4, dicom: 99FDB TEXT, name: P")
    ),
    "check digit of SNOMED CT in FHIR": Seed(
        2, "'60621008' is no SNOMED", concept("fhir: SNOMED 60621008, dicom: SCT 60621009, name: P")
    ),
    "check digit of SNOMED CT in DICOM": Seed(
        2, "'60621008' is no SNOMED", concept("fhir: SNOMED 60621009, dicom: SCT 60621008, name: P")
    ),
    "check digit in FHIR": Seed(2, "'8867-5' is no LOINC", concept("fhir: LOINC 8867-5, dicom: LN 8867-4, name: P")),
    "check digit in DICOM": Seed(2, "'8867-5' is no LOINC", concept("fhir: LOINC 8867-4, dicom: LN 8867-5, name: P")),
    "unit that is not UCUM": Seed(2, "'bpm' is no UCUM", row(", unit: bpm")),
    "accepted unit that is not UCUM": Seed(2, "'beats' is no UCUM", row(", unit: /min, accept: [beats]")),
    "accept that is no list": Seed(2, "'accept' holds no list", row(", unit: /min, accept: 1/min")),
    "accept that holds no text": Seed(2, "a unit that is no text", row(", unit: /min, accept: [[1/min]]")),
    "unit twice": Seed(2, "unit '/min' twice", row(", unit: /min, accept: [/min]")),
    "accept without unit": Seed(2, "'accept' without 'unit'", row(", accept: [/min]")),
    "accepted unit of another kind": Seed(2, "'kg' measures another kind", row(", unit: /min, accept: [kg]")),
    "accepted mass of a row in moles": Seed(2, "'mg/dL' measures another", row(", unit: mmol/L, accept: [mg/dL]")),
    "misspelled that is blank": Seed(2, "a unit that is blank", row(", unit: /min, misspelled: ['  ']")),
    "misspelled without unit": Seed(2, "'misspelled' without 'unit'", row(", misspelled: [bpm]")),
    "misspelled unit that is UCUM": Seed(2, "'1/min' is a UCUM unit", row(", unit: /min, misspelled: [1/min]")),
    "misspelled that holds no text": Seed(2, "a unit that is no text", row(", unit: /min, misspelled: [[bpm]]")),
    "misspelled twice": Seed(2, "unit 'bpm' twice", row(", unit: /min, misspelled: [bpm, bpm]")),
    "category unknown": Seed(2, "category 'vitals' is not of", row(", category: vitals")),
    "FHIR code twice": Seed(
        3,
        "to DICOM, http://loinc.org 8867-4 is answered",
        row("") + "  - {fhir: LOINC 8867-4, dicom: 99LAB 1, name: Other}\n",
    ),
    "DICOM code twice": Seed(
        3, "to FHIR, LN 8867-4 is answered", row("") + "  - {fhir: 'urn:lab 1', dicom: LN 8867-4, name: Other}\n"
    ),
    # shapes
    "shape unknown": Seed(1, "shape 'patiant'", shape("patiant", "Patient", "pairs: []")),
    "other resource": Seed(2, "not of that resource", shape("patient", "Person", "pairs: []")),
    "table of another shape": Seed(3, "unknown key 'folds'", shape("patient", "Patient", "folds: []")),
    "pair of two": Seed(4, "3 texts", pairs("PatientName, name")),
    "keyword unknown": Seed(4, "'PatientNam' is no keyword", pairs("PatientNam, name, person-name")),
    "element unknown": Seed(4, "no element 'nam'", pairs("PatientName, nam, person-name")),
    "lens unknown": Seed(4, "no lens 'person'", pairs("PatientName, name, person")),
    "VR that the lens does not take": Seed(4, "takes no PN", pairs("PatientName, birthDate, date")),
    "VR that no lens takes": Seed(4, "takes no AS", pairs("PatientAge, deceasedDateTime, date")),
    "type that the lens does not give": Seed(4, "gives no HumanName*", pairs("PatientBirthDate, name, date")),
    "attribute twice": Seed(
        5,
        "StationName is answered",
        device("StationName, distinctIdentifier, string", "StationName, lotNumber, string"),
    ),
    "element twice": Seed(
        5,
        "Device.lotNumber is answered",
        device("GantryID, lotNumber, string", "StationName, lotNumber, string"),
    ),
    "pair of another module": Seed(4, "StudyDate is no attribute", pairs("StudyDate, birthDate, date")),
    "pair of an identity": Seed(4, "SOPInstanceUID is no attribute", device("SOPInstanceUID, url, uid-string")),
    "pair of a time that translation writes": Seed(4, "StudyDate is no attribute", study("StudyDate, started, date")),
    "pair into a language": Seed(4, "Patient.language is written by", pairs("PatientSex, language, sex")),
    "pair into a status": Seed(4, "Device.status is written by", device("Manufacturer, status, string")),
    "pair of one date into another": Seed(
        4, "PatientBirthDate is another", pairs("PatientBirthDate, deceasedDateTime, date")
    ),
    "pair of any date into the birth date": Seed(
        4, "LastMenstrualDate is another", pairs("LastMenstrualDate, birthDate, date")
    ),
    "value type unknown": Seed(4, "value type 'TCOORD'", observation("values", "TCOORD, valueString, string")),
    "value type twice": Seed(
        5,
        "value type TEXT is answered",
        observation("values", "TEXT, valueString, string", "TEXT, valueString, string"),
    ),
    "no value[x]": Seed(4, "'method' is no value[x]", observation("values", "CODE, method, concept")),
    "fold into nothing": Seed(
        4,
        "no item folds into Observation.referenceRange.lo",
        observation("folds", "99LAB 1, Low, NUM, referenceRange.lo, quantity"),
    ),
    "fold into what repeats": Seed(
        4, "folds into Observation.performer", observation("folds", "99LAB 1, X, CODE, performer, concept")
    ),
    "fold into what is taken": Seed(
        4, "folds into Observation.code", observation("folds", "99LAB 1, X, CODE, code, concept")
    ),
    "fold into words": Seed(
        4, "folds into Observation.method.text", observation("folds", "99LAB 1, X, TEXT, method.text, string")
    ),
    "fold into the time of a note": Seed(
        4, "folds into Observation.note.time", observation("folds", "99LAB 1, X, DATETIME, note.time, datetime")
    ),
    "fold deeper than one": Seed(
        4, "referenceRange.age.low", observation("folds", "99LAB 1, X, NUM, referenceRange.age.low, quantity")
    ),
    "fold into a period of a report": Seed(
        4,
        "DiagnosticReport.effectivePeriod.start",
        shape("report", "DiagnosticReport", "folds:\n  - [99LAB 1, X, DATETIME, effectivePeriod.start, datetime]"),
    ),
    "fold of what is measured": Seed(
        4, "LN 2823-3 is the name of a result", observation("folds", "LN 2823-3, X, NUM, referenceRange.low, quantity")
    ),
    "fold of who observed": Seed(
        4, "DCM 121008 says who observed", observation("folds", "DCM 121008, X, TEXT, note.text, string")
    ),
    "fold of the bridge's own": Seed(
        4, "a code of 99FDB", observation("folds", "99FDB emptyReason, X, CODE, method, concept")
    ),
    "title that says who observed": Seed(
        2, "DCM 121005 says who observed", TITLE.replace("LN 11329-0", "DCM 121005").replace("survey", "exam")
    ),
    "title of the bridge's own": Seed(2, "a code of 99FDB", templates("9300, titles: [99FDB title]")),
    "fold twice": Seed(5, f"{METHOD[:13]} is answered", observation("folds", METHOD, METHOD)),
    "folds of one element that differ": Seed(
        5,
        "another value type or lens",
        observation(
            "folds",
            "99LAB 1, A, TEXT, referenceRange.text, string",
            "99LAB 2, A, UIDREF, referenceRange.text, uid-string",
        ),
    ),
    "relationships that are no map": Seed(3, "'relationships' holds no map", relations(" []")),
    "relationship unknown": Seed(4, "'HAS CONTEXT' is no", relations("\n  HAS CONTEXT: [99LAB 1]")),
    "two relationships": Seed(
        5,
        "relationship of 99LAB 1 is answered",
        relations("\n  CONTAINS: [99LAB 1]\n  HAS PROPERTIES: [99LAB 1]"),
    ),
    # documents
    "template by its name": Seed(2, "by its number", TEMPLATE.replace("1500", "TID1500") % ""),
    "template that is no CS": Seed(2, "'-5' is no Template", TEMPLATE.replace("1500", "-5") % ""),
    "template with a zero in front": Seed(2, "'01500' is not how", TEMPLATE.replace("1500", "01500") % ""),
    "template of digits in groups": Seed(2, "'1_500' is not how", TEMPLATE.replace("1500", "1_500") % ""),
    "measured in no way, in rows": Seed(
        4, "measurements 'some'", "templates:\n  - template: '1500'\n    category: imaging\n    measurements: some\n"
    ),
    "context group of nobody": Seed(2, "CID 99999 is no context group", TEMPLATE % ", sites: [CID 99999]"),
    "whole SOP class": Seed(2, "a whole SOP Class", TEMPLATE % ", classes: [1.2.840.10008.5.1.4.1.1.88.33]"),
    "SOP class that is no text": Seed(2, "a SOP class that is no text", TEMPLATE % ", classes: [[88.33]]"),
    "SOP class with a zero in front": Seed(2, "no part of a SOP Class", TEMPLATE % ", classes: ['88.033']"),
    "measured in no way": Seed(2, "measurements 'some'", TEMPLATE.replace("each", "some") % ""),
    "template twice": Seed(3, "template 1500 is answered", TEMPLATE % "" + TEMPLATE.partition("\n")[2] % ""),
    "title of two templates": Seed(
        3,
        "99LAB CHEM that names no template is of template 9100 already",
        templates("9100, titles: [99LAB CHEM]", "9101, titles: [99LAB CHEM], report: CH"),
    ),
    "groups of two templates that share a title": Seed(
        3,
        "CID 7000 that names no template is of template 9200 already",
        templates("9200, titles: [CID 7000]", "9201, titles: [99LAB CHEM, CID 7000], report: CH"),
    ),
    "sides of nothing": Seed(2, "laterality 'group'", TEMPLATE % ", laterality: group"),
    "site without scheme": Seed(2, "not a code; write", TEMPLATE % ", sites: ['12103']"),
    "report unknown": Seed(2, "report 'XRAY' is not of", TEMPLATE % ", report: XRAY"),
    "template category unknown": Seed(2, "category 'image' is not of", TEMPLATE.replace("imaging", "image") % ""),
    "title without code": Seed(2, "'title' is missing", "titles:\n  - {category: survey, name: History}\n"),
    "title category unknown": Seed(2, "category 'history' is not of", TITLE.replace("survey", "history")),
    "title twice": Seed(3, "title of category survey is answered", TITLE + TITLE.partition("\n")[2]),
}


def write(seed: Seed, folder: Path) -> Path:
    file = folder / seed.name
    if seed.name.endswith("/"):
        file.mkdir(parents=True)
    else:
        folder.mkdir(exist_ok=True)
        file.write_bytes(seed.text.encode() if isinstance(seed.text, str) else seed.text)
    return file


def named(faults: list[str], seed: Seed, file: Path) -> list[str]:
    """Those that name the file, the line, what is wrong, and what to do."""
    wanted = re.compile(rf"{re.escape(str(file))}:{seed.line}: [^;]*{re.escape(seed.what)}.*")
    return [fault for fault in faults if wanted.match(fault) and re.search(r"; \w.{8,}$", fault)]


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_a_fault_is_named_with_file_line_and_remedy(tmp_path: Path, seed: Seed) -> None:
    (tmp_path / "good.yaml").write_text("concepts: []\n")
    file = write(seed, tmp_path)
    faults = compiled([shipped(), tmp_path])[1]
    assert named(faults, seed, file) == faults != []


def test_one_run_finds_them_all(tmp_path: Path) -> None:
    files = [(write(seed, tmp_path / str(number)), seed) for number, seed in enumerate(SEEDS.values())]
    faults = compiled([shipped(), tmp_path])[1]
    assert len(SEEDS) >= 60
    assert [seed.what for file, seed in files if not named(faults, seed, file)] == []


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("system that is called almost so", "write http://loinc.org"),
        ("concept as system", "write http://snomed.info/sct"),
        ("MDC of FHIR in DICOM", "write 2:16770"),
        ("MDC of DICOM in FHIR", "write 147842"),
        ("SNOMED RT under SNOMED CT", "write SCT 271649006"),
        ("template with a zero in front", "write 1500"),
        ("whole SOP class", "write 88.33"),
        ("pair of any date into the birth date", "PatientBirthDate goes with birthDate"),
        (
            "fold into a period of a report",
            "category, code.text, conclusionCode, conclusionCode.text, identifier, issued",
        ),
    ],
)
def test_a_remedy_names_what_is_right(tmp_path: Path, kind: str, remedy: str) -> None:
    write(SEEDS[kind], tmp_path)
    (fault,) = compiled([shipped(), tmp_path])[1]
    assert fault.partition("; ")[2].endswith(remedy)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (concept("fhir: 'urn:lab:x K', dicom: DCM 130999, name: New"), "DCM 130999 is not in PS3.16 as"),
        (
            concept("fhir: 'urn:lab:x K', dicom: SRT F-008EC, name: P"),
            "SRT F-008EC is retired: today it is SCT 271649006",
        ),
        (concept("fhir: 'lab:x K', dicom: 99LAB K, name: P"), "system 'lab:x' begins with lab:, as few URIs do"),
        (concept("fhir: LOINC 2823-3, dicom: LN 2951-2, name: P"), "2823-3 and 2951-2 are two codes of LN: see that"),
        (
            concept("fhir: 'urn:lab:x K', dicom: DCM 121024, name: P"),
            "DCM 121024 is the name of a result, and of context",
        ),
        (concept("fhir: 'urn:lab:x K', dicom: 99LAB K, name: ~").replace("~", "'~'"), ""),
        (
            templates("9100, titles: [DCM 126000]"),
            "DCM 126000 that names no template is of template 9100, and not 1500 of mappings/documents/templates.yaml:",
        ),
        (
            templates("9100, titles: [CID 7000]"),
            "LN 18748-4 that names no template is of template 2000 of mappings/documents/templates.yaml:",
        ),
        (
            observation("folds", "99LAB METH, M, CODE, method, concept"),
            "Observation.method is written by this row, and only read by that of mappings/shapes/observation.yaml:",
        ),
        (
            observation("folds", "SCT 363698007, Finding Site, CODE, method, concept"),
            "Observation.bodySite is not written any more: its item of mappings/shapes/observation.yaml:",
        ),
        (TEMPLATE % ", classes: ['88.99']", "'88.99' is no SOP class of PS3.6 as this version"),
        ("# concepts: []\ntitles: []\n", ":2: no row in this file: nothing of it is used"),
        (
            pairs("PatientSex, gender, sex"),
            "these pairs are all that there are: without Patient.name and Patient.birthDate",
        ),
    ],
)
def test_what_a_site_may_mean_is_a_remark(tmp_path: Path, text: str, remark: str) -> None:
    (tmp_path / "site.yaml").write_text(text)
    _, faults, remarks = compiled([shipped(), tmp_path])
    assert faults == [] and any(remark in one for one in (*remarks, ""))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert compiled([tmp_path])[1] == [f"{tmp_path}/pipe.yaml:1: cannot be read: it is no file; remove or rename it"]


def test_a_name_that_is_no_utf_8_is_said_in_json(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"lab\xfc.yaml")).write_text("concept: []\n")
    done = fhir_dicom(tmp_path, "check", "--json", str(tmp_path))
    (fault,) = json.loads(done.stdout)["faults"]
    assert done.returncode == 1 and fault.startswith(f"{tmp_path}/lab\\xfc.yaml:1: unknown key")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = write(SEEDS["empty"], tmp_path)
    assert compiled([file])[1] == [f"{file}:1: a file, and no folder; name the folder that holds your mappings"]


def test_a_folder_that_is_not_there_and_one_that_holds_nothing(tmp_path: Path) -> None:
    (_, absent, _), (_, empty, _) = compiled([tmp_path / "none"]), compiled([tmp_path])
    assert absent == [f"{tmp_path / 'none'}:1: no such folder; name the folder that holds your mappings"]
    assert empty == [f"{tmp_path}:1: the folder holds no mapping; put a file there that ends in .yaml"]


def test_a_config_map_of_kubernetes_is_read_once(tmp_path: Path) -> None:
    """The files lie in a folder of that moment; `..data` leads there, and the links beside it lead to `..data`."""
    there = tmp_path / "..2026_11_29" / "inner"
    there.mkdir(parents=True)
    (there / "lab.yaml").write_text(row(""))
    (tmp_path / "..data").symlink_to("..2026_11_29")
    (tmp_path / "inner").symlink_to("..data/inner")
    (tmp_path / "again").symlink_to("inner")
    (tmp_path / "inner" / "round").symlink_to("../../inner")
    mapping, faults, _ = compiled([tmp_path])
    assert faults == [] and len(mapping.by_fhir) == 1
    found = mapping.by_fhir["http://loinc.org", "8867-4"].place
    assert found == f"{tmp_path / 'again' / 'lab.yaml'}:2"


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good.yaml").write_text(row(""))
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refused(path: str) -> object:  # by its mode, to anybody but root
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    (fault,) = compiled([tmp_path])[1]
    where = f"{tmp_path / 'closed'}:1"
    assert (
        fault
        == f"{where}: the folder cannot be read: Permission denied; give the bridge leave to, or move it elsewhere"
    )


def test_no_name_is_no_folder(tmp_path: Path) -> None:
    done = fhir_dicom(tmp_path, "check", "")
    assert (done.returncode, done.stdout) == (2, "") and "an empty DIR; " in done.stderr


def test_a_correct_folder_has_no_fault(tmp_path: Path) -> None:
    texts = [
        row(", category: vital-signs, unit: /min, accept: [1/min, '{beats}/min']")
        + "  - {fhir: {system: 'urn:lab', code: a b}, dicom: {system: 99LAB, code: '1', version: '2'}, name: Own}\n"
        + "  - {fhir: LOINC 11524-6, dicom: LN 11524-0, name: EKG study}\n"  # PS3.16 writes that digit
        + "  - {fhir: SCT 115347700, dicom: 'SCT 373098007:363698007', name: Mean}\n",  # that one, too; an expression
        "concepts:\n"
        "  - {fhir: MDC 147842, dicom: 'MDC 2:16770', name: Heart rate}\n"
        "  - {fhir: urn:oid:1.2.3 K, dicom: SCT 445665009, name: 'کد\u200cها', unit: U/L, accept: ['[IU]/L', kat/m3]}\n"
        "  - {fhir: RADLEX RID28662, dicom: {system: 99LAB, code: 'null'}, name: 'null', unit: '%', accept: [L/L]}\n",
        device("Manufacturer, manufacturer, string", "DateOfManufacture, manufactureDate, date"),
        study("StudyDescription, description, string"),
        pairs("PatientName, name, person-name", "PatientBirthDate, birthDate, date"),
        templates(
            "9100, titles: [99LAB A, CID 7000]", "9101, titles: [99LAB A]", "9102, titles: [LN 24627-2], report: CT"
        ),
        observation("values", "NUM, valueQuantity, quantity") + "folds:\n  - [" + METHOD + "]\n"
        "relationships:\n  HAS CONCEPT MOD: [SCT 370129005]\n",
        shape("report", "DiagnosticReport", "folds:\n  - [DCM 121077, Conclusion, CODE, conclusionCode, concept]"),
        TITLE + TEMPLATE % ", report: RAD, titles: [CID 7021, {system: 99LAB, code: a b}], classes: ['88.33', 88.0]",
    ]
    (tmp_path / "inner").mkdir()
    for number, text in enumerate(texts):
        (tmp_path / "inner" / f"{number}.yaml").write_text(text)
    (tmp_path / "README.md").write_text("our mappings")
    assert compiled([shipped(), tmp_path])[1] == []


def test_the_command_prints_every_fault(tmp_path: Path) -> None:
    write(SEEDS["no name"], tmp_path)
    write(SEEDS["other ending"], tmp_path)
    command = [sys.executable, "-m", "bridge", "check", str(tmp_path), str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[:3]] == [
        str(tmp_path / name) for name in ("site.yaml", "site.yml", "none")
    ]
    assert "3 faults" in done.stdout
