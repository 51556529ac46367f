"""What a DICOMweb archive lists: QIDO-RS (PS3.18 10.6). Archives differ in how much they give at once, and in how they
want to be asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bridge.codecs.dicom.json_model import readable
from bridge.errors import TemporaryError
from bridge.model.group import Json
from bridge.model.tags import SOP_INSTANCE_UID, STUDY_UID
from bridge.stores.http import Answer, Peer

JSON = {"Accept": "application/dicom+json"}
_PAGE = 200  # Azure refuses to be asked for more
_FEW = 10  # no archive gives less at once
_OF_ALL = "/studies"


def _each(names: Sequence[str]) -> list[str]:
    return [f"includefield={name}" for name in names]


def _together(names: Sequence[str]) -> list[str]:
    return [f"includefield={','.join(names)}"]


def _none(names: Sequence[str]) -> list[str]:
    return []


_FORMS: tuple[Callable[[Sequence[str]], list[str]], ...] = (_each, _together, _none)
"""Ways to ask for attributes that do not come by themselves, in the order in which they are tried: PS3.18 8.3.4.3 has
the first two, and an archive may refuse what it does not know (400, PS3.18 8.3)."""
_BARE = _FORMS.index(_none)
_ANEW = 600.0
"""Seconds after which it is asked anew for what was refused: it may have been a proxy, or an update that is done."""


class _Way(NamedTuple):
    """Of asking: for which attributes, by what query, in which of `_FORMS`."""

    fields: tuple[int, ...]
    query: list[str]
    form: int


def _asked(fields: Sequence[int], form: int) -> list[str]:
    return _FORMS[form]([f"{tag:08X}" for tag in fields]) if fields else []


class Search:
    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._most = _FEW  # instances of a study that came at once
        self._forms: dict[tuple[int, ...], tuple[int, float]] = {}  # of _FORMS, and since when, by attributes

    def is_bare(self, fields: Sequence[int]) -> bool:
        """Whether the archive gives none of these attributes that does not come by itself."""
        return self._form(tuple(fields)) == _BARE

    def all(
        self,
        path: str,
        query: Sequence[str] = (),
        fields: Sequence[int] = (),
        *,
        more: Sequence[int] = (),
        instead: Sequence[str] | None = None,
    ) -> Iterator[Json]:
        """All results, with these attributes where it gives them. `more`: others, which take these not along where they
        are refused; `instead`: the query for an archive that refuses the other one."""
        whole = (*fields, *more)
        *others, way = self._ways(query, tuple(fields), whole, instead)
        for other in others:
            first = self._page(path, other.query, _PAGE, 0, (400,))
            if first.status != 400:
                way = other
                break
        else:
            first = self._page(path, way.query, _PAGE, 0, ())
        self._learn(way.fields, way.form)
        if way.fields != whole:
            self._learn(whole, _BARE)
        yield from self._pages(path, way.query, first)

    def _ways(
        self, query: Sequence[str], fields: tuple[int, ...], whole: tuple[int, ...], instead: Sequence[str] | None
    ) -> list[_Way]:
        """In the order in which they are tried. What was refused is not asked for again, for a while."""
        forms = [(fields, form) for form in range(self._form(fields), len(_FORMS) if fields else 1)]
        if whole != fields:
            forms = [*((whole, form) for form in range(self._form(whole), _BARE)), *forms]
        queries = [query, instead] if instead is not None else [query]
        return [_Way(names, [*one, *_asked(names, form)], form) for names, form in forms for one in queries]

    def _form(self, fields: tuple[int, ...]) -> int:
        form, since = self._forms.get(fields, (0, 0.0))
        return form if time.monotonic() - since < _ANEW else 0

    def _learn(self, fields: tuple[int, ...], form: int) -> None:
        if form != self._form(fields):  # else it is known since then
            self._forms[fields] = form, time.monotonic()

    def _pages(self, path: str, query: Sequence[str], answer: Answer) -> Iterator[Json]:
        """Archives give less at once than they are asked for, and few say so (PS3.18 8.3.4.4): so it ends where nothing
        follows; within a study, which is asked for often, where less comes than it gives at once."""
        before: set[str] = set()
        offset, by = 0, f"{STUDY_UID if path == _OF_ALL else SOP_INSTANCE_UID:08X}"
        while True:
            found = data_sets(self._peer, path, answer)
            if not found and offset:  # Orthanc counts what is skipped as part of the limit, where it filters by itself
                found = data_sets(self._peer, path, self._page(path, query, offset + _PAGE, offset, (400,)))
            named = {str(uid) for one in found for uid in one.get(by, {}).get("Value") or ()}
            if found and named <= before:
                raise TemporaryError(
                    f"{self._peer.name}: what follows is what came before: does it know `offset` (PS3.18 8.3.4.4)? "
                    "Nothing is concluded from a listing that is not whole; have the archive page its results"
                )
            yield from found
            offset, before = offset + len(found), named
            if not found or not (path == _OF_ALL or self._is_cut(answer, found)):
                return
            answer = self._page(path, query, _PAGE, offset, ())

    def _is_cut(self, answer: Answer, found: Sequence[Json]) -> bool:
        """Whether there may be more in the study: the page is full, or as long as any, or the archive says so."""
        self._most = max(self._most, len(found))
        return len(found) >= min(self._most, _PAGE) or answer.headers.get("warning", "").startswith("299")

    def _page(self, path: str, query: Sequence[str], limit: int, offset: int, accept: tuple[int, ...]) -> Answer:
        """A study may not be there; whoever cannot search for instances has not said that there is none."""
        missing = (404,) if path.startswith("/studies/") else ()
        asked = "&".join([*query, f"limit={limit}", f"offset={offset}"])
        return self._peer.call("GET", f"{path}?{asked}", headers=JSON, accept=accept + missing)


def data_sets(peer: Peer, path: str, answer: Answer) -> list[Json]:
    """What is listed, of all or within a study; nothing is 200 or 204 without a body, too. Raises TemporaryError where
    it is none, or is of another study: it would be taken for what this one holds, and whose it is."""
    found = parsed(peer, answer.body) if answer.status < 300 and answer.body.strip() else []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        peer.judge()
        raise TemporaryError(f"{peer.name}: GET {path}: the answer lists no data sets; is this a DICOMweb archive?")
    found = [readable(one) for one in found]
    if path.startswith(f"{_OF_ALL}/"):
        uid = path.split("/")[2]
        named = (str(each).strip(" \0") for one in found for each in one.get(f"{STUDY_UID:08X}", {}).get("Value") or ())
        if any(one != uid for one in named):
            raise TemporaryError(f"{peer.name}: GET {path}: the answer is of another study; is there a cache between?")
    return found


def parsed(peer: Peer, body: bytes) -> Json:
    return peer.parsed(body, "a DICOMweb archive")
