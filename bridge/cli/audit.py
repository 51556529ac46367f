"""`fhir-dicom audit`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.beside import beside_serve
from bridge.cli.options import Config

HELP = "The audit trail: what was written and decided, by whom, as FHIR AuditEvents in a chain of hashes."
VERIFY_HELP = "Find an entry that was changed or removed; with --heads, a tail that was cut or written anew, too."
VERIFY_EXAMPLE = "Example: fhir-dicom audit verify --heads /mnt/worm/audit-heads"
EXPORT_HELP = "Write the AuditEvents as NDJSON, oldest first."
EXPORT_EXAMPLE = "Example: fhir-dicom audit export > audit.ndjson"
HEAD_HELP = "Show number and hash of the newest entry, to be kept where the bridge cannot write."
HEAD_EXAMPLE = "Example: fhir-dicom audit head >> /mnt/worm/audit-heads"


def verify(
    heads: Annotated[
        Path | None, typer.Option(help="file of lines `number hash`; `audit_heads` of the configuration by default")
    ] = None,
    config: Config = None,
) -> None:
    from bridge.ledger.audit import faults
    from bridge.ledger.heads import is_torn, read_heads
    from bridge.settings.settings import settings

    configured = settings(config)
    file = heads or configured.audit_heads
    exported = read_heads(file) if file is not None else []
    with beside_serve(configured) as ledger:
        found = list(faults(ledger.audit.entries(), exported))
        head = ledger.audit.head()
    for fault in found:
        print(f"audit: {fault}", file=sys.stderr)
    if found:
        raise typer.Exit(1)
    number = head.number if head else 0
    if exported:
        torn = sum(map(is_torn, exported))
        of_them = f", {torn} of them torn by a crash" if torn else ""
        print(f"{number} entries, {len(exported)} exported heads{of_them}: nothing was changed")
    else:
        print(f"{number} entries: the chain is whole; without exported heads one that was written anew looks the same")


def export(config: Config = None) -> None:
    from bridge.settings.settings import settings

    with beside_serve(settings(config)) as ledger:
        for entry in ledger.audit.entries():
            print(entry.event)


def head(config: Config = None) -> None:
    from bridge.settings.settings import settings

    with beside_serve(settings(config)) as ledger:
        newest = ledger.audit.head()
    if newest is not None:
        print(f"{newest.number} {newest.hash}")
