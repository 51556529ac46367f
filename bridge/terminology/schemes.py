"""DICOM Coding Scheme Designator <-> FHIR system URI, and the one code that the two worlds write differently (MDC).

Sources: PS3.16 table 8-1 (2026d: designators, OIDs, and the FHIR URI where DICOM itself names one); the NamingSystems
of HL7 Terminology (THO, repository HL7/UTG; `uri` that is preferred there); where neither has a URI, the OID of
table 8-1. Ten designators of table 8-1 have neither URI nor OID (BARI, BI, IETF4646, ISO5218_1, ISO_OID, MDNS, NCDR,
NPI, RFC-3881, SCPECG): they go the way of every unknown one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True)
class Scheme:
    designator: str  # DICOM Coding Scheme Designator (0008,0102)
    uri: str  # what we write as Coding.system
    also: tuple[str, ...] = ()  # what others write; read, never written


_OID = "urn:oid:2.16.840.1.113883."  # HL7's arc
_DICOM_OID = "urn:oid:1.2.840.10008.2.16."  # DICOM's arc for the schemes of others that have no OID
_THO = "http://terminology.hl7.org/CodeSystem/"
DCM, SCT = "http://dicom.nema.org/resources/ontology/DCM", "http://snomed.info/sct"
SRT, UCUM = "http://snomed.info/srt", "http://unitsofmeasure.org"

SCHEMES: tuple[Scheme, ...] = (
    # The URI is in table 8-1 itself, resources column, `FHIR:`
    Scheme("SCT", SCT, (f"{_OID}6.96",)),
    Scheme("LN", "http://loinc.org", (f"{_OID}6.1",)),
    Scheme(
        "DCM",
        DCM,
        (f"{_DICOM_OID}4", f"{_OID}6.31", "http://dicom.nema.org/medical/dicom", "http://nema.org/dicom/dicm"),
    ),
    Scheme("DCMUID", "http://dicom.nema.org/resources/ontology/DCMUID", ("urn:oid:1.2.840.10008.2.6.1",)),
    Scheme("UCUM", UCUM, (f"{_OID}6.8",)),
    Scheme("RXNORM", "http://www.nlm.nih.gov/research/umls/rxnorm", (f"{_OID}6.88",)),
    # THO RadLex; table 8-1 says http://www.radlex.org
    Scheme("RADLEX", "http://radlex.org", ("http://www.radlex.org", f"{_OID}6.256")),
    # SNOMED's older spellings. The URI of SRT is by use (HL7 dicom-sr, dicom-terminology); it shares the OID of SCT,
    # which therefore reads as SCT. SNM3 and 99SDM: THO
    Scheme("SRT", SRT),
    Scheme("SNM3", f"{_THO}SNM3", (f"{_OID}6.51",)),
    Scheme("99SDM", f"{_THO}SDM", (f"{_OID}6.53",)),
    # THO v3-mdc. Codes are written differently: see mdc_to_fhir
    Scheme("MDC", "urn:iso:std:iso:11073:10101", (f"{_OID}6.24",)),
    # THO umls; FHIR wrote the other before R4
    Scheme("UMLS", f"{_THO}umls", ("http://www.nlm.nih.gov/research/umls", f"{_OID}6.86")),
    Scheme(
        "NCIt",
        "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
        ("http://ncithesaurus-stage.nci.nih.gov", f"{_OID}3.26.1.1"),
    ),  # THO v3-nciThesaurus
    # Languages and countries. THO gives both RFCs urn:ietf:bcp:47; the newer one has it, so that each comes back
    Scheme("RFC5646", "urn:ietf:bcp:47", (f"{_OID}6.316",)),
    Scheme("RFC3066", f"{_THO}ietf3066", (f"{_OID}6.121",)),
    Scheme("ISO639_1", f"{_THO}iso639-1ret", (f"{_OID}6.99",)),
    Scheme("ISO639_2", f"{_THO}iso639-2ret", (f"{_OID}6.100",)),
    Scheme(
        "ISO3166_1",
        "urn:iso:std:iso:3166",  # THO v3-iso3166-1; alpha-2 codes
        (
            f"{_THO}v3-iso3166-1",
            f"{_THO}iso3166-1edition2alpha2",
            "urn:oid:1.0.3166.1",
            "urn:oid:1.0.3166.1.2.2",
            "urn:oid:2.16.1",
        ),
    ),
    # Classifications. THO, where http://hl7.org/fhir/sid/... is the preferred URI of what has one
    Scheme("I9", f"{_THO}icd9", (f"{_OID}6.42",)),
    Scheme("I9C", "http://hl7.org/fhir/sid/icd-9-cm", (f"{_THO}icd9cm", f"{_OID}6.2", f"{_OID}6.103")),
    Scheme("I10", "http://hl7.org/fhir/sid/icd-10", (f"{_THO}icd10", f"{_OID}6.3")),
    Scheme("I10C", "http://hl7.org/fhir/sid/icd-10-cm", (f"{_THO}icd10CM", f"{_OID}6.90")),
    Scheme(
        "I10P",
        "http://www.cms.gov/Medicare/Coding/ICD10",
        (f"{_THO}icd10PCS", "http://hl7.org/fhir/sid/icd-10-pcs", f"{_OID}6.4"),
    ),
    Scheme("I11", "http://id.who.int/icd/release/11/mms", (f"{_DICOM_OID}16",)),
    Scheme("ICDO3", f"{_THO}icd-o-3", (f"{_OID}6.43.1",)),
    Scheme("CTV3", f"{_THO}read-Codes", ("http://read.info/ctv3", f"{_OID}6.6")),
    Scheme("MSH", "https://www.nlm.nih.gov/mesh", (f"{_THO}MSH", f"{_OID}6.177")),
    # Procedures, products, billing: THO
    Scheme("C4", "http://www.ama-assn.org/go/cpt", (f"{_OID}6.12",)),
    Scheme("C5", f"{_THO}C5", (f"{_OID}6.82",)),
    Scheme("CD2", "http://www.ada.org/cdt", (f"{_THO}CD2", f"{_OID}6.13")),
    Scheme("HPC", f"{_THO}HCPCS-all-codes", (f"{_OID}6.14",)),
    Scheme("NDC", "http://hl7.org/fhir/sid/ndc", (f"{_OID}6.69",)),
    Scheme("POS", f"{_THO}POS", (f"{_OID}6.50",)),
    Scheme("UPC", f"{_THO}UPC", (f"{_OID}6.55",)),
    Scheme("ACR", f"{_THO}ACR", (f"{_OID}6.76",)),
    # No URI registered: the OID of table 8-1
    Scheme("FMA", f"{_OID}6.119"),
    Scheme("NEU", f"{_OID}6.210"),
    Scheme("NBD", f"{_OID}15.2"),
    Scheme("NBG", f"{_OID}15.3"),
    Scheme("NICIP", f"{_OID}2.1.3.2.4.21"),
    Scheme("caDSR", f"{_OID}3.26.2"),
    Scheme("PATHLEX", "urn:oid:1.3.6.1.4.1.19376.1.8.2.1"),
    Scheme("ASTM-sigpurpose", "urn:oid:1.2.840.10065.1.12"),
    Scheme("MA", f"{_DICOM_OID}5"),
    Scheme("UBERON", f"{_DICOM_OID}6"),
    Scheme("ITIS_TSN", f"{_DICOM_OID}7"),
    Scheme("MGI", f"{_DICOM_OID}8"),
    Scheme("PUBCHEM_CID", f"{_DICOM_OID}9"),
    Scheme("DC", f"{_DICOM_OID}10"),
    Scheme("NYUMCCG", f"{_DICOM_OID}11"),
    Scheme("MAYOASRG", f"{_DICOM_OID}12"),
    Scheme("IBSI", f"{_DICOM_OID}13"),
    Scheme("RO", f"{_DICOM_OID}14"),
    Scheme("RADELEMENT", f"{_DICOM_OID}15"),
    Scheme("UNS", f"{_DICOM_OID}17"),
    Scheme("RRID", f"{_DICOM_OID}18"),
)


def _by_uri() -> Iterator[tuple[str, str]]:
    for scheme in SCHEMES:
        for uri in (scheme.uri, *scheme.also):
            yield uri, scheme.designator


_URI = {scheme.designator: scheme.uri for scheme in SCHEMES}
_DESIGNATOR = dict(_by_uri())
_WITHOUT_URI = frozenset("BARI BI IETF4646 ISO5218_1 ISO_OID MDNS NCDR NPI RFC-3881 SCPECG".split())


@lru_cache(maxsize=4096)
def uri_of(designator: str, extension_base: str) -> str:
    """The system URI of a designator, case as written; an unknown one becomes `<extension base>/scheme/<designator>`.

    Percent-encoded as UTF-8, so that any text of VR SH survives, and `Coding.system` holds no white space.
    """
    return _URI.get(designator) or _made_up(designator, extension_base)


@lru_cache(maxsize=4096)
def designator_of(uri: str, extension_base: str) -> str | None:
    """The designator of a system URI, alternatives included; None where DICOM has none.

    Of the URIs that `uri_of` makes up, only its own spelling is read back: another would not survive the round trip.
    """
    known = _DESIGNATOR.get(uri)
    if known is not None:
        return known
    prefix = _made_up("", extension_base)
    if not uri.startswith(prefix):
        return None
    designator = unquote(uri.removeprefix(prefix))
    return designator if uri_of(designator, extension_base) == uri else None


def canonical(uri: str, extension_base: str) -> str:
    """The one URI of a system that has several, so that tables find it; any other as it is."""
    designator = designator_of(uri, extension_base)
    return uri if designator is None else uri_of(designator, extension_base)


def is_designator(text: str) -> bool:
    """Registered in PS3.16 table 8-1, or private: `99...`, `L` (PS3.3 8.2). 16 characters of SH at most."""
    return len(text) <= 16 and (text in _URI or text in _WITHOUT_URI or text == "L" or text.startswith("99"))


@lru_cache(maxsize=4096)
def private_designator(uri: str) -> str:
    """Of a system that table 8-1 does not list: `99` and a digest of the URI, 14 characters of SH. The Coding Scheme
    Identification Sequence of the document says the URI (PS3.3 C.12.1.1.1)."""
    return f"99{hashlib.blake2b(uri.encode('utf-8', 'surrogatepass'), digest_size=6).hexdigest().upper()}"


def _made_up(designator: str, extension_base: str) -> str:
    return f"{extension_base}/scheme/{quote(designator, safe='')}"


_DICOM_MDC = re.compile(r"(0|[1-9][0-9]{0,4}):(0|[1-9][0-9]{0,4})")
_FHIR_MDC = re.compile(r"0|[1-9][0-9]{0,9}")
_TERMS = 1 << 16  # term codes in one partition; as many partitions


def mdc_to_fhir(code: str) -> str:
    """`2:16168` -> `147240`: DICOM writes `<partition>:<term code>` (PS3.16 table 8-1), FHIR the 32-bit code of
    ISO/IEEE 11073-10101, partition * 65536 + term code. What is not of that form stays as it is."""
    found = _DICOM_MDC.fullmatch(code)
    if found is None:
        return code
    partition, term = int(found[1]), int(found[2])
    return str(partition * _TERMS + term) if max(partition, term) < _TERMS else code


def mdc_to_dicom(code: str) -> str:
    """`147240` -> `2:16168`, the inverse of `mdc_to_fhir` wherever that changes something."""
    if _FHIR_MDC.fullmatch(code) is None or int(code) >= _TERMS * _TERMS:
        return code
    return "{}:{}".format(*divmod(int(code), _TERMS))
