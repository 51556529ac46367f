"""`fhir-dicom sync`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import AsJson, Config

if TYPE_CHECKING:
    from bridge.settings.settings import Settings
    from bridge.sync.summary import Summary

HELP = "Bring two stores in step, in both directions: one pass, until nothing is owed; or pass after pass."
EXAMPLE = "Example: fhir-dicom sync --once --config bridge.yaml"
_LOOK = 5.0  # seconds from one look at whether passes are made still to the next


def sync(
    once: Annotated[bool, typer.Option("--once", help="one pass")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="pass after pass: `serve` without HTTP")] = False,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="list both stores in full first: finds deletions that no feed tells")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be written, and write nothing")] = False,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="threads; `workers` by default")] = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    from bridge.errors import UsageError
    from bridge.settings.settings import settings

    if once == watch:
        raise UsageError("say --once or --watch, one of them")
    configured = settings(config)
    threads = workers or configured.workers
    if watch and (reconcile or dry_run or json):
        raise UsageError("--reconcile, --dry-run and --json are of --once; --watch compares both stores by itself")
    if watch:
        _watch(configured, threads)
    else:
        _once(configured, threads, reconcile=reconcile, dry_run=dry_run, json=json)


def _watch(configured: Settings, workers: int) -> None:
    """Until SIGTERM or SIGINT: then what is in hand is finished."""
    import signal
    import threading

    from bridge.web import logs
    from bridge.web.passes import passes_of

    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    passes = passes_of(configured, workers)
    logs.configure()
    passes.start()
    while not ending.wait(_LOOK) and passes.report()["alive"]:
        pass
    alive = passes.report()["alive"]
    passes.stop()
    if not alive:  # whoever runs it starts it again
        raise SystemExit("fhir-dicom: the thread that makes passes has died; see the log")


def _once(configured: Settings, workers: int, *, reconcile: bool, dry_run: bool, json: bool) -> None:
    from bridge.codecs import json as codec
    from bridge.ledger.heads import check_heads, export_head
    from bridge.ledger.ledger import Ledger
    from bridge.mapping.load import load
    from bridge.sync.routes import routes_of
    from bridge.sync.run import once as one_pass

    mapping, routes = load(configured.mappings), routes_of(configured)
    check_heads(configured.audit_heads)
    ledger = Ledger(configured.ledger, dry=dry_run)
    try:
        summary = one_pass(routes, ledger, mapping, reconciling=reconcile, workers=workers)
        status, head = ledger.status(), ledger.audit.head()
    finally:
        ledger.close()
    if configured.audit_heads is not None and head is not None:
        export_head(configured.audit_heads, head)
    for said in (*summary.faults, *summary.notices):
        print(said, file=sys.stderr)
    if json:
        found = {"acts": dict(summary.acts), "outside": summary.outside, "plans": summary.plans, "status": status}
        found |= {"faults": summary.faults, "notices": summary.notices}
        sys.stdout.buffer.write(codec.dumps(found, indent=True) + b"\n")
    elif dry_run:
        none = "nothing is known of what was to do" if summary.faults else "nothing to do"
        print("\n".join(f"would {plan}" for plan in summary.plans) or none)
        _print_outside(summary)
    else:
        _print(summary, status)
    if summary.faults:
        raise typer.Exit(1)


def _print(summary: Summary, status: dict[str, Any]) -> None:
    none = "nothing was done" if summary.faults else "nothing to do"
    if asked := status["for_a_person"]:
        none += f"; {asked} wait{'s' if asked == 1 else ''} for a person: see `fhir-dicom status`"
    print("\n".join(f"{act}: {number}" for act, number in summary.done.items()) or none)
    _print_outside(summary)
    print(f"linked: {sum(status['linked'].values())}, owed: {status['owed']}, held: {status['held']}, "
          f"dead: {status['dead']}")  # fmt: skip
    if status["warned"]["number"]:
        print(f"in step, with warnings: {status['warned']['number']}; `fhir-dicom status` says which")


def _print_outside(summary: Summary) -> None:
    if summary.outside:
        print(f"outside of what `only` of the route carries: {summary.outside}")
