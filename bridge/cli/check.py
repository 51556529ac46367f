"""`fhir-dicom check`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

HELP = "Check mappings before anything runs: every fault with file, line and remedy."
EXAMPLE = "Example: fhir-dicom check my-mappings/"


def check(
    folders: Annotated[list[str] | None, typer.Argument(metavar="[DIR...]", help="a site's own mappings")] = None,
    json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    from bridge.codecs import json as codec
    from bridge.errors import UsageError
    from bridge.mapping.load import compiled, shipped

    named = folders or []
    if not all(map(str.strip, named)):  # as a path it is the folder that one is in
        raise UsageError("an empty DIR; name the folder that holds your mappings, or leave it out")
    mapping, faults, remarks = compiled([shipped(), *map(Path, named)])
    if json:
        sys.stdout.buffer.write(codec.dumps({"faults": faults, "remarks": remarks}, indent=True) + b"\n")
    else:
        for line in (*faults, *remarks):
            print(line)
        said = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        print(f"{len(mapping.by_fhir)} concept rows, {len(mapping.templates)} templates: {said}")
    if faults:
        raise typer.Exit(1)
