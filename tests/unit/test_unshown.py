"""What resources say where a DICOM reader does not look is warned of, by its place."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.model.group import Group, Resource
from bridge.translate.report.unshown import unshown
from tests.samples import alone, composed, measured, observation, reported

HL7 = "http://hl7.org/fhir/StructureDefinition/"
FORM = [{"contentType": "text/plain", "data": "eA=="}]


def narrative(status: str) -> Resource:
    return {"status": status, "div": '<div xmlns="http://www.w3.org/1999/xhtml">Do not use.</div>'}


@pytest.mark.parametrize("status", ["additional", "extensions"])
@pytest.mark.parametrize("make", [measured, reported])
def test_a_narrative_that_says_more_is_named(make: Any, status: str) -> None:
    resource = make(text=narrative(status))
    (warning,) = unshown(alone(resource))
    assert warning.endswith(f"which no DICOM reader sees: {resource['resourceType']}.text")
    assert "Do not use" not in warning


@pytest.mark.parametrize("status", ["generated", "empty"])
def test_one_that_says_no_more_is_not(status: str) -> None:
    assert unshown(alone(measured(text=narrative(status)))) == []


def test_nor_is_that_of_a_section_which_an_item_says() -> None:
    composition = composed(section=[{"title": "x", "text": narrative("additional")}])
    assert unshown(Group(reported(), (composition,), None, "DiagnosticReport/r")) == []
    composition = composed(text=narrative("additional"))
    assert len(unshown(Group(reported(), (composition,), None, "DiagnosticReport/r"))) == 1


@pytest.mark.parametrize("more", [{"conclusion": "See form."}, {"result": [{"reference": "Observation/o"}]}])
def test_a_presented_form_is_named_beside_results_or_a_conclusion(more: Resource) -> None:
    (warning,) = unshown(alone(reported(presentedForm=FORM, **more)))
    assert warning.endswith(": DiagnosticReport.presentedForm")


def test_a_comment_on_an_image_is_named() -> None:
    link = {"reference": "Media/m"}
    (warning,) = unshown(alone(reported(media=[{"comment": "fracture", "link": link}, {"link": link}])))
    assert warning == "a comment on an image, which no DICOM reader sees: DiagnosticReport.media"
    assert unshown(alone(reported(media=[{"link": link}]))) == []


@pytest.mark.parametrize("name", ["bodyPosition", "delta", "timeOffset", "secondaryFinding", "specimenCode"])
def test_an_extension_of_hl7_that_changes_what_a_result_means_is_named(name: str) -> None:
    said = [{"url": f"{HL7}observation-{name}", "valueCodeableConcept": {"text": "standing"}}]
    what = f"the extension observation-{name} says more of it, and no DICOM reader sees that: Observation"
    assert unshown(alone(measured(extension=said))) == [what]
    assert unshown(alone(observation(component=[{"code": {"text": "x"}, "extension": said}]))) == [what]


@pytest.mark.parametrize("url", [f"{HL7}observation-focusCode", "http://example.org/observation-bodyPosition"])
def test_one_that_an_item_says_or_that_is_not_of_hl7_is_not(url: str) -> None:
    assert unshown(alone(measured(extension=[{"url": url, "valueString": "x"}]))) == []


def test_an_uncertainty_of_a_value_is_named() -> None:
    resource = measured()
    resource["valueQuantity"] |= {"extension": [{"url": f"{HL7}iso21090-uncertainty", "valueQuantity": {"value": 1}}]}
    (warning,) = unshown(alone(resource))
    assert warning.endswith(": Observation.valueQuantity")
