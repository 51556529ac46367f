"""`fhir-dicom convert`"""

from __future__ import annotations

import gc
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from bridge.cli.options import Config, FhirVersion
from bridge.model.world import World

if TYPE_CHECKING:
    from bridge.convert.report import ReportFile
    from bridge.convert.run import Job
    from bridge.convert.sources import GivenFile

HELP = "Convert files: DICOM SR to FHIR Bundles, or FHIR Observations and DiagnosticReports to DICOM SR."
EXAMPLE = "Example: fhir-dicom convert reports/ --to fhir -o out/ --report report.json"


class Format(StrEnum):
    files = "files"
    ndjson = "ndjson"


def convert(
    sources: Annotated[list[Path], typer.Argument(metavar="IN...", help="files, or folders read recursively")],
    to: Annotated[World, typer.Option(help="what to make")],
    out: Annotated[str, typer.Option("-o", "--out", help="folder; a file with --format ndjson; - for stdout")],
    report: Annotated[Path | None, typer.Option(help="write the report to this file")] = None,
    details: Annotated[bool, typer.Option("--details", help="list every element, not only what is not mapped")] = False,
    format: Annotated[Format, typer.Option(help="one file a document, or one line")] = Format.files,
    fhir_version: FhirVersion = None,
    mappings: Annotated[Path | None, typer.Option(help="a site's own mappings; they win over the shipped ones")] = None,
    config: Config = None,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 1,
    json: Annotated[bool, typer.Option("--json", help="the report on stdout, for machines")] = False,
) -> None:
    from bridge.convert import run
    from bridge.convert.sources import sources as found_in
    from bridge.errors import UsageError
    from bridge.mapping.load import load
    from bridge.settings.settings import settings
    from bridge.translate.basis.ids import Known

    if format is Format.ndjson and to == "dicom":
        raise UsageError("--format ndjson goes with --to fhir; leave it out")
    if json and out == "-":
        raise UsageError("--json and -o - both want stdout; use --report FILE")
    configured = settings(config)
    given = found_in(sources)
    if report is not None and (_is_among(report, given) or str(report) == out):
        raise UsageError(f"{report}: is read or written by the run itself; name another file for the report")
    if not given:
        raise UsageError("nothing found in " + ", ".join(map(str, sources)))
    folder = mappings or configured.mappings
    load(folder)  # faults are known before anything is read
    job = run.Job(
        to,
        Known(issuer=configured.issuer, zone=configured.timezone),
        folder,
        details,
        one_line=format is Format.ndjson,
        release=fhir_version or configured.fhir_version,
    )
    with _begun(out, format, report, json=json) as (output, reports):
        if not _run(given, job, output, workers, reports, table=not json and out != "-"):
            raise typer.Exit(1)


def _is_among(file: Path, given: list[GivenFile]) -> bool:
    return file.resolve() in {one.resolve() for one in given if isinstance(one, Path)}


@contextmanager
def _begun(out: str, format: Format, report: Path | None, *, json: bool) -> Iterator[tuple[Any, list[ReportFile]]]:
    """What is written to; what of it is not whole in the end is taken away, also where the run is stopped."""
    from bridge.convert.report import ReportFile

    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as of a run in the background
            signal.signal(number, _stop)
    with ExitStack() as stack:
        opened = [_output(out, format)]
        stack.callback(lambda: [one.drop() for one in opened])
        opened += [ReportFile(one) for one in [*([report] if report else []), *([None] if json else [])]]
        yield opened[0], opened[1:]


def _stop(number: int, _: FrameType | None) -> NoReturn:
    what = "stopped before its end, without report and totals; run it again: what is there is left as it is"
    print(f"fhir-dicom: {what}", file=sys.stderr)
    raise SystemExit(128 + number)


