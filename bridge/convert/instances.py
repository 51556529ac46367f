"""Which Structured Reports of an archive's export stand: not what a later one supersedes (PS3.3 C.17.2.2), nor what a
rejection note of the export declares void (IHE RAD TF-2 4.66, Imaging Object Change Management). Who comes first does
not matter, and what is known of each is in a temporary file of SQLite's: an export may be of any size."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from pydicom.uid import KeyObjectSelectionDocumentStorage

from bridge.codecs.dicom import structured_report
from bridge.codecs.dicom.reader import is_dicom
from bridge.codecs.dicom.structured_report import NotStructuredReportError
from bridge.convert.files import name_of
from bridge.convert.formats import HEAD, other_object
from bridge.convert.inputs import NOTE, Rejected, Skipped
from bridge.convert.sources import GivenFile
from bridge.convert.versions import OLDER
from bridge.errors import InvalidDicomError
from bridge.model.content import Reference
from bridge.model.dataset import DataSet, charset_of, text_of
from bridge.model.document import Document
from bridge.model.tags import ISSUER, PATIENT_ID, SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_UID
from bridge.terminology.structured_reports import is_structured_report
from bridge.translate.header.chain import superseded_by, version_of
from bridge.translate.rejection import Rejection, placed, rejection_of, voided

ELSEWHERE = f"{NOTE}; a report that it rejects is not here: if that was converted before, remove what was made of it"
_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE instance (file INTEGER PRIMARY KEY, uid TEXT, study TEXT, patient TEXT, issuer TEXT);
    CREATE INDEX uids ON instance (uid);
    CREATE TABLE later (former TEXT, uid TEXT, patient TEXT, issuer TEXT, PRIMARY KEY (former, uid)) WITHOUT ROWID;
    CREATE TABLE rejected (
        uid TEXT, study TEXT, is_report INTEGER, is_own INTEGER, patient TEXT, issuer TEXT,
        file INTEGER, reason TEXT, voids INTEGER
    );
    CREATE INDEX rejects ON rejected (uid);
    CREATE INDEX notes ON rejected (file);
    CREATE VIEW hit AS
        SELECT instance.file AS file, instance.uid AS uid, rejected.file AS note, reason, voids
        FROM instance JOIN rejected USING (uid, study)
        WHERE is_own OR (
            instance.patient = rejected.patient AND coalesce(instance.issuer = rejected.issuer, TRUE)
        );
"""  # a note may reject what is of its study, or of its patient (IOCM): a study is of one
_VOID = "SELECT reason FROM hit WHERE voids AND file = ? ORDER BY reason"
_LATER = """
    WITH RECURSIVE newer (uid, patient, issuer) AS (
        SELECT uid, patient, issuer FROM later WHERE former = :uid
        UNION SELECT later.uid, later.patient, later.issuer FROM later JOIN newer ON later.former = newer.uid
    )
    SELECT NOT EXISTS (SELECT 1 FROM later WHERE former = newer.uid)
        AND NOT EXISTS (SELECT 1 FROM hit WHERE voids AND hit.uid = newer.uid),
        patient IS :patient AND coalesce(issuer = :issuer, TRUE)
    FROM newer
"""  # of each version after it, whether that stands, and whether it is of the same patient
_NAMED = """
    SELECT uid, is_report AND voids, (
        SELECT max(EXISTS (SELECT 1 FROM hit WHERE hit.file = instance.file AND note = rejected.file))
        FROM instance WHERE instance.uid = rejected.uid
    )
    FROM rejected WHERE file = ? ORDER BY uid
"""  # of each instance that a note names: whether it is a report, and void; and whether it may be rejected by it


def standing(files: Sequence[GivenFile]) -> Iterator[GivenFile]:
    """Each file in its place, or why what it holds does not stand. Nothing is converted where the disk has no room for
    what is known of the others."""
    try:
        with closing(sqlite3.connect("")) as database:
            database.executescript(_TABLES)
            for number, file in enumerate(files):
                if isinstance(file, Path):
                    _take(database, number, file)
            for number, file in enumerate(files):
                yield (_void(database, number, name_of(file)) or file) if isinstance(file, Path) else file
    except sqlite3.Error as error:
        what = f"{error}; make room for temporary files (SQLITE_TMPDIR, TMPDIR)"
        yield Rejected("the input", f"what supersedes and rejects what: {what}")


