"""docs/reference/mapping.schema.json, which editors use, says what the compiler says: keys, and which are needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from bridge.mapping.lens import LENSES
from bridge.mapping.load import compiled, shipped
from bridge.mapping.paths import FOLDS
from bridge.mapping.shapes import SHAPES
from bridge.terminology.categories import OBSERVATIONS, REPORTS
from tests.corpus import FIXTURES, ROOT
from tests.unit.mapping.test_faults import SEEDS

SCHEMA = json.loads((ROOT / "docs" / "reference" / "mapping.schema.json").read_text("utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)
HOW_TO = (ROOT / "docs" / "how-to" / "add-your-codes.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference" / "mappings.md").read_text("utf-8")
EXAMPLES, OF_REFERENCE = (re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) for text in (HOW_TO, REFERENCE))

CODE = {"system": "99LAB", "code": "a b"}
ROWS: dict[str, dict[str, Any]] = {
    "concepts": {
        "fhir": dict(CODE),
        "dicom": CODE | {"version": "1"},
        "name": "Own",
        "category": "laboratory",
        "unit": "mmol/L",
        "accept": ["meq/L"],
    },
    "titles": {"category": "survey", "title": "LN 11329-0", "name": "History"},
    "templates": {
        "template": "1500",
        "name": "Measurement Report",
        "titles": ["DCM 126000"],
        "classes": ["88.33"],
        "measurements": "each",
        "category": "imaging",
        "report": "RAD",
        "sites": ["CID 12103", dict(CODE)],
        "laterality": "section",
        "source": "PS3.16 TID 1500",
    },
}
TABLES: dict[str, Any] = {
    "pairs": [],
    "values": [["NUM", "valueQuantity", "quantity"]],
    "folds": [["DCM 121077", "Conclusion", "CODE", "interpretation", "concept"]],
    "relationships": {"CONTAINS": ["DCM 121077"]},
}


def wholes() -> Iterator[tuple[str, Any]]:
    """Files with every key, and the way to each map in them."""
    for table, row in ROWS.items():
        yield table, {table: [row]}
    for shape, (resource, tables) in SHAPES.items():
        found = {"shape": shape, "fhir": resource} | {name: TABLES[name] for name in TABLES if name in tables}
        if shape == "report":
            found["folds"] = [["DCM 121077", "Conclusion", "CODE", "conclusionCode", "concept"]]
        yield shape, found


def maps(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from maps(child)


def changed() -> Iterator[tuple[str, Any]]:
    """Each file as it is; with a key that nobody knows in each of its maps; and without each key of each map."""
    for name, whole in wholes():
        yield name, whole
        for number, one in enumerate(list(maps(whole))):
            for key in ("zzz", *one):
                copy = json.loads(json.dumps(whole))
                target = list(maps(copy))[number]
                if target.pop(key, None) is None:
                    target[key] = "x"
                yield f"{name}-{number}-{key}", copy


def shipped_files() -> list[Path]:
    return sorted(shipped().rglob("*.yaml"))


def refused(text: str) -> bool:
    """By the schema, of scalars as the compiler reads them."""
    return not VALIDATOR.is_valid(yaml.load(text, yaml.BaseLoader))


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", shipped_files(), ids=lambda file: file.name)
def test_every_shipped_file_is_valid(file: Path) -> None:
    assert not refused(file.read_text("utf-8"))


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_example_of_the_how_to_is_valid(text: str) -> None:
    assert "concepts" in text and not refused(text)


@pytest.mark.parametrize("text", OF_REFERENCE)
def test_an_example_of_the_reference_is_valid(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.yaml").write_text(text)
    assert compiled([shipped(), tmp_path])[1] == [] and not refused(text)


def test_the_reference_has_an_example_of_every_table() -> None:
    assert [
        one
        for one in ("concepts", "pairs", "folds", "relationships", "templates", "titles")
        if not any(f"{one}:" in text for text in OF_REFERENCE)
    ] == []


def test_the_example_is_the_file_that_the_how_to_uses() -> None:
    (example,) = EXAMPLES
    assert example == (FIXTURES / "laboratory" / "mappings" / "laboratory.yaml").read_text("utf-8")


@pytest.mark.parametrize(("name", "content"), [pytest.param(*one, id=one[0]) for one in wholes()])
def test_a_file_with_every_key_is_valid(tmp_path: Path, name: str, content: Any) -> None:
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(content))
    assert VALIDATOR.is_valid(content) and compiled([tmp_path])[1] == []


@pytest.mark.parametrize(("name", "content"), [pytest.param(*one, id=one[0]) for one in changed()])
def test_it_knows_the_keys_that_the_compiler_knows(tmp_path: Path, name: str, content: Any) -> None:
    text = yaml.safe_dump(content)
    (tmp_path / "site.yaml").write_text(text)
    assert refused(text) == bool(compiled([tmp_path])[1])


@pytest.mark.parametrize("kind", ["no map", "unknown table", "table that is no list", "row that is no map",
    "unknown key", "no name", "blank name", "long name", "name with a backslash", "no fhir", "no dicom",
    "code without system", "code in parts, one missing", "code in parts, one unknown", "accept that is no list",
    "accept that holds no text", "accept without unit", "category unknown", "shape unknown", "other resource",
    "table of another shape", "pair of two", "value type unknown", "no value[x]", "relationships that are no map",
    "relationship unknown", "measured in no way", "report unknown", "template category unknown", "title without code",
    "title category unknown", "control character in a code", "tabulator in a code", "blank at the beginning of a code",
    "blank at the end of a code", "two blanks in a code", "blank at the end of a designator", "blank in a system",
    "long version", "template by its name", "template that is no CS", "name with a control character of C1",
    "name that ends with a blank", "template with a zero in front", "template of digits in groups",
    "misspelled that is blank", "SOP class that is no text", "SOP class with a zero in front", "fold into words",
    "fold into the time of a note", "fold into a period of a report", "fold into what is taken"])  # fmt: skip
def test_a_wrong_file_is_refused(kind: str) -> None:
    text = SEEDS[kind].text
    assert isinstance(text, str) and refused(text)


def test_what_an_editor_offers_is_what_there_is() -> None:
    definitions = SCHEMA["definitions"]
    assert definitions["category"]["enum"] == list(OBSERVATIONS)
    assert definitions["template"]["properties"]["report"]["enum"] == list(REPORTS)
    assert set(definitions["lens"]["description"].split(", or ")[0].split(", ")) == set(LENSES)
    for shape, (resource, _) in SHAPES.items():
        if resource in FOLDS:
            of_fold = definitions[shape]["properties"]["folds"]["items"]["allOf"][1]["items"][3]
            assert of_fold["enum"] == [".".join(path) for path in FOLDS[resource]]


def test_a_number_is_a_text_too() -> None:
    row = ROWS["templates"] | {"template": 1500, "classes": [88.33, 7]}
    assert VALIDATOR.is_valid({"templates": [row]})
