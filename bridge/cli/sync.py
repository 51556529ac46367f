"""`fhir-dicom sync`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

HELP = "Bring two stores in step, in both directions: one pass, until nothing is owed."
EXAMPLE = "Example: fhir-dicom sync --once --config bridge.yaml"


def sync(
    once: Annotated[bool, typer.Option("--once", help="one pass; the continuous service is `serve`")] = False,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="list both stores in full first: finds deletions that no feed tells")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="bridge.yaml")] = None,
    json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    from bridge.codecs import json as codec
    from bridge.errors import UsageError
    from bridge.ledger.heads import export_head
    from bridge.ledger.ledger import Ledger
    from bridge.mapping.load import load
    from bridge.settings.settings import settings
    from bridge.sync.routes import routes_of
    from bridge.sync.run import once as one_pass

    if not once:
        raise UsageError("say --once; without it there is nothing to do yet")
    configured = settings(config)
    mapping = load(configured.mappings)
    ledger = Ledger(configured.ledger)
    try:
        summary = one_pass(routes_of(configured), ledger, mapping, reconciling=reconcile)
        status, head = ledger.status(), ledger.audit.head()
    finally:
        ledger.close()
    if configured.audit_heads is not None and head is not None:
        export_head(configured.audit_heads, head)
    for fault in summary.faults:
        print(fault, file=sys.stderr)
    if json:
        found = {"acts": dict(summary.acts), "faults": summary.faults, "status": status}
        sys.stdout.buffer.write(codec.dumps(found, indent=True) + b"\n")
    else:
        _print(summary.acts, status)
    if summary.faults:
        raise typer.Exit(1)


def _print(acts: Any, status: dict[str, Any]) -> None:
    done = {act: number for act, number in sorted(acts.items()) if not act.endswith((" nothing", " skipped"))}
    print("\n".join(f"{act}: {number}" for act, number in done.items()) or "nothing to do")
    print(f"linked: {sum(status['linked'].values())}, owed: {status['owed']}, held: {status['held']}, "
          f"dead: {status['dead']}")  # fmt: skip
