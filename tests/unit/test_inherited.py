"""What DICOM says once for all items below, and FHIR with each result: the nearest holds (PS3.3 C.17.5)."""

from __future__ import annotations

from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from bridge.codecs.dicom import structured_report
from bridge.mapping.load import load
from bridge.model.group import Group
from bridge.translate.basis.ids import Known
from bridge.translate.report.report import Translated
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from fixtures.templates.document import device, observer
from fixtures.templates.items import coded, container, context, modifier, num, person, properties, text, uidref, unit
from tests.corpus import FIXTURES

SCT, DCM = codes.SCT, codes.DCM
LIVER, KIDNEY = Code("10200004", "SCT", "Liver"), Code("64033007", "SCT", "Kidney")
LENGTH, FINDINGS = Code("410668003", "SCT", "Length"), Code("121070", "DCM", "Findings")
FETUS, PATIENT = Code("121026", "DCM", "Fetus"), Code("121025", "DCM", "Patient")
APICAL, DISTAL = Code("43674008", "SCT", "Apical"), Code("46053002", "SCT", "Distal")
MM = unit("mm")
ECHO, VASCULAR, OBGYN = "5200-echocardiography", "5100-vascular", "5000-obgyn"


def site(where: Code, *below: Dataset) -> Dataset:
    return modifier(coded(SCT.FindingSite, where, *below))


def side(which: Code) -> Dataset:
    return modifier(coded(SCT.Laterality, which))


def part(which: Code) -> Dataset:
    return modifier(coded(Code("106233006", "SCT", "Topographical modifier"), which))


def of_subject(which: Code) -> Dataset:
    return context(coded(Code("121024", "DCM", "Subject Class"), which))


def lengths(*children: Dataset, like: str = ECHO) -> list[dict[str, Any]]:
    """Observations of the lengths, in the order of their items, in a template whose measurements are one each."""
    found = [one for one in resources(*children, like=like) if one["resourceType"] == "Observation"]
    return [one for one in found if one["code"]["coding"][0]["code"] == LENGTH.value]


def resources(*children: Dataset, like: str = ECHO) -> tuple[dict[str, Any], ...]:
    return translated(*children, like=like).result.members


def translated(*children: Dataset, like: str) -> Translated[Group]:
    """Such a document. The SR comes back, which is checked, too."""
    dataset = pydicom.dcmread(FIXTURES / "dicom" / f"{like}.dcm")
    dataset.ContentSequence = list(children)
    data = pydicom.filebase.DicomBytesIO()
    dataset.save_as(data)
    made = structured_report.read(bytes(data.getvalue()))
    found = to_fhir(made, load(), Known())
    assert to_dicom(found.result, load(), Known()).result == made
    return found


def place(observation: dict[str, Any]) -> tuple[str | None, str | None]:
    """Code and words of the body site."""
    said = observation.get("bodySite", {})
    codes_ = [one["code"] for one in said.get("coding", ())]
    return (codes_[0] if codes_ else None), said.get("text")


@pytest.mark.parametrize("below", [(), (side(SCT.Left),)], ids=["plain", "with its side"])
@pytest.mark.parametrize("around", [(), (site(LIVER),)], ids=["none around", "another around"])
def test_a_measurement_is_of_its_own_site(below: tuple[Dataset, ...], around: tuple[Dataset, ...]) -> None:
    (found,) = lengths(container(FINDINGS, *around, num(LENGTH, "12.5", MM, site(KIDNEY, *below))))
    code, words = place(found)
    assert code == KIDNEY.value
    assert not below or words == "Kidney, Left"


@pytest.mark.parametrize("reason", ["114007", "114010"])
def test_why_no_site_is_said_is_no_site(reason: str) -> None:
    """*Measurement not attempted*, as a Finding Site whose result FHIR set to absent says, was where all below was."""
    unknown = Code(reason, "DCM", "Measurement not attempted")
    found = lengths(container(FINDINGS, site(unknown), num(LENGTH, "12.5", MM)))
    found += lengths(container(FINDINGS, site(KIDNEY, side(unknown)), num(LENGTH, "12.5", MM)))
    assert [place(one)[0] for one in found] == [None, KIDNEY.value]
    assert "attempted" not in repr([place(one) for one in found])