def _take(database: sqlite3.Connection, number: int, file: Path) -> None:
    """What cannot be read is said by who converts it."""
    try:
        found = _read(file)
    except (OSError, InvalidDicomError):
        return
    if found is None:
        return
    header, note = found
    uid = text_of(header, SOP_INSTANCE_UID)
    own = (text_of(header, STUDY_UID), *(text_of(header, tag, charset_of(header)) for tag in (PATIENT_ID, ISSUER)))
    database.execute("INSERT INTO instance VALUES (?, ?, ?, ?, ?)", (number, uid, *own))
    named = {one.sop_instance for one in superseded_by(header)} - {uid}
    database.executemany("INSERT OR IGNORE INTO later VALUES (?, ?, ?, ?)", ((one, uid, *own[1:]) for one in named))
    if note is not None and (rejection := rejection_of(note)) is not None:
        said = (number, rejection.reason.meaning, voided([rejection.reason.value]))
        rows = ((*one, one[1] == own[0], *own[1:], *said) for one in _rejected(note, rejection))
        database.executemany("INSERT INTO rejected VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _read(file: Path) -> tuple[DataSet, Document | None] | None:
    """Its header, and all of it where it may be a rejection note; None where it is no Structured Report."""
    with file.open("rb") as opened:
        data = opened.read(HEAD)
        if not is_dicom(data):
            return None
        if len(data) == HEAD:
            if other_object(data) is not None:
                return None
            data += opened.read()
    try:
        header = structured_report.header_of(data)
    except NotStructuredReportError:
        return None
    is_note = text_of(header, SOP_CLASS_UID) == KeyObjectSelectionDocumentStorage
    return header, structured_report.read(data) if is_note else None


def _rejected(note: Document, rejection: Rejection) -> Iterator[tuple[str, str, bool]]:
    """SOP Instance UID and study of each instance that it rejects, and whether that is a report: the study is its own,
    unless its evidence says another."""
    where = {one.sop_instance: one.study for one in placed(rejection, note.header)}
    said = (one.value for one in note.root.children if isinstance(one.value, Reference))
    reports = {one.sop_instance for one in said if is_structured_report(one.sop_class)}
    own = version_of(note).study
    for uid in rejection.instances:
        yield uid, where.get(uid, own), uid in reports


def _void(database: sqlite3.Connection, number: int, name: str) -> Skipped | Rejected | None:
    """Why that file is not converted."""
    found = database.execute("SELECT uid, patient, issuer FROM instance WHERE file = ?", (number,)).fetchone()
    if found is None:
        return None
    if (rejected := database.execute(_VOID, (number,)).fetchone()) is not None:
        return Skipped(name, f"void by a rejection note: {rejected[0]}")
    newer = database.execute(_LATER, dict(zip(("uid", "patient", "issuer"), found, strict=True))).fetchall()
    if not all(is_same for _, is_same in newer):
        return Rejected(name, f"{name}: {_ANOTHERS}")
    if any(stands for stands, _ in newer):
        return Skipped(name, OLDER)
    if newer:
        return Rejected(name, f"{name}: {_UNTOLD}")
    return _of_note(database, number, name)


_UNTOLD = (
    "each version after it is rejected, or superseded by what it supersedes, and nothing says whether this one stands "
    "again; reject it, too, or leave out what does not stand"
)
_ANOTHERS = (
    "a version after it is of another patient, and nobody knows which of them is right; correct that, or leave one out"
)


def _of_note(database: sqlite3.Connection, number: int, name: str) -> Skipped | Rejected | None:
    """Of a note that rejects what is not here, or is of another study or patient: that it does not reject."""
    rows = database.execute(_NAMED, (number,)).fetchall()
    strays = [uid for uid, _, fits in rows if fits == 0]
    if strays:
        what = "is of another study, or patient: that is not rejected"
        remedy = "leave out the note, or take one that says where that is"
        return Rejected(name, f"{name}: this rejection note names {', '.join(strays)}, and {what}; {remedy}")
    return Skipped(name, ELSEWHERE) if any(void and fits is None for _, void, fits in rows) else None
