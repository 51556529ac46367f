"""`fhir-dicom status`"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bridge.cli.beside import beside_serve
from bridge.cli.options import AsJson, Config

HELP = "Show what is linked, owed, held and dead, and why."
EXAMPLE = "Example: fhir-dicom status --config bridge.yaml --json"


def status(
    config: Config = None,
    limit: Annotated[int, typer.Option(min=0, help="so many reasons of each kind are listed")] = 500,
    json: AsJson = False,
) -> None:
    from bridge.codecs import json as codec
    from bridge.settings.revisions import revisions_of
    from bridge.settings.settings import settings

    configured = settings(config)
    with beside_serve(configured) as ledger:
        found = ledger.status(limit) | {
            "outdated": ledger.links.outdated(revisions_of(configured)),
            "retired": ledger.retired.known(configured.route_names()),
        }
    if json:
        sys.stdout.buffer.write(codec.dumps(found, indent=True) + b"\n")
        return
    born = ", ".join(f"{number} born in {world.upper()}" for world, number in sorted(found["linked"].items()))
    print(f"linked: {born or 'nothing'}")
    print(f"owed: {found['owed']}, held: {found['held']}, dead: {found['dead']}, unfinished: {found['intents']}")
    if found["blocked"]:
        print(f"blocked by what is held or dead: {found['blocked']}")
    if found["absent"] or found["conflicts"]:
        print(f"looks deleted: {found['absent']}, conflicts: {found['conflicts']}")
    if found["for_a_person"]:
        print(f"waits for a person: {found['for_a_person']}")
    for route, pause in found["paused"].items():
        print(f"paused: {route} ({pause['name']}, {pause['absent']} look deleted): {pause['reason']}")
    for route, number in sorted(found["outdated"].items()):
        print(f"translated by an earlier revision: {number}; see `fhir-dicom resend {route} --outdated`")
    for route, number in found["retired"].items():
        print(f"no route any more: {route}: {number} not in step, which no pass looks at; configure it again with the "
              f"same names of stores, or `fhir-dicom forget {route}`")  # fmt: skip
    if found["warned"]["number"]:
        print(f"in step, with warnings: {found['warned']['number']}")
    for one in found["warned"]["most"]:
        print(f"{one['number']} of {one['route']}, such as {one['root']}:")
        print("\n".join(f"  {warning}" for warning in one["warnings"]))
    for one in found["reasons"]:
        print(f"{one['state']}: {one['route']}: {one['store']}: {one['key']}: {one['reason']}")
    if found["more"]:
        print(f"and {found['more']} more; most often:")
        for one in found["causes"]:
            print(f"{one['number']} times {one['state']}: {one['route']}: {one['store']}: {one['reason']}")