def test_only_what_says_where_is_part_of_the_site() -> None:
    """A method, or a normality, would stand in the site of all that is below."""
    method = modifier(coded(SCT.MeasurementMethod, Code("121221", "DCM", "Volume of ellipsoid")))
    found = lengths(container(FINDINGS, site(KIDNEY, side(SCT.Left), method), num(LENGTH, "12.5", MM)))
    assert [place(one) for one in found] == [(KIDNEY.value, "Kidney, Left")]


def test_what_is_said_below_a_measurement_is_of_its_site() -> None:
    inner = num(LENGTH, "1", MM)
    inner.RelationshipType = "HAS PROPERTIES"
    outer = num(LENGTH, "2", MM, site(KIDNEY, side(SCT.Left)), inner)
    found = lengths(container(FINDINGS, site(LIVER), outer))
    assert [place(one) for one in found] == [(KIDNEY.value, "Kidney, Left")] * len(found)


def test_the_side_beside_the_site_tells_left_from_right() -> None:
    sections = [
        container(FINDINGS, site(KIDNEY), side(which), container(FINDINGS, num(LENGTH, value, MM)))
        for which, value in ((SCT.Left, "11"), (SCT.Right, "12"))
    ]
    assert [place(one)[1] for one in lengths(*sections)] == ["Kidney, Left", "Kidney, Right"]


def test_a_side_inside_and_one_alone_are_said() -> None:
    nested = container(FINDINGS, site(KIDNEY), container(FINDINGS, side(SCT.Left), num(LENGTH, "1", MM)))
    alone = container(FINDINGS, side(SCT.Right), num(LENGTH, "2", MM))
    assert [place(one) for one in lengths(nested, alone)] == [(KIDNEY.value, "Kidney, Left"), (None, "Right")]


def test_another_site_has_not_the_side_of_the_one_around() -> None:
    inner = container(FINDINGS, site(LIVER), num(LENGTH, "1", MM))
    (found,) = lengths(container(FINDINGS, site(KIDNEY), side(SCT.Left), inner))
    assert place(found) == (LIVER.value, place(found)[1])
    assert "Left" not in str(found["bodySite"])


def test_the_mothers_value_is_not_the_fetuss() -> None:
    mothers = container(FINDINGS, of_subject(PATIENT), num(LENGTH, "80", MM))
    fetuss = container(FINDINGS, num(LENGTH, "140", MM))
    found = lengths(of_subject(FETUS), mothers, fetuss)
    assert [one.get("focus") for one in found] == [None, [{"display": "Fetus"}]]


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        ((site(KIDNEY, side(SCT.Right)), site(KIDNEY, side(SCT.Left))), "Kidney, Right; Kidney, Left"),
        ((site(KIDNEY), site(LIVER)), "Kidney; Liver"),
        ((site(KIDNEY, side(SCT.Right)), site(LIVER)), "Kidney, Right; Liver"),
    ],
    ids=["two sides", "two sites", "two sites, of one a side"],
)
def test_what_is_of_several_sites_is_of_no_single_one(sites: tuple[Dataset, ...], words: str) -> None:
    """TID 1501 has a Finding Site 1-n: the volume of both kidneys is no volume of the right one."""
    around = lengths(container(FINDINGS, *sites, num(LENGTH, "4500", MM)))
    own = lengths(container(FINDINGS, num(LENGTH, "4500", MM, *sites)))
    assert [place(one) for one in (*around, *own)] == [(None, words)] * 2


def test_one_site_that_is_said_twice_is_one() -> None:
    found = lengths(
        container(FINDINGS, site(KIDNEY, side(SCT.Left)), site(KIDNEY, side(SCT.Left)), num(LENGTH, "1", MM))
    )
    assert [place(one) for one in found] == [(KIDNEY.value, "Kidney, Left")]


def test_a_side_of_ones_own_is_the_side_of_the_site() -> None:
    """Not a second one; of both kidneys it is one."""
    both = container(FINDINGS, site(KIDNEY, side(SCT.Right)), site(KIDNEY, side(SCT.Left)))
    one = container(FINDINGS, site(KIDNEY, side(SCT.Left), part(APICAL)))
    for group in (both, one):
        group.ContentSequence.append(num(LENGTH, "1", MM, side(SCT.Right)))
    assert [place(each) for each in lengths(both, one)] == [
        (KIDNEY.value, "Kidney, Right"),
        (KIDNEY.value, "Kidney, Right, Apical"),
    ]


