"""Inputs -> translation -> outputs, document by document; one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from bridge.codecs import fhir, json
from bridge.codecs.dicom import writer
from bridge.convert import export, inputs
from bridge.convert.bundle import bundle
from bridge.convert.export import Part
from bridge.convert.files import name_of
from bridge.convert.formats import LINES
from bridge.convert.inputs import Input, Readable, Rejected, Skipped, Target
from bridge.convert.instances import standing
from bridge.convert.report import ReportEntry, counts_of, entry_of, rejected
from bridge.convert.sources import GivenFile
from bridge.convert.workers import shared_out
from bridge.errors import PermanentError, defect
from bridge.mapping.load import load
from bridge.model.dataset import text_of
from bridge.model.document import Document
from bridge.model.group import Group, Resource
from bridge.model.release import Release
from bridge.model.sr import write_document
from bridge.model.status import AMENDED
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.releases.r5 import in_r5
from bridge.translate.basis.ids import Known
from bridge.translate.header.chain import superseded_by
from bridge.translate.header.header import born_uid
from bridge.translate.selfcheck import checked_to_dicom
from bridge.translate.to_fhir import to_fhir


class Output(Protocol):
    @property
    def name(self) -> str: ...
    def put(self, name: str, data: bytes) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Job:
    """What every file of a run shares."""

    target: Target
    known: Known
    mappings: Path | None
    details: bool = False
    one_line: bool = False
    release: Release = "R4"  # of the resources, read or written
    header: bool = False  # elements of the header among the details


@dataclass(frozen=True, slots=True)
class Done:
    entry: ReportEntry
    name: str | None = None  # of the output file
    data: bytes = b""


def run(files: Sequence[GivenFile], job: Job, output: Output, workers: int = 1) -> Generator[ReportEntry]:
    """One report entry for each document, unreadable file, or type of other resources, and for an output that is not
    there in the end; outputs written on the way."""
    load(job.mappings)  # faults are known before anything is read
    units, written = _units(files, job), set[str]()
    if workers == 1:
        for unit in units:
            yield from (_put(done, output, written) for done in _of(unit, job))
    else:
        with closing(shared_out(partial(_all, job=job), units, workers)) as shared:
            for unit, many in shared:
                yield from (_put(done, output, written) for done in (_lost(unit) if many is None else many))
    try:
        output.close()
    except PermanentError as error:
        yield rejected(output.name, str(error).removeprefix(f"{output.name}: "), str(error))


Unit = Path | Part | Skipped | Rejected
"""What one worker does at a time."""


def _units(files: Sequence[GivenFile], job: Job) -> Iterator[Unit]:
    """Files, the parts of exports, and what is no file, or does not stand."""
    if job.target == "fhir":
        yield from standing(files)
        return
    exports: dict[Path, dict[Path, Path]] = {}  # by what they are, however they are called
    for file in files:
        if isinstance(file, Path) and file.suffix.lower() in LINES:
            exports.setdefault(file.parent.resolve(), {}).setdefault(file.resolve(), file)
        else:
            yield file
    yield from export.exports([[*many.values()] for many in exports.values()])


def _all(unit: Unit, job: Job) -> list[Done]:
    return list(_of(unit, job))


def _of(unit: Unit, job: Job) -> Iterator[Done]:
    match unit:
        case Path():
            return _each(inputs.read(unit, job.target, job.release), job, partial(_whole, unit))
        case Part():
            return _each(export.read(unit, job.release), job, partial(_whole, unit))
        case _:
            return iter([_converted(unit, job)])


def _whole(unit: Unit, what: str) -> Iterator[Rejected]:
    """Each document of what fails as a whole, as far as it is known by name."""
    if isinstance(unit, Part):
        yield from export.rejected(unit, what)
    else:
        source = name_of(unit) if isinstance(unit, Path) else unit.source
        yield Rejected(source, f"{source}: {what}")


def _lost(unit: Unit) -> list[Done]:
    what = "the process that had it in hand was killed, also when it had nothing else; convert it with more memory"
    return [_refused(one) for one in _whole(unit, what)]


def converted(file: Path, job: Job) -> Iterator[Done]:
    for unit in _units([file], job):
        yield from _of(unit, job)


def converted_bytes(source: str, data: bytes, job: Job) -> Iterator[Done]:
    """The same of what is not a file."""
    found = inputs.read_bytes(source, data, job.target, job.release)
    return _each(found, job, lambda what: [Rejected(source, f"{source}: {what}")])


def _each(found: Iterator[Input], job: Job, whole: Callable[[str], Iterable[Rejected]]) -> Iterator[Done]:
    """Whatever happens to one file happens to it alone. `whole`: what is said where it is broken."""
    said = set[str]()
    try:
        for one in found:
            said.update(one.resources)
            yield _converted(one, job)
    except Exception as error:  # noqa: BLE001 - a file that breaks us is named, and the others go on
        yield from (_refused(one) for one in whole(_broken(error)) if said.isdisjoint(one.resources))


def _converted(one: Input, job: Job) -> Done:
    if isinstance(one, Skipped):
        entry = entry_of(one.source, "skipped", one.resources)
        return Done(entry | {"reason": one.reason, "count": one.count})
    if not isinstance(one, Readable):
        return _refused(one)
    try:
        if isinstance(one.content, Document):
            return _to_fhir(one.source, one.content, job)
        return _to_dicom(one, one.content, job)
    except PermanentError as error:
        return Done(rejected(one.source, error.what, f"{one.source}: {error}", one.resources))
    except UnicodeError:
        what = "an edit does not fit the Specific Character Set of the document; write it in other characters"
        return Done(rejected(one.source, what, resources=one.resources))
    except Exception as error:  # noqa: BLE001 - a document that breaks us is named, and the others go on
        return Done(rejected(one.source, _broken(error), resources=one.resources))


def _refused(one: Rejected) -> Done:
    return Done(rejected(one.source, one.reason, one.error, one.resources))


def _broken(error: Exception) -> str:
    return f"cannot be translated: {defect(error)}; please report it"


def _to_fhir(source: str, document: Document, job: Job) -> Done:
    translated = to_fhir(document, load(job.mappings), job.known)
    group, warnings = in_r5(translated.result) if job.release == "R5" else (translated.result, [])
    translated.report.warnings += warnings
    resources: list[Resource] = [*([group.patient] if group.patient else []), *group.resources()]
    for resource in resources:
        fhir.validate(resource, job.release, made=True)
    targets = [f"{one['resourceType']}/{one.get('id', '')}" for one in resources]
    entry = (
        entry_of(source, "converted")
        | counts_of(translated.report, details=job.details, header=job.header)
        | {"targets": targets, "template": document.template}
    )
    data = json.dumps(bundle(group), indent=not job.one_line)
    return Done(entry, f"{text_of(document.header, SOP_INSTANCE_UID)}.json", data)


def _to_dicom(one: Readable, group: Group, job: Job) -> Done:
    translated = checked_to_dicom(group, load(job.mappings), job.known)
    translated.report.warnings += [*one.warnings, *_first_issue(group, translated.result)]
    uid = text_of(translated.result.header, SOP_INSTANCE_UID)
    entry = (
        entry_of(one.source, "converted", one.resources)
        | counts_of(translated.report, details=job.details, header=job.header)
        | {"targets": [uid], "template": translated.result.template}
    )
    return Done(entry, f"{uid}.dcm", writer.write(write_document(translated.result)))


def _first_issue(group: Group, document: Document) -> list[str]:
    """Of a document that amends one, and cannot name it: which instance that was, only a ledger knows. One that was
    born in DICOM names it, where it has one."""
    is_amended = any(one.get("status") in AMENDED for one in group.resources() if one["resourceType"] in _AMENDED)
    names = superseded_by(document.header) or born_uid(group.root) is not None
    return [UNNAMED] if is_amended and not names else []


_AMENDED = ("DiagnosticReport", "Observation")
UNNAMED = (
    "it is amended or corrected, and names no predecessor: a DICOM reader takes it for a first issue; reject or remove "
    "the SR of its former state, if there is one"
)


def _put(done: Done, output: Output, written: set[str]) -> ReportEntry:
    """Writes it, and what is to be said of that. `written`: names of files of this run."""
    if done.name is None:
        return done.entry
    try:
        output.put(done.name, done.data)
    except (PermanentError, OSError, ValueError) as error:
        what = str(error).removeprefix(f"{output.name}/{done.name}: ")
        source, resources = done.entry["source"], done.entry["resources"]
        return rejected(source, what, f"{source}: {error}", resources)
    if done.name in written:
        done.entry["warnings"] = [*done.entry["warnings"], _TWICE]
    written.add(done.name)
    return done.entry


_TWICE = "the very same document as another one of this run: it is counted again, and nothing is added by it"
