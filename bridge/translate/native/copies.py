"""What FHIR says in another shape: several values as components, texts as narrative."""

from __future__ import annotations

from bridge.mapping.lens import LENSES
from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Num, Plain
from bridge.model.group import Resource, renamed
from bridge.translate.basis.element_ids import SEVERAL
from bridge.translate.basis.node import Home
from bridge.translate.native.flow import is_flow, narrative_of, worded
from bridge.translate.native.qualifiers import qualified
from bridge.translate.native.xhtml import in_div


def copied(concept: Home) -> Home:
    """A CodeableConcept as it is repeated elsewhere: the element id is that of its own place."""
    return {key: renamed(value, {}) for key, value in concept.items() if key != "id"}


def several_values(number: Num, observation: Resource) -> None:
    """Several values as components, in order. They are there, and nothing says why they are not: beside components FHIR
    R4 vs-2 asks for none."""
    try:
        quantities = [LENSES["quantity"].to_fhir(Num((one,), number.unit, None)) for one in number.values]
    except ValueError:  # no number: none of them is shown
        return
    observation.pop("dataAbsentReason", None)
    code = observation["code"]
    observation["component"] = [{"id": SEVERAL, "code": code, "valueQuantity": one} for one in quantities]


def several_of(observation: Home) -> Num | None:
    """The one item of several values that components say."""
    parts = [one.get("valueQuantity", {}) for one in observation.get("component", ()) if one.get("id") == SEVERAL]
    try:
        numbers = [LENSES["quantity"].to_dicom(part) for part in parts]
    except ValueError:  # one that was edited to what is no number
        return None
    if not numbers or any(one.unit != numbers[0].unit for one in numbers):
        return None
    return qualified(Num(tuple(text for one in numbers for text in one.values), numbers[0].unit, None), observation)


def narrative(section: ContentItem, mapping: Mapping, zone: str) -> str | None:
    """The TEXT items of a section, with what modifies them, or all of a continuous one; None where it has none."""
    if is_flow(section):
        return narrative_of(section, mapping, zone)
    texts = (one for one in section.children if isinstance(one.value, Plain) and one.value.value_type == "TEXT")
    said = [words for one in texts if (words := worded(one, mapping, zone))]
    return in_div(said) if said else None
