"""Every example in README and docs that is marked `<!-- run -->` runs as it stands and prints what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bridge.ledger.ledger import Ledger
from bridge.web.meters import Meters
from tests.corpus import ROOT

COMMANDS = [
    "convert", "check", "explain", "sync", "serve", "status", "retry", "conflicts", "pause", "resume", "resend",
    "backfill", "prune", "forget", "backup", "audit",
]  # fmt: skip
_EXAMPLE = re.compile(r"<!-- run(?:: exit (\d))? -->\n```console\n(.*?)```", re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = {page: found for page in PAGES if (found := _EXAMPLE.findall(page.read_text("utf-8")))}


def test_there_are_examples() -> None:
    assert sum(map(len, EXAMPLES.values())) >= 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_merge_is_left_open(page: Path) -> None:
    """Markdown shows the marks as text, and a how-to had them."""
    assert not re.search(r"^(<{7}|>{7}) ", page.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run_one_after_the_other_and_print_what_they_say(tmp_path: Path, page: Path) -> None:
    """In one folder, as whoever follows the page has it."""
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for code, text in EXAMPLES[page]:
        commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
        script = "set -e\n" + "\n".join(commands)
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == int(code or 0), (text, done.stderr)
        for line in text.splitlines():
            if line and not line.startswith("$ "):
                assert re.search(rf"(?<!\d){re.escape(line)}", done.stdout), (text, line)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_and_shows_an_example(command: str) -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    assert f"\n## {command}\n" in page
    done = subprocess.run(
        [sys.executable, "-m", "bridge", command, "--help"], capture_output=True, text=True, check=True
    )
    assert f"Example: fhir-dicom {command}" in done.stdout
    for option in re.findall(r"(--[a-z-]+)", done.stdout):
        assert option in page or option == "--help"


def test_the_metrics_that_are_documented_are_those_that_are_given(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    rows = re.findall(r"^\| (`fhir_dicom_.*?) \|", page, re.MULTILINE)
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    given = re.findall(r"^# TYPE (\w+) ", Meters().page(ledger).decode(), re.MULTILINE)
    ledger.close()
    documented = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(documented) == sorted(name for name in given if not name.endswith("_created"))


def test_no_command_is_missing_here() -> None:
    done = subprocess.run([sys.executable, "-m", "bridge", "--help"], capture_output=True, text=True, check=True)
    assert re.findall(r"│ (\w+)  +\w", done.stdout.partition("Commands")[2]) == COMMANDS


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "fixtures/README.md"])
def test_links_outside_the_built_docs_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text("utf-8")):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_it_says_its_version() -> None:
    done = subprocess.run([sys.executable, "-m", "bridge", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"fhir-dicom {version('fhir-dicom-bridge')}\n"
