"""`fhir-dicom explain`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.cli.options import Config, FhirVersion
from bridge.model.world import World

HELP = "Show each element of a file beside the rule that takes it: which row, by file and line. Writes nothing."
EXAMPLE = "Example: fhir-dicom explain fixtures/fhir/laboratory.json --mappings my-mappings/"
_COLUMNS = ("path", "concept", "outcome", "rule", "reason")


def explain(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="one file, as `convert` takes it")],
    to: Annotated[World | None, typer.Option(help="what it would become; of JSON dicom, else fhir")] = None,
    mappings: Annotated[Path | None, typer.Option(help="a site's own mappings; they win over the shipped ones")] = None,
    fhir_version: FhirVersion = None,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="the report with all details, for machines")] = False,
) -> None:
    from bridge.convert import inputs, run
    from bridge.convert.report import ReportFile, Totals
    from bridge.errors import UsageError
    from bridge.mapping.load import load
    from bridge.settings.settings import settings
    from bridge.translate.basis.ids import Known

    if file.is_dir():
        raise UsageError(f"{file} is a folder; name one DICOM or FHIR file in it")
    if not file.is_file():
        raise UsageError(f"{file}: no such file; name one DICOM or FHIR file")
    configured = settings(config)
    folder = mappings or configured.mappings
    load(folder)  # faults are known before anything is read
    known = Known(issuer=configured.issuer, zone=configured.timezone)
    target = inputs.target_of(file) if to is None else to
    job = run.Job(target, known, folder, details=True, header=True, release=fhir_version or configured.fhir_version)
    entries = [done.entry for done in run.converted(file, job)]
    if json:
        report = ReportFile(None)
        for entry in entries:
            report.put(entry)
        report.close(Totals(entries))
    for entry in entries:
        if entry["error"]:
            print(f"rejected: {entry['error']}", file=sys.stderr)
        elif not json:
            _print(entry)
    if any(entry["error"] for entry in entries):
        raise typer.Exit(1)


def _print(entry: dict[str, Any]) -> None:
    if entry["status"] == "skipped":
        return print(f"{entry['source']}: skipped: {entry['reason']}")
    rows = [_COLUMNS, *(tuple(one[name] or "" for name in _COLUMNS) for one in entry["details"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"{entry['source']}: {entry['items']['total'] + entry['elements']['total']} elements")
    for row in rows:
        print("  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip())
