"""Laws 1, 4 and 7 on generated trees: every value type, relationship, nesting, private element and odd text."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from bridge.codecs import fhir, json
from bridge.codecs.dicom import reader, writer
from bridge.mapping.load import load
from bridge.model.dataset import DataSet, Element, encode_text, merged
from bridge.model.group import Group
from bridge.model.sr import read_document, write_document
from bridge.translate.basis.ids import Known
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import to_fhir
from tests.corpus import FIXTURES
from tests.element_ids import repeated_in

HEADER = reader.read((FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()).dataset
UTF8 = ("ISO_IR 192",)
# an escape is no text of UTF-8 (PS3.5 6.1.2); bytes that are none, test_character_sets.py has
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\\\0\x1b"), max_size=30)
CODES = st.sampled_from(
    [
        ("8867-4", "LN", "Heart rate"),
        ("271649006", "SCT", "Systolic blood pressure"),
        ("121071", "DCM", "Finding"),
        ("363698007", "SCT", "Finding Site"),
        ("G-C036", "SRT", "Measurement Method"),
        ("2:16016", "MDC", "Rate"),
        ("121005", "DCM", "Observer Type"),
        ("121008", "DCM", "Person Observer Name"),
        ("121012", "DCM", "Device UID"),
        ("121049", "DCM", "Language"),
        ("112040", "DCM", "Tracking Unique Identifier"),
        ("X", "99MINE", ""),
        ("de-DE", "RFC5646", "German"),
        ("121006", "DCM", "Person"),
        ("121007", "DCM", "Device"),
        ("mm", "UCUM", "mm"),
    ]
)


def element(tag: int, vr: str, text: str) -> Element:
    return Element(tag, vr, encode_text(text, vr, UTF8))


def code(tag: int, parts: tuple[str, str, str]) -> Element:
    return Element(
        tag,
        "SQ",
        (
            (
                element(0x00080100, "SH", parts[0]),
                element(0x00080102, "SH", parts[1]),
                element(0x00080104, "LO", parts[2]),
            ),
        ),
    )


@st.composite
def values(draw: st.DrawFn) -> list[Element]:
    kind = draw(
        st.sampled_from(
            [
                "CONTAINER",
                "NUM",
                "CODE",
                "TEXT",
                "DATE",
                "TIME",
                "DATETIME",
                "UIDREF",
                "PNAME",
                "IMAGE",
                "WAVEFORM",
                "SCOORD",
                "SCOORD3D",
                "TCOORD",
                "ODD",
                "",
            ]
        )
    )
    found = (
        [element(0x0040A040, "CS", kind)]
        if kind
        else [Element(0x0040DB73, "UL", struct.pack("<2I", 1, draw(st.integers(1, 9))))]
    )
    if kind == "CONTAINER":
        found.append(element(0x0040A050, "CS", draw(st.sampled_from(["SEPARATE", "CONTINUOUS", "SEPERATE"]))))
    elif kind == "NUM":
        number = draw(st.sampled_from(["1", "36.60", "-0", "1.6e-005", "+5", ".5", "1\\2", "", " 7 ", "abc", "1e99"]))
        inner = (
            (code(0x004008EA, draw(CODES)), element(0x0040A30A, "DS", number))
            if "\\" not in number
            else (Element(0x0040A30A, "DS", b"1\\2 "),)
        )
        found.append(Element(0x0040A300, "SQ", draw(st.sampled_from([(inner,), ()]))))
    elif kind == "CODE":
        found.append(draw(st.sampled_from([code(0x0040A168, draw(CODES)), Element(0x0040A168, "SQ", ())])))
    elif kind in ("IMAGE", "WAVEFORM"):
        sop = (element(0x00081150, "UI", "1.2.840.10008.5.1.4.1.1.2"), element(0x00081155, "UI", "1.2.3"))
        more = draw(st.sampled_from([(), (element(0x00081160, "IS", "3"),)]))
        found.append(Element(0x00081199, "SQ", ((*sop, *more),)))
    elif kind in ("SCOORD", "SCOORD3D"):
        numbers = draw(st.lists(st.floats(width=32), max_size=6))
        graphic = draw(st.sampled_from(["POINT", "MULTIPOINT", "POLYLINE", "POLYGON", "ODD"]))
        found += [Element(0x00700022, "FL", struct.pack(f"<{len(numbers)}f", *numbers))]
        found += [element(0x00700023, "CS", graphic)]
        if kind == "SCOORD3D":
            found.append(element(0x30060024, "UI", "1.2.3.4"))
    elif kind in ("TEXT", "PNAME"):
        found.append(
            element(0x0040A160 if kind == "TEXT" else 0x0040A123, "UT" if kind == "TEXT" else "PN", draw(TEXT))
        )
    else:
        texts = {
            "DATE": (0x0040A121, "DA", ["20260101", "2026", "1997.08.04", ""]),
            "TIME": (0x0040A122, "TM", ["12", "1200", "120000.5", "xx"]),
            "DATETIME": (0x0040A120, "DT", ["20260101", "2026010112", "20260101120000.25-0430", "20260101120000"]),
            "UIDREF": (0x0040A124, "UI", ["1.2.3", "1.2.3 ", "x", ""]),
        }
        if kind in texts:
            tag, vr, choices = texts[kind]
            found.append(element(tag, vr, draw(st.sampled_from(choices))))
    return found


FOLDS = sorted(
    {
        ((fold.concept.value, fold.concept.scheme, fold.concept.meaning), fold.value_type)
        for fold in load().folds.values()
    }
)
LONG = "Heart rate, as a person says it at some length, and at some more than that"


@st.composite
def folded(draw: st.DrawFn) -> list[Element]:
    """An item that is an element of its parent's resource: the concept and the value type of a row of `folds`."""
    concept, kind = draw(st.sampled_from(FOLDS))
    found = [element(0x0040A040, "CS", kind), code(0x0040A043, concept)]
    if kind == "NUM":
        inner = (code(0x004008EA, draw(CODES)), element(0x0040A30A, "DS", draw(st.sampled_from(["2", "5.50", "x"]))))
        found.append(Element(0x0040A300, "SQ", (inner,)))
    elif kind == "CODE":
        found.append(code(0x0040A168, draw(CODES)))
    elif kind == "DATETIME":
        found.append(element(0x0040A120, "DT", "20260302081500"))
    else:
        found.append(
            element(
                0x0040A160,
                "UT",
                draw(TEXT | st.just(LONG)),
            )
        )
    return found


