from collections import Counter
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.terminology.schemes import SCHEMES, Scheme, designator_of, mdc_to_dicom, mdc_to_fhir, uri_of

BASE = "https://example.org/fhir"
# PS3.5 VR SH: at most 16 characters, no backslash, no control characters but ESC
SH_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\\", include_characters="\x1b"),
    max_size=16,
)
NUMBERS = st.integers(0, 2**32 - 1)


@given(st.one_of(SH_TEXTS, st.sampled_from([scheme.designator for scheme in SCHEMES])))
@example("%41")
@example("a/b?c#d e")
def test_every_designator_comes_back(designator: str) -> None:
    assert designator_of(uri_of(designator, BASE), BASE) == designator


@given(SH_TEXTS)
def test_a_system_uri_is_ascii_without_white_space(designator: str) -> None:
    uri = uri_of(designator, BASE)
    assert uri.isascii() and uri.isprintable() and " " not in uri


@given(SH_TEXTS, SH_TEXTS)
def test_two_designators_never_share_a_uri(one: str, other: str) -> None:
    assert (uri_of(one, BASE) == uri_of(other, BASE)) == (one == other)


@given(st.text(max_size=24), st.sampled_from(["", f"{BASE}/scheme/"]))
def test_a_uri_that_is_read_as_made_up_is_written_alike(text: str, prefix: str) -> None:
    designator = designator_of(prefix + text, BASE)
    if designator is not None and (prefix + text).startswith(f"{BASE}/scheme/"):  # others may have several URIs
        assert uri_of(designator, BASE) == prefix + text


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.org/codes",
        "urn:oid:1.2.3",
        "",
        BASE,
        f"{BASE}/scheme",
        f"{BASE}/scheme/SCT",  # SCT has a URI of its own: we never write this one
        f"{BASE}/scheme/a b",
        f"{BASE}/scheme/%2f",
        f"{BASE}/scheme/%FF",
        "https://other.org/scheme/99LOCAL",
    ],
)
def test_what_dicom_has_no_name_for_is_none(uri: str) -> None:
    assert designator_of(uri, BASE) is None


def test_no_designator_and_no_uri_stands_twice() -> None:
    designators = Counter(scheme.designator for scheme in SCHEMES)
    uris = Counter(uri for scheme in SCHEMES for uri in (scheme.uri, *scheme.also))
    assert not [name for name, count in (designators + uris).items() if count > 1]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.designator)
def test_every_row_fits_dicom_and_is_read_under_all_its_uris(scheme: Scheme) -> None:
    assert len(scheme.designator) <= 16
    assert {designator_of(uri, BASE) for uri in (scheme.uri, *scheme.also)} == {scheme.designator}


@pytest.mark.parametrize(
    ("designator", "uri"),
    [
        ("SCT", "http://snomed.info/sct"),
        ("SRT", "http://snomed.info/srt"),
        ("LN", "http://loinc.org"),
        ("DCM", "http://dicom.nema.org/resources/ontology/DCM"),
        ("UCUM", "http://unitsofmeasure.org"),
        ("MDC", "urn:iso:std:iso:11073:10101"),
        ("RADLEX", "http://radlex.org"),
        ("RFC5646", "urn:ietf:bcp:47"),
        ("UMLS", "http://terminology.hl7.org/CodeSystem/umls"),
        ("ISO3166_1", "urn:iso:std:iso:3166"),
        ("I10", "http://hl7.org/fhir/sid/icd-10"),
        ("FMA", "urn:oid:2.16.840.1.113883.6.119"),
        ("NEU", "urn:oid:2.16.840.1.113883.6.210"),
        ("IBSI", "urn:oid:1.2.840.10008.2.16.13"),
        ("NBG", "urn:oid:2.16.840.1.113883.15.3"),
    ],
)
def test_the_systems_that_reports_use(designator: str, uri: str) -> None:
    assert uri_of(designator, BASE) == uri


@pytest.mark.parametrize(
    ("uri", "designator"),
    [
        ("http://www.radlex.org", "RADLEX"),
        ("http://www.nlm.nih.gov/research/umls", "UMLS"),
        ("urn:oid:2.16.840.1.113883.6.96", "SCT"),
        ("urn:oid:2.16.840.1.113883.6.1", "LN"),
    ],
)
def test_what_others_write_is_read_too(uri: str, designator: str) -> None:
    assert designator_of(uri, BASE) == designator


def test_a_private_scheme_keeps_its_name_in_the_uri() -> None:
    assert uri_of("99PHI-IXR-XPER", BASE) == f"{BASE}/scheme/99PHI-IXR-XPER"
    assert unquote(uri_of("99 Ärzte/1", BASE)) == f"{BASE}/scheme/99 Ärzte/1"


def test_every_scheme_of_pydicoms_part_16_has_a_uri_of_its_own() -> None:
    from pydicom.sr._concepts_dict import concepts

    made_up = {name for name in concepts if uri_of(name, BASE).startswith(BASE)}
    assert made_up == {"BARI"}  # PS3.16 table 8-1 gives it neither OID nor URI


@given(NUMBERS)
def test_mdc_numbers_come_back(number: int) -> None:
    assert mdc_to_fhir(mdc_to_dicom(str(number))) == str(number)


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_mdc_partitions_come_back(partition: int, term: int) -> None:
    code = f"{partition}:{term}"
    assert mdc_to_fhir(code) == str(partition * 65536 + term)
    assert mdc_to_dicom(mdc_to_fhir(code)) == code


@given(st.one_of(st.text(), st.from_regex(r"[0-9]{0,12}:?[0-9]{0,12}", fullmatch=True)))
def test_mdc_is_undone_exactly_where_it_changed_something(code: str) -> None:
    fhir, dicom = mdc_to_fhir(code), mdc_to_dicom(code)
    assert fhir == code or mdc_to_dicom(fhir) == code
    assert dicom == code or mdc_to_fhir(dicom) == code


@pytest.mark.parametrize(
    "code",
    [
        "",
        "02:16168",
        "2:016168",
        "65536:1",
        "2:65536",
        "2:16168:1",
        "2:",
        ":2",
        "-1:5",
        "2:16168 ",
        "MDC_ECG_TIME_PD_RR_GL",
        "٢:١٦",
        "99999:99999",
    ],
)
def test_mdc_leaves_alone_what_is_no_partition_and_term(code: str) -> None:
    assert mdc_to_fhir(code) == code


@pytest.mark.parametrize("code", ["", "0147240", "4294967296", "-1", "1.5", "147240 ", "2:16168", "١٤٧٢٤٠"])
def test_mdc_leaves_alone_what_is_no_32_bit_number(code: str) -> None:
    assert mdc_to_dicom(code) == code


@pytest.mark.parametrize(("dicom", "fhir"), [("2:16168", "147240"), ("2:16016", "147088"), ("10:11345", "666705")])
def test_mdc_codes_of_an_ecg_report(dicom: str, fhir: str) -> None:
    assert (mdc_to_fhir(dicom), mdc_to_dicom(fhir)) == (fhir, dicom)
