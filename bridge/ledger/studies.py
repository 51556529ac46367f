"""Which ImagingStudy stands for which study of the PACS."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, delete, select

from bridge.ledger.audit import record
from bridge.ledger.audit_event import described
from bridge.ledger.database import Database, put
from bridge.ledger.tables import IMAGING_STUDY, INTENT


class StudyLink(NamedTuple):
    route: str
    study: str  # what its store names the study by
    resource: str  # `ImagingStudy/id`

    @property
    def document(self) -> str:
        """What its intents are named by."""
        return f"{self.route}|{self.resource}"


_OF_ROUTE = select(IMAGING_STUDY).where(IMAGING_STUDY.c.route == bindparam("of_route")).order_by(IMAGING_STUDY.c.study)
_OF_STUDY = _OF_ROUTE.where(IMAGING_STUDY.c.study == bindparam("of_study"))
_OF_RESOURCE = _OF_ROUTE.where(IMAGING_STUDY.c.resource == bindparam("of_resource"))


class Studies:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, route: str, study: str) -> StudyLink | None:
        return next(iter(self._found(_OF_STUDY, {"of_route": route, "of_study": study})), None)

    def named(self, route: str, resource: str) -> list[StudyLink]:
        """Studies that the ImagingStudy stands for: more than one where the study has moved to another patient, or two
        studies have one UID."""
        return self._found(_OF_RESOURCE, {"of_route": route, "of_resource": resource})

    def some(self, route: str, limit: int) -> list[StudyLink]:
        return self._found(_OF_ROUTE.limit(limit), {"of_route": route})

    def _found(self, query: Select[Any], values: dict[str, str]) -> list[StudyLink]:
        with self._database.connect() as connection:
            return [StudyLink(*row) for row in connection.execute(query, values)]

    def agree(self, link: StudyLink) -> None:
        """After the effect: the link, and the audit entry of what its intent said."""
        with self._database.begin() as connection:
            put(connection, IMAGING_STUDY, link._asdict())
            of_document = INTENT.c.document == link.document
            intent = connection.execute(select(INTENT).where(of_document)).mappings().first()
            if intent is not None:
                now = self._database.now()
                event = described(link.route, intent["act"], intent["store"], intent["keys"], now)
                record(connection, event, link.document)
                connection.execute(delete(INTENT).where(of_document))

    def forget(self, link: StudyLink) -> None:
        of_study = (IMAGING_STUDY.c.route == link.route) & (IMAGING_STUDY.c.study == link.study)
        with self._database.begin() as connection:
            connection.execute(delete(IMAGING_STUDY).where(of_study))
