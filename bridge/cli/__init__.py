"""The command line `fhir-dicom`, one command a file; heavy imports only where they are used."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import cache


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 something was rejected, 2 wrong usage or configuration, or nothing found."""
    import warnings

    from bridge.errors import BridgeError, MappingError, UsageError, defect

    warnings.filterwarnings("ignore", module="pydicom")  # what it cannot read we carry, and report
    try:
        _commands()()
    except (UsageError, MappingError) as error:
        print(f"fhir-dicom: {error}", file=sys.stderr)
        sys.exit(2)
    except BridgeError as error:  # the ledger is away, its disk is full
        print(f"fhir-dicom: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - a defect of ours; what it says may be of a patient, where it is is not
        places = [f"  {one.filename}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)]
        print(f"fhir-dicom: {defect(error)}; please report it", *places, sep="\n", file=sys.stderr)
        sys.exit(1)


@cache  # who calls `main` again and again, as tests do, has them made once
def _commands() -> Callable[[], object]:
    import typer

    from bridge.cli import (
        about,
        audit,
        backfill,
        backup,
        check,
        conflicts,
        convert,
        explain,
        forget,
        pause,
        prune,
        resend,
        retry,
        serve,
        status,
        sync,
    )

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="FHIR resources to DICOM Structured Reports and back, without loss.",
    )
    app.callback()(about.about)
    app.command("convert", help=convert.HELP, epilog=convert.EXAMPLE)(convert.convert)
    app.command("check", help=check.HELP, epilog=check.EXAMPLE)(check.check)
    app.command("explain", help=explain.HELP, epilog=explain.EXAMPLE)(explain.explain)
    app.command("sync", help=sync.HELP, epilog=sync.EXAMPLE)(sync.sync)
    app.command("serve", help=serve.HELP, epilog=serve.EXAMPLE)(serve.serve)
    app.command("status", help=status.HELP, epilog=status.EXAMPLE)(status.status)
    app.command("retry", help=retry.HELP, epilog=retry.EXAMPLE)(retry.retry)
    app.command("conflicts", help=conflicts.HELP, epilog=conflicts.EXAMPLE)(conflicts.conflicts)
    app.command("pause", help=pause.PAUSE_HELP, epilog=pause.PAUSE_EXAMPLE)(pause.pause)
    app.command("resume", help=pause.RESUME_HELP, epilog=pause.RESUME_EXAMPLE)(pause.resume)
    app.command("resend", help=resend.HELP, epilog=resend.EXAMPLE)(resend.resend)
    app.command("backfill", help=backfill.HELP, epilog=backfill.EXAMPLE)(backfill.backfill)
    app.command("prune", help=prune.HELP, epilog=prune.EXAMPLE)(prune.prune)
    app.command("forget", help=forget.HELP, epilog=forget.EXAMPLE)(forget.forget)
    app.command("backup", help=backup.HELP, epilog=backup.EXAMPLE)(backup.backup)
    trail = typer.Typer(no_args_is_help=True, help=audit.HELP, epilog=audit.VERIFY_EXAMPLE)
    trail.command("verify", help=audit.VERIFY_HELP, epilog=audit.VERIFY_EXAMPLE)(audit.verify)
    trail.command("export", help=audit.EXPORT_HELP, epilog=audit.EXPORT_EXAMPLE)(audit.export)
    trail.command("head", help=audit.HEAD_HELP, epilog=audit.HEAD_EXAMPLE)(audit.head)
    app.add_typer(trail, name="audit")
    return typer.main.get_command(app)