def test_a_part_of_the_site_is_said_as_the_side_is() -> None:
    """A vessel of TID 5100: proximal and distal values are of one artery."""
    vessels = [container(FINDINGS, part(which), num(LENGTH, "1", MM)) for which in (APICAL, DISTAL)]
    found = lengths(container(FINDINGS, site(KIDNEY), side(SCT.Right), *vessels, num(LENGTH, "1", MM)))
    assert [place(one)[1] for one in found] == ["Kidney, Right, Apical", "Kidney, Right, Distal", "Kidney, Right"]


CAROTID, VERTEBRAL = Code("32062004", "SCT", "Common carotid artery"), Code("85234005", "SCT", "Vertebral artery")
NECK = Code("361715003", "SCT", "Artery of neck")


def test_a_group_of_a_vessel_is_where_that_vessel_is() -> None:
    """TID 5104, whose concept is $AnatomyGroup: else a velocity of the internal carotid artery could not be told from
    one of the common. Also by the code that it had once; one of no context group of the template is as its section."""
    internal, other = Code("T-45300", "SRT", "Internal carotid artery"), Code("125007", "DCM", "Measurement Group")
    concepts = (CAROTID, internal, other)
    sections = [
        container(
            FINDINGS, site(NECK), side(which), *(container(one, part(DISTAL), num(LENGTH, "1", MM)) for one in concepts)
        )
        for which in (SCT.Left, SCT.Right)
    ]
    said = [place(one) for one in lengths(*sections, like=VASCULAR)]
    names = ("Common carotid artery", "Internal carotid artery", "Artery of neck")
    assert [words for _, words in said] == [f"{one}, {which}, Distal" for which in ("Left", "Right") for one in names]
    assert [code for code, _ in said[:3]] == [CAROTID.value, "T-45300", NECK.value]


@pytest.mark.parametrize(("like", "words"), [(OBGYN, "Uterine artery, Left"), (ECHO, "Pelvis, Left")])
def test_a_group_has_a_side_of_its_own_in_obstetrics(like: str, words: str) -> None:
    """TID 5026. In other templates, the concept of a container says no place."""
    uterine, pelvis = Code("91079009", "SCT", "Uterine artery"), Code("12921003", "SCT", "Pelvis")
    group = container(uterine, side(SCT.Left), num(LENGTH, "1", MM))
    (found,) = lengths(container(FINDINGS, site(pelvis), group), like=like)
    assert place(found)[1] == words


def test_the_side_of_a_vascular_section_is_that_of_each_site_in_it() -> None:
    """TID 5103, $SectionLaterality. What is said nearer holds."""
    right = container(FINDINGS, site(VERTEBRAL, side(SCT.Right)), num(LENGTH, "1", MM))
    group = container(FINDINGS, site(VERTEBRAL), num(LENGTH, "2", MM))
    section = container(FINDINGS, site(NECK), side(SCT.Left), right, group, num(LENGTH, "3", MM, site(VERTEBRAL)))
    found = [place(one) for one in lengths(section, like=VASCULAR)]
    assert found == [(VERTEBRAL.value, f"Vertebral artery, {which}") for which in ("Right", "Left", "Left")]


@pytest.mark.parametrize(("like", "warned"), [(ECHO, True), (VASCULAR, False)])
def test_a_side_that_is_not_said_of_a_site_in_it_is_warned_of(like: str, warned: bool) -> None:
    inner = container(FINDINGS, site(LIVER), num(LENGTH, "1", MM))
    its_own = container(FINDINGS, site(LIVER, side(SCT.Right)), num(LENGTH, "2", MM, site(VERTEBRAL), side(SCT.Left)))
    both = container(
        FINDINGS, site(KIDNEY, side(SCT.Left)), site(KIDNEY, side(SCT.Right)), num(LENGTH, "3", MM, site(LIVER))
    )
    warnings = translated(
        container(FINDINGS, site(KIDNEY), side(SCT.Left), inner, its_own), both, like=like
    ).report.warnings
    said = [one for one in warnings if "without a Laterality" in one]
    assert [one.rpartition(": ")[2] for one in said] == (["1.1.3"] if warned else [])


def test_a_side_below_a_site_is_nearer_than_one_beside() -> None:
    sites = site(SCT.Lung, part(APICAL)), site(KIDNEY, side(SCT.Left)), side(SCT.Right)
    around = lengths(container(FINDINGS, *sites, num(LENGTH, "1", MM)))
    own = lengths(container(FINDINGS, num(LENGTH, "1", MM, *sites)))
    assert [place(one)[1] for one in (*around, *own)] == ["Lung, Apical, Right; Kidney, Left"] * 2