@st.composite
def items(draw: st.DrawFn, depth: int) -> DataSet:
    if not draw(st.integers(0, 2)):
        named = draw(st.sampled_from(["HAS PROPERTIES", "HAS CONCEPT MOD", "HAS OBS CONTEXT", "CONTAINS"]))
        return tuple(sorted((*draw(folded()), element(0x0040A010, "CS", named)), key=lambda one: one.tag))
    found = draw(values())
    relation = draw(
        st.sampled_from(
            ["CONTAINS", "HAS PROPERTIES", "HAS CONCEPT MOD", "HAS OBS CONTEXT", "INFERRED FROM", "SEPERATE", None]
        )
    )
    if relation:
        found.append(element(0x0040A010, "CS", relation))
    if draw(st.integers(0, 9)):
        found.append(code(0x0040A043, draw(CODES)))
    if not draw(st.integers(0, 4)):
        found.append(element(0x0040A032, "DT", "20260302081500"))
    if not draw(st.integers(0, 5)):
        found.append(element(0x0040A171, "UI", f"1.2.{draw(st.integers(1, 10**6))}"))
    if not draw(st.integers(0, 5)):
        found += [element(0x00710010, "LO", "SOMEBODY ELSE"), Element(0x00711001, "OB", b"\1\2")]
    children = draw(st.lists(items(depth - 1), max_size=4)) if depth else []
    if children:
        found.append(Element(0x0040A730, "SQ", tuple(children)))
    return tuple(sorted(found, key=lambda one: one.tag))


@given(st.lists(items(2), min_size=1, max_size=4))
def test_any_tree_comes_back_and_is_valid_fhir(children: list[DataSet]) -> None:
    dataset = merged(HEADER, [Element(0x0040A730, "SQ", tuple(children))])
    document = read_document(reader.read(writer.write(dataset)).dataset)
    assert write_document(document) == dataset
    translated = to_fhir(document, load(), Known())
    assert repeated_in(translated.result.whole()) == []
    for counts in (translated.report.items, translated.report.elements):
        assert counts.mapped + counts.carried + counts.withheld == counts.total
    resources = [json.loads(json.dumps(one)) for one in translated.result.resources()]
    for resource in resources:
        fhir.validate(resource)
    names = [(one["resourceType"], one["id"]) for one in resources]
    assert len(set(names)) == len(names)
    group = Group(resources[0], tuple(resources[1:]), translated.result.patient, translated.result.key)
    assert write_document(to_dicom(group, load(), Known()).result) == dataset
