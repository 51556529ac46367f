"""Every guard of the threat model names a test, and there is one of that name."""

from __future__ import annotations

import re

import pytest

from tests.corpus import ROOT

PAGE = (ROOT / "docs/concepts/threat-model.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| threat", "| ---"))]
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)\(", file.read_text("utf-8"), re.M)
}


def test_there_are_threats() -> None:
    assert len(ROWS) >= 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:50])
def test_a_line_names_tests_that_there_are(row: str) -> None:
    cells = row.strip("|").split("|")
    named = re.findall(r"`(test_\w+)`", cells[-1])
    assert len(cells) == 3 and named
    assert not set(named) - TESTS
