"""A person's name has an alphabetic, an ideographic and a phonetic group (PS3.5 6.2.1.2), any of which may be alone."""

from __future__ import annotations

import copy
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.mapping.people import REPRESENTATION_URL
from bridge.model.content import ContentItem, Plain
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.translate.basis.ids import Known
from bridge.translate.remainder.extension import stripped
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.document import DCM, observer
from fixtures.templates.items import coded, container, person, properties, text
from tests.corpus import FIXTURES
from tests.samples import measured

MAPPING, KNOWN = load(), Known()
ALONE, ALL = "=山田^花子=やまだ^はなこ", "Yamada^Hanako=山田^花子=やまだ^はなこ"
PATIENT_NAME = 0x00100010


def document(name: str) -> Document:
    """Of a patient of that name; so are who observed it, who took part in it, and who verified it."""
    dataset = pydicom.dcmread(FIXTURES / "dicom" / "ecg-report.dcm")
    dataset.SpecificCharacterSet, dataset.PatientName, dataset.VerificationFlag = "ISO_IR 192", name, "VERIFIED"
    verifying = Dataset()
    verifying.VerifyingOrganization, verifying.VerificationDateTime = "Klinik", "20260302120000"
    verifying.VerifyingObserverName, verifying.VerifyingObserverIdentificationCodeSequence = name, []
    dataset.VerifyingObserverSequence = [verifying]
    role = properties(coded(DCM.PersonRoleInProcedure, DCM.IrradiationAdministering))
    findings = container(DCM.Findings, person(DCM.PersonName, name, role), text(DCM.Finding, "here"))
    dataset.ContentSequence = [*observer(name), findings]
    out = pydicom.filebase.DicomBytesIO()
    dataset.save_as(out)
    return structured_report.read(bytes(out.getvalue()))


def named(group: Group) -> list[Resource]:
    patient = [group.patient] if group.patient else []
    return patient + [one for one in group.members if one["resourceType"] == "Practitioner"]


def said(resource: Resource) -> list[tuple[str | None, str, list[str]]]:
    return [(representation(name), name["family"], name["given"]) for name in resource["name"]]


def representation(name: dict[str, Any]) -> str | None:
    extensions = [one["valueCode"] for one in name.get("extension", ()) if one["url"] == REPRESENTATION_URL]
    return extensions[0] if extensions else None


def names(item: ContentItem) -> list[str]:
    own = [item.value.text] if isinstance(item.value, Plain) and item.value.value_type == "PNAME" else []
    return own + [name for child in item.children for name in names(child)]


@pytest.mark.parametrize("name", [ALONE, ALL])
def test_all_who_are_named_have_it_in_each(name: str) -> None:
    before = document(name)
    group = to_fhir(before, MAPPING, KNOWN).result
    japanese: list[Any] = [("IDE", "山田", ["花子"]), ("SYL", "やまだ", ["はなこ"])]
    wanted = japanese if name == ALONE else [(None, "Yamada", ["Hanako"]), *japanese]
    assert [said(one) for one in named(group)] == [wanted] * 4, "patient, observer, participant and verifying observer"
    assert "resultsInterpreter" in group.root
    assert to_dicom(group, MAPPING, KNOWN).result == before


@pytest.mark.parametrize("name", [ALONE, ALL])
@pytest.mark.parametrize(("code", "group"), [("IDE", 1), ("SYL", 2)])
def test_an_edit_of_one_group_comes_back_in_it(name: str, code: str, group: int) -> None:
    resources = copy.deepcopy(to_fhir(document(name), MAPPING, KNOWN).result)
    practitioners = [one for one in resources.members if one["resourceType"] == "Practitioner"][:2]
    for one in practitioners:
        (edited,) = [said for said in one["name"] if representation(said) == code]
        edited["family"] = "佐藤"
    after = to_dicom(resources, MAPPING, KNOWN).result
    groups = name.split("=")
    groups[group] = f"佐藤^{groups[group].partition('^')[2]}"
    assert names(after.root) == ["=".join(groups)] * 2
    again = to_fhir(after, MAPPING, KNOWN).result
    assert [one["name"] for one in named(again) if one["id"] in {it["id"] for it in practitioners}] == [
        one["name"] for one in practitioners
    ]


def test_names_of_resources_are_the_groups_of_a_name() -> None:
    """As JP Core has them: each says its representation."""
    japanese = [
        {"extension": [{"url": REPRESENTATION_URL, "valueCode": code}], "family": family, "given": [given]}
        for code, family, given in (("IDE", "山田", "花子"), ("SYL", "ヤマダ", "ハナコ"), ("ABC", "Yamada", "Hanako"))
    ]
    identifier = [{"system": "urn:x", "value": "1"}]
    patient = {"resourceType": "Patient", "id": "p", "identifier": identifier, "name": japanese}
    doctor = {"resourceType": "Practitioner", "id": "d", "name": japanese[:2]}
    result = measured(performer=[{"reference": "Practitioner/d"}])
    made = checked_to_dicom(Group(result, (doctor,), patient, "Observation/o"), MAPPING, KNOWN).result
    assert text_of(made.header, PATIENT_NAME, made.charset) == "Yamada^Hanako=山田^花子=ヤマダ^ハナコ"
    assert "=山田^花子=ヤマダ^ハナコ" in names(made.root)
    back = to_fhir(made, MAPPING, KNOWN).result
    assert stripped(back.root) == result
    assert [one["name"] for one in back.members if one["resourceType"] == "Practitioner"] == [japanese[:2]]