def test_the_side_beside_a_site_that_is_an_element_is_said_with_it() -> None:
    """Of a value that is a component, no more would say it (TID 10021: adrenal gland, left)."""
    around = container(FINDINGS, site(KIDNEY), side(SCT.Left), num(LENGTH, "1", MM))
    own = container(FINDINGS, num(LENGTH, "1", MM, site(KIDNEY), side(SCT.Left)))
    folded = [one for one in resources(around, own, like="2000-imaging-report") if "bodySite" in one]
    assert [place(one) for one in (*folded, *lengths(around, own))] == [(KIDNEY.value, "Kidney, Left")] * 4


@pytest.mark.parametrize("beside", [False, True], ids=["below the site", "beside it"])
def test_what_the_root_is_about_all_is_about(beside: bool) -> None:
    """TID 2100: both eyes have a report of their own. A nearer site overrides it, as anywhere."""
    about = [site(KIDNEY), side(SCT.Left)] if beside else [site(KIDNEY, side(SCT.Left))]
    inner = container(FINDINGS, num(LENGTH, "1", MM))
    found = lengths(*about, inner, container(FINDINGS, site(LIVER, side(SCT.Right)), num(LENGTH, "2", MM)))
    assert [place(one)[1] for one in found] == ["Kidney, Left", "Liver, Right"]
    assert [place(one)[1] for one in lengths(*about, num(LENGTH, "3", MM))] == ["Kidney, Left"]


def components(observation: dict[str, Any]) -> dict[str, str | None]:
    """Strings by the code of the component."""
    said = {one["code"]["coding"][0]["code"]: one.get("valueString") for one in observation.get("component", ())}
    return {code: words for code, words in said.items() if words is not None}


@pytest.mark.parametrize(
    ("concept", "focus"),
    [
        (DCM.SubjectName, None),
        (DCM.MotherOfFetus, [{"display": "Fetus"}]),
        (Code("1", "99X", "Notified person"), None),
    ],
    ids=["the patient", "her mother", "somebody who was told"],
)
def test_who_has_not_observed_is_no_performer(concept: Code, focus: list[dict[str, str]] | None) -> None:
    """TID 1007 and 1008 name the subject, others whom a result was told."""
    told = context(person(concept, "Doe^Jane"))
    (beside,) = lengths(*observer("Root^Rita"), container(FINDINGS, told, num(LENGTH, "1", MM)))
    (above,) = lengths(*observer("Root^Rita"), num(LENGTH, "1", MM, properties(person(concept, "Doe^Jane"))))
    for one in (beside, above):
        assert ["display" in who for who in one["performer"]] == [False]
    assert beside.get("focus") == focus
    assert components(above) == {concept.value: "Doe, Jane"}


def test_the_name_of_a_subject_stands_for_its_id() -> None:
    another = of_subject(Code("121027", "DCM", "Specimen"))
    (found,) = lengths(container(FINDINGS, another, context(person(DCM.SubjectName, "Doe^Jane")), num(LENGTH, "1", MM)))
    assert found["focus"] == [{"display": "Specimen Jane Doe"}]


def named(concept: str, value: str) -> Dataset:
    kind = uidref if value.startswith("2.25.") else text
    return context(kind(Code(concept, "DCM", "what it is called"), value))


SECOND = context(num(Code("121037", "DCM", "Fetus number"), "2", unit("1")))
SPECIMEN, DEVICE_SUBJECT = Code("121027", "DCM", "Specimen"), Code("121192", "DCM", "Device Subject")


@pytest.mark.parametrize(
    ("which", "names", "focus"),
    [
        (FETUS, [SECOND], "Fetus 2"),
        (FETUS, [SECOND, context(text(Code("11951-1", "LN", "Fetus ID"), "B"))], "Fetus B"),
        (None, [SECOND], "Fetus 2"),
        (SPECIMEN, [named("121039", "2.25.1"), named("121041", "S-1")], "Specimen S-1"),
        (SPECIMEN, [named("121039", "2.25.1")], "Specimen 2.25.1"),
        (DEVICE_SUBJECT, [named("121193", "Phantom A")], "Device Subject Phantom A"),
        (PATIENT, [named("121041", "S-1")], None),
        (None, [named("121041", "S-1")], None),
    ],
)
def test_subjects_of_one_class_are_told_apart(which: Code | None, names: list[Dataset], focus: str | None) -> None:
    """Twins have numbers (TID 1008; PS3.17 I.3), specimens identifiers (TID 1009), devices names (TID 1010)."""
    of = [of_subject(which)] if which else []
    (found,) = lengths(container(FINDINGS, *of, *names, num(LENGTH, "1", MM)))
    assert found.get("focus") == ([{"display": focus}] if focus else None)


