"""`fhir-dicom conflicts`"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bridge.cli.beside import beside_serve, say_idle
from bridge.cli.options import AsJson, Config
from bridge.cli.person import person
from bridge.model.world import World

HELP = "Show documents of which both sides have news; say whose hold, and the next pass does it."
EXAMPLE = "Example: fhir-dicom conflicts 1f0c9a2b --holds fhir --config bridge.yaml"


def conflicts(
    name: Annotated[str | None, typer.Argument(help="of a conflict, as this command shows it")] = None,
    holds: Annotated[World | None, typer.Option(help="the side whose news hold")] = None,
    limit: Annotated[int, typer.Option(min=1, help="so many are listed, the oldest first")] = 500,
    config: Config = None,
    json: AsJson = False,
) -> None:
    from bridge.codecs import json as codec
    from bridge.errors import UsageError
    from bridge.settings.settings import settings

    if (name is None) != (holds is None):
        raise UsageError("name a conflict and say --holds fhir or --holds dicom; or neither, to see all")
    configured = settings(config)
    with beside_serve(configured) as ledger:
        if name is not None and holds is not None:
            route = ledger.operations.decide(name, holds, person())
            say_idle(ledger, configured.route_names(), route)
        found = ledger.conflicts.open(limit)
        more = ledger.conflicts.count() - len(found)
    if json:
        sys.stdout.buffer.write(codec.dumps(found, indent=True) + b"\n")
    elif name is not None:
        print(f"{name}: {holds} holds, from the next pass on")
    elif not found:
        print("no conflicts")
    else:
        for one in found:
            decided = f"; {one['verdict']} holds, from the next pass on" if one["verdict"] else ""
            print(f"{one['name']}: {one['route']}: {one['resource']}: FHIR {one['fhir']}, DICOM {one['dicom']} "
                  f"({one['instance']}), since {one['since']}{decided}")  # fmt: skip
        if more:
            print(f"and {more} more; `--limit {more + len(found)}` lists all")
