from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from bridge.mapping.load import load
from bridge.model.names import EXTENSION_BASE
from bridge.terminology.context_groups import is_group
from bridge.terminology.forms import flaw, oddity
from bridge.terminology.schemes import SCHEMES, designator_of
from bridge.terminology.systems import odd_system, unlike_a_system

OF_PS3_16 = {(scheme, code) for scheme, names in concepts.items() for codes in names.values() for code in codes}
SLIPS = {"UCUM", "LN"}
"""Where PS3.16 writes units that are none, and codes of NCI as if they were of LOINC."""


def test_a_code_of_ps3_16_is_one_that_may_be() -> None:
    known = {one for one in OF_PS3_16 if one[0] not in SLIPS} | {("SRT", code) for code in mapping["SRT"]}
    assert len(known) > 20_000
    assert [one for one in known if flaw(*one, in_dicom=True)] == []


def test_a_shipped_code_is_neither_flawed_nor_odd() -> None:
    rows = load().by_fhir.values()
    dicom = {(row.dicom.scheme, row.dicom.value) for row in rows}
    fhir = {(designator_of(row.system, EXTENSION_BASE) or "", row.code) for row in rows}
    assert [one for one in dicom if flaw(*one, in_dicom=True) or oddity(*one)] == []
    assert [one for one in fhir if flaw(*one, in_dicom=False) or oddity(*one)] == []


def test_a_shipped_context_group_is_one() -> None:
    said = [one for row in load().templates.values() for one in (*row.titles, *row.sites) if one.scheme == "CID"]
    assert len(said) > 4 and all(is_group(int(one.value)) for one in said)


def test_every_uri_of_a_known_system_is_one() -> None:
    uris = {uri for scheme in SCHEMES for uri in (scheme.uri, *scheme.also)} | {
        row.system for row in load().by_fhir.values()
    }
    assert [uri for uri in uris if unlike_a_system(uri) or odd_system(uri)] == []


def test_what_only_resembles_the_host_of_a_system_is_another() -> None:
    others = (
        "http://loinc.org.example/x",
        "http://myloinc.org",
        "http://hl7.org/fhir/sid/icd-10-de",
        "urn:lab:loinc.org",
    )
    assert [uri for uri in others if unlike_a_system(uri)] == []