def test_who_observed_is_whom_the_nearest_item_names() -> None:
    inner = container(FINDINGS, *observer("Section^Sam"), num(LENGTH, "1", MM), num(LENGTH, "2", MM))
    found = lengths(*observer("Root^Rita"), inner, container(FINDINGS, num(LENGTH, "3", MM)))
    names = [[one.get("display") for one in each["performer"]] for each in found]
    assert names[:2] == [["Sam Section"]] * 2
    assert names[2] == [None] and found[2]["performer"][0]["reference"].startswith("Practitioner/")


def test_a_device_that_observed_is_no_person() -> None:
    (found,) = lengths(*observer("Root^Rita"), container(FINDINGS, *device("1500"), num(LENGTH, "1", MM)))
    assert "performer" not in found
    assert found["device"]["display"] == "SCANNER-1500"


@pytest.mark.parametrize("device_first", [False, True])
def test_who_observed_is_told_by_concepts_where_the_types_stand_in_a_row(device_first: bool) -> None:  # noqa: FBT001
    (person_is, *who), (device_is, *what) = observer("Section^Sam"), device("1500")
    types = [device_is, person_is] if device_first else [person_is, device_is]
    (found,) = lengths(container(FINDINGS, *types, *who, *what, num(LENGTH, "1", MM)))
    assert [one["display"] for one in found["performer"]] == ["Sam Section"]
    assert found["device"]["display"] == "SCANNER-1500"


def test_a_device_is_known_by_its_uid_alone() -> None:
    kind, identity, *_ = device("1500")
    (found,) = lengths(*observer("Root^Rita"), container(FINDINGS, kind, identity, num(LENGTH, "1", MM)))
    assert "performer" not in found
    assert found["device"] == {"identifier": {"system": "urn:dicom:uid", "value": f"urn:oid:{identity.UID}"}}


def test_the_device_that_took_part_has_not_observed() -> None:
    """TID 1021 says its UID by the concept of an observer's."""
    role = coded(DCM.DeviceRoleInProcedure, DCM.IrradiatingDevice, properties(device("1500")[1]))
    (found,) = lengths(*observer("Root^Rita"), num(LENGTH, "1", MM, properties(role)))
    assert "device" not in found and len(found["performer"]) == 1


def test_a_name_alone_is_an_observer() -> None:
    """TID 1002: without an Observer Type it is a person, and overrides whoever observed around it (TID 1001)."""
    root, inner, own = (context(person(DCM.PersonObserverName, name)) for name in ("Root^R", "Inner^I", "Own^O"))
    section = container(FINDINGS, inner, num(LENGTH, "1", MM), num(LENGTH, "2", MM, own))
    by_inner, by_own, by_root = lengths(root, section, container(FINDINGS, num(LENGTH, "3", MM)))
    assert [one.get("display") for one in by_inner["performer"]] == ["I Inner"]
    assert [one.get("display") for one in by_own["performer"]] == ["O Own"]
    assert by_root["performer"][0]["reference"].startswith("Practitioner/")


@pytest.mark.parametrize("typed", [0, 1, 2])
def test_a_name_alone_is_an_author(typed: int) -> None:
    """Alone, beside one of a device, and behind one that has its type."""
    before = [[], device("1500"), observer("First^F")][typed]
    name = context(person(DCM.PersonObserverName, "Root^Rita"))
    members = resources(*before, name, container(FINDINGS, num(LENGTH, "1", MM)))
    (composition,) = [one for one in members if one["resourceType"] == "Composition"]
    named = {f"{one['resourceType']}/{one['id']}": one for one in members}
    *observers, equipment = composition["author"]
    authors = [named[one["reference"]] for one in observers]
    assert len(authors) == (2 if typed else 1)
    assert authors[-1]["name"][0]["family"] == "Root"
    assert named[equipment["reference"]]["manufacturer"] == "Beispiel Medizintechnik"
    (found,) = [one for one in members if one["resourceType"] == "Observation"]
    assert found["performer"][-1] == {"reference": observers[-1]["reference"]}
