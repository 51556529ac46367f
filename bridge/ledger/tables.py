"""The tables. Whatever can be read again from the stores is not here; what is here can be rebuilt from them. A change
of them is a migration."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    case,
    false,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)

from bridge.ledger.link import VOID

METADATA = MetaData()

POSITION = Table(  # where the next poll of a store begins
    "position",
    METADATA,
    Column("route", String, primary_key=True),
    Column("store", String, primary_key=True),
    Column("value", String, nullable=False),
)
SEEN = Table(  # the newest version of each item that was turned into work
    "seen",
    METADATA,
    Column("route", String, primary_key=True),
    Column("store", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("version", String, nullable=False),
)
EDGE = Table(  # references between the resources that form documents
    "edge",
    METADATA,
    Column("route", String, primary_key=True),
    Column("store", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("target", String, primary_key=True),
    Index("edge_target", "route", "store", "target", "source"),  # the source, too, or SQLite reads all of a store
)
IS_OPEN = text("state IN ('owed', 'waiting')")
"""As the index has it, and whoever wants SQLite to take that has to say it so."""
WORK = Table(  # what is owed: look at this item again
    "work",
    METADATA,
    Column("route", String, primary_key=True),
    Column("store", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("state", String, nullable=False),  # as `State` of work_item has them
    Column("generation", Integer, nullable=False),  # news that came in while it was worked on
    Column("attempts", Integer, nullable=False),  # that failed
    Column("due", Float, nullable=False),  # seconds since the epoch
    Column("since", Float, nullable=False, server_default="0"),  # that it is not in step
    Column("reason", Text),
    Column("awaits", String, index=True),  # key of an instance that comes first; held: of a resource in its way
    Column("owner", String, index=True),  # the worker that has it in hand
    Column("crashes", Integer, nullable=False, server_default="0"),  # of workers that had it in hand
    Index("work_due", "route", "state", "due"),
    Index("work_turn", "route", "store", "crashes", "due", "key", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
)
ALIAS = Table(  # resource keys and SOP Instance UIDs -> the document that they belong to
    "alias",
    METADATA,
    Column("route", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("document", String, nullable=False, index=True),
)
LINK = Table(  # the last agreement of both sides about a document
    "link",
    METADATA,
    Column("document", String, primary_key=True),
    Column("route", String, nullable=False, index=True),
    Column("born", String, nullable=False),  # fhir or dicom
    Column("root", String, nullable=False),  # key of the root resource
    Column("versions", JSON, nullable=False),  # resource key -> version
    Column("fhir_digest", String, nullable=False),  # state of the side: as in `Link`
    Column("instance", String, nullable=False),  # key of the head instance in its store
    Column("dicom_digest", String, nullable=False),
    Column("chain", JSON, nullable=False),  # [study, series, class, instance] of every version, head last
    Column("revision", String, nullable=False, server_default=""),  # of the mapping that they were translated by
    Column("reading", String, nullable=False, server_default=""),  # digest of what the head was read as
    Column("warnings", Text, nullable=False, server_default=""),  # of the translation of the head, a line each
    Column("carried", String, nullable=False, server_default=""),  # digests of what was carried to FHIR, as in `Link`
    Index("link_instance", "route", "instance"),
)
STANDING = LINK.c.fhir_digest.not_in(VOID) & LINK.c.dicom_digest.not_in(VOID)
"""On both sides."""
INTENT = Table(  # committed before an effect, deleted with the link
    "intent",
    METADATA,
    Column("document", String, primary_key=True),
    Column("route", String, nullable=False),
    Column("act", String, nullable=False),
    Column("store", String, nullable=False),
    Column("keys", JSON, nullable=False),
)
REJECTION = Table(  # what rejection notes say of instances, whether these are known or not
    "rejection",
    METADATA,
    Column("route", String, primary_key=True),
    Column("instance", String, primary_key=True),  # SOP Instance UID
    Column("note", String, primary_key=True),  # SOP Instance UID
    Column("reason", String, nullable=False),  # code of CID 7011
    Column("study", String),  # Study Instance UID, as the note says; null: noted before that was kept
    Column("key", String),  # what its store names the note by; null: noted before that was kept
    Column("rewritten", Integer, nullable=False, server_default="0"),  # how often the note was lost, and written again
)
IMAGING_STUDY = Table(  # studies of the PACS that an ImagingStudy stands for
    "imaging_study",
    METADATA,
    Column("route", String, primary_key=True),
    Column("study", String, primary_key=True),  # what its store names the study by
    Column("resource", String, nullable=False),
    Index("imaging_study_resource", "route", "resource", "study"),
)
REPLACEMENT = Table(  # instances about to replace one of the same UID, until that is agreed
    "replacement",
    METADATA,
    Column("document", String, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
MOVE = Table(  # the undo list of merged patients
    "move",
    METADATA,
    Column("route", String, primary_key=True),
    Column("instance", String, primary_key=True),  # SOP Instance UID, or what its store names a study by
    Column("document", String, nullable=False, index=True),
    Column("replaced", String, nullable=False),  # key of the Patient
    Column("survivor", String, nullable=False),  # key of the Patient
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("digest", String),  # of the data set before
    Column("moved", Float, nullable=False),  # seconds since the epoch
    Index("move_replaced", "route", "replaced"),
    Index("move_survivor", "route", "survivor"),
)
CONFLICT = Table(  # both sides have news, and a person decides whose hold
    "conflict",
    METADATA,
    Column("document", String, primary_key=True),
    Column("route", String, nullable=False),
    Column("root", String, nullable=False),  # key of the root resource
    Column("store", String, nullable=False),
    Column("instance", String, nullable=False),  # key of the newest instance in its store
    Column("fhir", String, nullable=False),  # state of each side that the verdict is about
    Column("dicom", String, nullable=False),
    Column("opened", Float, nullable=False),  # seconds since the epoch
    Column("verdict", String),  # fhir, dicom
    Column("circle", Boolean, nullable=False, server_default=false()),  # the newest instance says what came before
)
_AHEAD = WORK.alias("ahead")
_ASIDE = select(_AHEAD.c.route, _AHEAD.c.key).where(
    _AHEAD.c.state.in_([literal_column("'held'"), literal_column("'dead'")])
)


def _is_behind(table: Table) -> ColumnElement[bool]:
    """Whether what is owed is of a document whose instance, as the table has it, is put aside. Each list is made once,
    for however much waits."""
    documents = select(table.c.document).where(tuple_(table.c.route, table.c.instance).in_(_ASIDE))
    keys = select(ALIAS.c.route, ALIAS.c.key).where(ALIAS.c.document.in_(documents))
    return tuple_(WORK.c.route, WORK.c.key).in_(keys)


_BEHIND = or_(_is_behind(LINK), _is_behind(CONFLICT), tuple_(WORK.c.route, WORK.c.awaits).in_(_ASIDE))
STATE = case(
    ((WORK.c.state == literal_column("'waiting'")) & _BEHIND, literal_column("'blocked'")), else_=WORK.c.state
).label("is_in")
"""Of work; `blocked` is what waits for an instance that is held or dead: the newest of its document, a newer one in a
conflict, or one that comes first. It is with a person, like that. Literal, for PostgreSQL takes two parameters for two
values, and groups by neither."""
UNTOLD = Table(  # void on this side, and the other could not be told: the route went one way
    "untold",
    METADATA,
    Column("document", String, primary_key=True),
    Column("route", String, nullable=False),
    Column("store", String, nullable=False),
    Column("key", String, nullable=False),  # of the root resource, or of the head instance
)
GONE = Table(  # documents that were deleted a moment ago
    "gone",
    METADATA,
    Column("route", String, primary_key=True),
    Column("document", String, primary_key=True),
    Column("at", Float, nullable=False),  # seconds since the epoch
)
PAUSE = Table(  # routes that make no pass until a person resumes them
    "pause",
    METADATA,
    Column("route", String, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Float, nullable=False),
)
AUDIT = Table(  # what was done, each entry bound to the one before
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True),  # from 1, without a gap
    Column("event", Text, nullable=False),  # FHIR R4 AuditEvent
    Column("hash", String, nullable=False),
    Column("document", String, index=True),  # to find the entry again
)


def in_store(table: Table, route: str, store: str) -> ColumnElement[bool]:
    """The rows of one store of one route."""
    return (table.c.route == route) & (table.c.store == store)
