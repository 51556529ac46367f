"""What sections of a Composition say in words is in the SR, and comes back from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.load import load
from bridge.model.content import Code, Container, ContentItem, Num, Plain
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.names import COMPOSITION_URL
from bridge.translate.basis.ids import Known
from bridge.translate.native.own_words import CONCLUSION, OF_SECTION
from bridge.translate.native.xhtml import div_of, words_of
from bridge.translate.remainder.extension import stripped
from bridge.translate.report.report import Translated
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_dicom import to_dicom
from bridge.translate.to_fhir import ANEW, to_fhir
from tests.edited import first_item_edited
from tests.samples import composed, measured

MAPPING, KNOWN = load(), Known()
Change = Callable[[ContentItem], ContentItem]


def xhtml(content: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'


def section(title: str, content: str = "", **more: Any) -> Resource:
    code = {"coding": [{"system": "http://loinc.org", "code": "59776-5", "display": "Procedure findings"}]}
    text = {"text": {"status": "additional", "div": xhtml(content)}} if content else {}
    return {"title": title, "code": code} | text | more


def group(*sections: Resource, status: str = "final", results: tuple[Resource, ...] = (), **report: Any) -> Group:
    composition = composed(status=status, author=[{"display": "Dr A"}], section=[*sections])
    root: Resource = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "extension": [{"url": COMPOSITION_URL, "valueReference": {"reference": "Composition/c"}}],
        "status": "final",
        "code": {"text": "Report"},
        "effectiveDateTime": "2026-03-02T08:15:00+01:00",
    } | report
    return Group(root, (json.loads(json.dumps(composition)), *results), None, "DiagnosticReport/r")


def warnings(translated: Translated[Document]) -> list[str]:
    """These groups have no Patient."""
    return [one for one in translated.report.warnings if "atient" not in one]


FINDINGS = section("Findings", "<p>2 cm nodule in the <b>right</b> upper lobe.</p><p>No effusion.</p>")
IMPRESSION = section("Procedure findings", "No pneumonia.")


def test_words_of_sections_and_the_conclusion_are_in_the_document() -> None:
    one = group(FINDINGS, IMPRESSION, conclusion="Biopsy advised.")
    translated = checked_to_dicom(one, MAPPING, KNOWN)
    first, second, conclusion = translated.result.root.children
    said = [(child.relationship, child.concept, child.value) for child in first.children]
    assert said == [
        ("HAS CONCEPT MOD", OF_SECTION["title"], Plain("TEXT", "Findings")),
        ("CONTAINS", OF_SECTION["text"], Plain("TEXT", "2 cm nodule in the right upper lobe.\nNo effusion.")),
    ]
    assert [child.value for child in second.children] == [Plain("TEXT", "No pneumonia.")]  # its code says the title
    assert CONCLUSION.same(conclusion.concept) and conclusion.value == Plain("TEXT", "Biopsy advised.")
    assert not warnings(translated)


def test_why_a_section_is_empty_is_said() -> None:
    reason = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "unavailable"}]}
    translated = checked_to_dicom(group(section("Procedure findings", emptyReason=reason)), MAPPING, KNOWN)
    (container,) = translated.result.root.children
    assert [one.value for one in container.children] == [Plain("TEXT", "Unavailable")]


def test_a_section_is_called_by_its_title_where_it_has_no_code() -> None:
    lone = {"title": "Allergies", "text": {"status": "additional", "div": xhtml("Penicillin")}}
    (container,) = checked_to_dicom(group(lone), MAPPING, KNOWN).result.root.children
    assert container.concept is not None and container.concept.meaning == "Allergies"
    assert [one.value for one in container.children] == [Plain("TEXT", "Penicillin")]


@pytest.mark.parametrize("title", ["Procedure findings", "Findings"])
def test_sections_that_say_nothing_are_no_content(title: str) -> None:
    translated = checked_to_dicom(group(section(title)), MAPPING, KNOWN)
    assert any("Finding = Value unknown" in one for one in translated.report.warnings)


def test_results_of_the_report_that_stand_in_no_section_are_content() -> None:
    result = measured()
    one = group(
        section("Findings"), results=(result,), result=[{"reference": "Observation/o"}], subject=result["subject"]
    )
    assert not warnings(checked_to_dicom(one, MAPPING, KNOWN))


def test_a_composition_that_is_an_error_is_not_used() -> None:
    one = group(FINDINGS, status="entered-in-error", conclusion="Biopsy advised.")
    translated = checked_to_dicom(one, MAPPING, KNOWN)
    assert [child.value for child in translated.result.root.children] == [Plain("TEXT", "Biopsy advised.")]
    assert warnings(translated) == ["the Composition is entered-in-error: the report is translated without it"]


# -- edits in the PACS ----------------------------------------------------------------------------------------------
def rewritten(words: str, concept: str = "text") -> Change:
    def change(item: ContentItem) -> ContentItem:
        if not OF_SECTION[concept].same(item.concept):
            return item
        return replace(item, value=Plain("TEXT", words))

    return lambda container: replace(container, children=tuple(map(change, container.children)))


def without(concept: str) -> Change:
    def change(container: ContentItem) -> ContentItem:
        kept = [one for one in container.children if not OF_SECTION[concept].same(one.concept)]
        return replace(container, children=tuple(kept))

    return change


def text_item(concept: Code, words: str) -> ContentItem:
    return ContentItem("CONTAINS", concept, Plain("TEXT", words), (), ())


def edited(one: Group, change: Change) -> tuple[Group, list[str]]:
    """After somebody edited the first section."""
    back = first_item_edited(one, change, MAPPING, KNOWN)
    return back.result, back.report.warnings


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ("No nodule.", "<p>No nodule.</p>"),
        ("No nodule,\r\nno effusion < 5 ml", "<p>No nodule,</p><p>no effusion &lt; 5 ml</p>"),
        ("a\n\nb  c", "<pre>a\n\nb  c</pre>"),
    ],
)
def test_words_that_were_edited_come_back(words: str, content: str) -> None:
    one = group(FINDINGS, IMPRESSION, conclusion="Biopsy advised.")
    back, _ = edited(one, rewritten(words))
    text = {"status": "additional", "div": xhtml(content)}
    assert stripped(back.members[0]) == one.members[0] | {"section": [FINDINGS | {"text": text}, IMPRESSION]}
    assert stripped(back.root) == one.root


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (rewritten("Befund", "title"), FINDINGS | {"title": "Befund"}),
        (without("text"), {key: value for key, value in FINDINGS.items() if key != "text"}),
    ],
)
def test_a_title_and_the_end_of_a_text_come_back(change: Change, after: Resource) -> None:
    one = group(FINDINGS, IMPRESSION)
    back, _ = edited(one, change)
    assert stripped(back.members[0]) == one.members[0] | {"section": [after, IMPRESSION]}


def test_words_that_were_added_to_a_section_come_back() -> None:
    one = group(section("Procedure findings"), IMPRESSION)
    item = text_item(OF_SECTION["text"], "Nodule.")
    back, _ = edited(one, lambda container: replace(container, children=(item,)))
    assert stripped(back.members[0])["section"][0]["text"]["div"] == xhtml("<p>Nodule.</p>")


def test_a_section_that_was_removed_is_gone() -> None:
    one = group(FINDINGS, IMPRESSION | {"section": [FINDINGS]}, conclusion="Biopsy advised.")
    document = checked_to_dicom(one, MAPPING, KNOWN).result
    root = replace(document.root, children=document.root.children[1:])
    back = to_fhir(Document(document.header, root), MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    assert stripped(back.result.members[0])["section"] == [IMPRESSION | {"section": [FINDINGS]}]


def test_results_in_a_section_with_words_stay_results() -> None:
    entry = [{"reference": "Observation/o"}]
    one = group(FINDINGS | {"entry": entry}, IMPRESSION, results=(measured(),), result=entry)

    def number(item: ContentItem) -> ContentItem:
        return replace(item, value=replace(item.value, values=("5",))) if isinstance(item.value, Num) else item

    back, _ = edited(one, lambda container: replace(container, children=tuple(map(number, container.children))))
    assert stripped(back.root) == one.root
    assert stripped(back.members[0]) == one.members[0]
    assert back.members[1]["valueQuantity"]["value"] == 5


def test_a_document_born_in_dicom_gains_nothing() -> None:
    """Title and narrative of its sections are copies, whatever FHIR made of them."""
    finding = text_item(Code("121071", "DCM", "Finding"), "Nodule.")
    heading = Code("121070", "DCM", "Findings")
    inner = ContentItem("CONTAINS", heading, Container("SEPARATE"), (finding,), ())
    outer = ContentItem("CONTAINS", heading, Container("SEPARATE"), (inner,), ())
    made = checked_to_dicom(group(FINDINGS), MAPPING, KNOWN).result
    header = tuple(one for one in made.header if not one.tag >> 16 & 1)
    root = replace(made.root, children=(outer,), rest=())
    document = Document(header, root)
    back = to_fhir(document, MAPPING, KNOWN).result
    assert to_dicom(back, MAPPING, KNOWN).result == document


# -- plain text -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("10<sup>9</sup>/l, H<sub>2</sub>O", "10^9/l, H2O"),
        ("a<br/>b&nbsp;c", "a\nb c"),
        ("<ul><li>one</li><li><p>two</p></li></ul>", "- one\n- two"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        (
            "<table><tr><th>K</th><th>Na</th></tr>\n<tr><td></td><td>140</td></tr></table>",
            "K | Na\n| 140",
        ),
        ("<s>cancer</s> cyst", "[struck out: cancer] cyst"),
        ('<img src="#a" alt="ECG"/>', "[image: ECG]"),
        ("<pre>a  b\n\nc</pre>", "a  b\n\nc"),
        ("p &lt; 0.05 &amp; n", "p < 0.05 & n"),
    ],
)
def test_plain_text_keeps_what_the_mark_up_means(content: str, words: str) -> None:
    assert words_of(xhtml(content)) == words


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n <&>\t")))
def test_plain_text_comes_back_from_xhtml(text: str) -> None:
    assert words_of(div_of(text)) == text.strip()


def test_what_is_no_xhtml_is_read_as_far_as_it_goes() -> None:
    assert words_of("</p><li>a</li></ol><b>c &bogus; <") == "- a\nc &bogus; <"


# -- added in the PACS ----------------------------------------------------------------------------------------------
NODULE = Code("246120007", "SCT", "Nodule size")


def nodule(size: str) -> ContentItem:
    return ContentItem("CONTAINS", NODULE, Num((size,), Code("mm", "UCUM", "mm"), None), (), ())


def sizes(group: Group) -> dict[str, str]:
    """Numbers of the results, by what refers to each."""
    found = (one for one in group.resources() if one["resourceType"] == "Observation" and "valueQuantity" in one)
    return {f"Observation/{one['id']}": str(one["valueQuantity"]["value"]) for one in found}


def with_added(where: Callable[[ContentItem], ContentItem], *, removed: bool = False) -> Group:
    """What is read of two sections, the second of them with a result, after an edit in the PACS; and it comes back."""
    result = measured()
    one = group(
        section("Technique", "CT"),
        section("Findings", "Nodule.", entry=[{"reference": "Observation/o"}]),
        results=(result,),
        result=[{"reference": "Observation/o"}],
        subject=result["subject"],
    )
    made = checked_to_dicom(one, MAPPING, KNOWN).result
    root = where(made.root)
    if removed:
        root = replace(root, children=root.children[1:])
    edited = Document(made.header, root)
    back = to_fhir(edited, MAPPING, KNOWN)
    assert ANEW not in back.report.warnings
    assert to_dicom(back.result, MAPPING, KNOWN).result == edited
    assert not any("a FHIR client does not see" in line for line in back.report.warnings)
    return back.result


def sections_of(one: Group) -> list[tuple[str | None, list[str]]]:
    """Title, and numbers of the results that are entries."""
    (composition,) = [each for each in one.members if each["resourceType"] == "Composition"]
    numbers = sizes(one)
    return [
        (each.get("title"), [numbers.get(entry["reference"], "") for entry in each.get("entry", ())])
        for each in composition["section"]
    ]


@pytest.mark.parametrize("removed", [False, True], ids=["", "another section removed"])
@pytest.mark.parametrize("last", [True, False])
def test_a_number_that_is_added_in_a_section_is_a_result_there(last: bool, removed: bool) -> None:  # noqa: FBT001
    def added(root: ContentItem) -> ContentItem:
        first, findings = root.children
        words = len(findings.children) - 1
        assert isinstance(findings.children[words].value, Num)
        at = len(findings.children) if last else words
        inner = (*findings.children[:at], nodule("12"), nodule("7"), *findings.children[at:])
        return replace(root, children=(first, replace(findings, children=inner)))

    found = with_added(added, removed=removed)
    entries = ["4", "12", "7"] if last else ["12", "7", "4"]
    assert sections_of(found) == [("Technique", [])][removed:] + [("Findings", entries)]
    assert sorted(sizes(found)[one["reference"]] for one in found.root["result"]) == ["12", "4", "7"]


def test_what_is_added_beside_the_sections_is_in_the_composition() -> None:
    def added(root: ContentItem) -> ContentItem:
        first, findings = root.children
        return replace(root, children=(first, nodule("12"), findings))

    found = with_added(added)
    assert sections_of(found) == [("Technique", []), (None, ["12"]), ("Findings", ["4"])]