def _run(
    files: list[GivenFile], job: Job, output: Any, workers: int, reports: list[ReportFile], *, table: bool
) -> bool:
    """Whether all of it was done. Raises UsageError where nothing can be converted that way, and PermanentError where
    the report cannot be written: nobody would know what has become of the rest."""
    from bridge.convert import inputs, run
    from bridge.convert.report import Totals
    from bridge.errors import UsageError

    gc.freeze()  # what is loaded now stays: the collector need not visit it again with each document
    gc.set_threshold(50_000, 20, 20)
    totals, shown = Totals(), list[dict[str, Any]]()
    skipped, rejected, warned = Counter[str](), Counter[str](), Counter[str]()
    done = 0
    with closing(run.run(files, job, output, workers)) as entries:  # stopped, too, its workers end
        for entry in entries:
            done += 1
            totals.add(entry)
            shown += [entry] if len(shown) < _ROWS else []
            if entry["status"] == "skipped":
                skipped[entry["reason"]] += entry["count"]
            if len(warned) < _KINDS:  # they name places: of a long run there may be as many as documents
                warned.update(set(entry["warnings"]))
            for report in reports:
                report.put(entry)
            if entry["error"]:
                rejected.update([entry["reason"]] if len(rejected) < _KINDS else [])
                print(f"rejected: {entry['error']}", file=sys.stderr)
            _progress(done, len(files))
    for report in reports:
        report.close(totals)
    if table:
        _print(shown, done, totals.found, "items" if job.target == "fhir" else "elements")
        for reason, count in skipped.most_common(_ROWS):
            print(f"skipped: {count} x {reason}")
        _print_most("rejected", "reasons", rejected)
        _print_most("warning", "warnings", warned)
    why = inputs.OTHERWISE[job.target]
    if [*skipped] == [why] and not totals.found["converted"] + totals.found["rejected"]:
        raise UsageError(f"{why}; is `--to {'dicom' if job.target == 'fhir' else 'fhir'}` meant?")
    return not totals.found["rejected"]


def _output(out: str, format: Format) -> Any:
    from bridge.convert.outputs import Folder, Lines, Single

    if format is Format.ndjson:
        return Lines(None if out == "-" else Path(out))
    return Single() if out == "-" else Folder(Path(out))


def _progress(done: int, files: int) -> None:
    if sys.stderr.isatty() and done % 50 == 0:
        print(f"{done} documents of {files} files", end="\r", file=sys.stderr)


_ROWS, _MOST, _KINDS = 20, 5, 10_000


def _print(shown: list[dict[str, Any]], done: int, totals: dict[str, Any], what: str) -> None:
    """What became of each document, and how much of it a reader of the other side sees natively. `what`: has been
    counted: content items of an SR, or elements of resources."""
    print(f"{'source':44}{'status':>10}{what:>10}{'mapped':>8}{'carried':>9}{'withheld':>10}")
    for one in shown:
        items = one["items"]
        row = f"{one['source'][-43:]:44}{one['status']:>10}{items['total']:>10}{items['mapped']:>8}"
        print(f"{row}{items['carried']:>9}{items['withheld']:>10}")
    if done > len(shown):
        print(f"... and {done - len(shown)} more; --report FILE lists all")
    number = ", ".join(f"{totals[status]} {status}" for status in ("converted", "skipped", "rejected"))
    header = f"; {_counts('header elements', totals['elements'])}" if totals["elements"]["total"] else ""
    print(f"{number}: {_counts(what, totals['items'])}{header}")


def _counts(name: str, of: dict[str, int]) -> str:
    return f"{of['total']} {name}, {of['mapped']} mapped, {of['carried']} carried, {of['withheld']} withheld"


def _print_most(name: str, names: str, said: Counter[str]) -> None:
    """Why something was rejected, or what is odd but crosses, or is seen by one side alone: the most frequent, each
    with the number of documents."""
    for what, count in said.most_common(_MOST):
        print(f"{name}: {count} x {what}")
    if len(said) > _MOST:
        print(f"... and {len(said) - _MOST} other {names}; --report FILE lists all, by document")
