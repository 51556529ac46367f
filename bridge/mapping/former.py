"""Rows of a site by which a document was translated: said in its remainder, so that it goes back by them, whatever the
site's rows are since. Shipped rows are not said: they change with the bridge alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache

from bridge.errors import DamagedRemainderError
from bridge.mapping.codings import code_in, coding
from bridge.mapping.mapping import ConceptRow, Mapping
from bridge.model.content import Code
from bridge.model.group import Json

OTHER_ROWS = "rows of the site's mapping were changed since: what was not edited keeps the codes that it had"
Key = tuple[str | None, str | None]
"""System or designator, and code."""
Rows = frozenset[ConceptRow]


def said(rows: Iterable[ConceptRow]) -> list[Json]:
    """As the remainder says them; in one order."""
    return sorted([[*one[:2], *one.dicom[:2], *one[3:6], [*one.accept], [*one.misspelled]] for one in rows], key=repr)


def rows_in(remainder: dict[str, Json]) -> Rows:
    """Raises DamagedRemainderError for what are no rows."""
    try:
        return frozenset(_row(*one) for one in remainder.get("rows", ()))
    except TypeError as error:
        raise DamagedRemainderError from error


def are_rows(found: Json) -> bool:
    try:
        return isinstance(found, list) and rows_in({"rows": found}) is not None
    except DamagedRemainderError:
        return False


def _row(
    system: str,
    code: str,
    value: str,
    scheme: str,
    name: str,
    category: str | None,
    unit: str | None,
    accept: list[str],
    misspelled: list[str],
) -> ConceptRow:
    texts = (system, code, value, scheme, name, category or "", unit or "", *accept, *misspelled)
    if not all(isinstance(one, str) for one in texts):
        raise TypeError("no row")
    return ConceptRow(system, code, Code(value, scheme, name), name, category, unit, (*accept,), (*misspelled,), "")


def rows_of(mapping: Mapping, codings: Collection[Key], codes: Collection[Key]) -> Rows:
    """Rows of the site that answer for any of these, of FHIR and of DICOM."""
    return frozenset(
        one
        for one in mapping.site
        if not {(one.system, one.code), _as_read(one.dicom)}.isdisjoint(codings)
        or not {(one.dicom.scheme, one.dicom.value), _as_said(one.system, one.code)}.isdisjoint(codes)
    )


@lru_cache(maxsize=4096)
def _as_read(code: Code) -> Key | None:
    """How FHIR says a code of an SR that has no row."""
    try:
        found = coding(code)
    except ValueError:
        return None
    return found.get("system"), found["code"]


@lru_cache(maxsize=4096)
def _as_said(system: str, code: str) -> Key | None:
    """How an SR says a code of FHIR that has no row."""
    try:
        found = code_in(system, code, code)
    except ValueError:
        return None
    return found.scheme, found.value


def is_as_then(mapping: Mapping, then: Rows, codings: Collection[Key], codes: Collection[Key]) -> bool:
    """Whether the document is translated as it was: no row of `then` is gone, and none has come."""
    return rows_of(mapping, codings, codes) <= then <= mapping.site


def by_rows(mapping: Mapping, then: Rows) -> Mapping:
    """As if the site had these rows, and no others."""
    shipped = mapping if mapping.shipped is None else mapping.shipped
    return replace(
        mapping,
        by_fhir=shipped.by_fhir | {(one.system, one.code): one for one in then},
        by_dicom=shipped.by_dicom | {(one.dicom.scheme, one.dicom.value): one for one in then},
        shipped=shipped,
    )


def with_rows(mapping: Mapping, then: Rows) -> Mapping:
    """By the rows in force; but what these rows have added to a code that still stands there says nothing else now."""
    return replace(
        mapping,
        by_dicom=mapping.by_dicom | {(one.dicom.scheme, one.dicom.value): one for one in then},
        former={(one.system, one.code): one for one in then},
    )
