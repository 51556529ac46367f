"""What a DICOMweb archive lists: QIDO-RS (PS3.18 10.6). Archives differ in how much they give at once, and in how they
want to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bridge.codecs import json
from bridge.errors import InvalidFhirError, TemporaryError
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


class Search:
    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._most = _FEW  # instances of a study that came at once
        self._forms: dict[tuple[int, ...], int] = {}  # of _FORMS, by attributes: what it refuses is not asked for again

    def is_bare(self, fields: Sequence[int]) -> bool:
        """Whether the archive gives none of these attributes that does not come by itself."""
        return _FORMS[self._forms.get(tuple(fields), 0)] is _none

    def all(
        self, path: str, query: Sequence[str] = (), fields: Sequence[int] = (), instead: Sequence[str] | None = None
    ) -> Iterator[Json]:
        """All results, with these attributes where it gives them. `instead`: the query for an archive that refuses the
        other one."""
        *others, (form, asked) = self._ways(query, fields, instead)
        for other, tried in others:
            first = self._page(path, tried, _PAGE, 0, (400,))
            if first.status != 400:
                form, asked = other, tried
                break
        else:
            first = self._page(path, asked, _PAGE, 0, ())
        self._forms[tuple(fields)] = form
        yield from self._pages(path, asked, first)

    def _ways(
        self, query: Sequence[str], fields: Sequence[int], instead: Sequence[str] | None
    ) -> list[tuple[int, list[str]]]:
        """Of asking, with the number of their form, in the order in which they are tried."""
        names = [f"{tag:08X}" for tag in fields]
        forms = range(self._forms.get(tuple(fields), 0), len(_FORMS) if names else 1)
        queries = [query, instead] if instead is not None else [query]
        return [(form, [*one, *(_FORMS[form](names) if names else ())]) for form in forms for one in queries]

    def _pages(self, path: str, query: Sequence[str], answer: Answer) -> Iterator[Json]:
        """Archives give less at once than they are asked for, and few say so (PS3.18 8.3.4.4): so it ends where nothing
        follows; within a study, which is asked for often, where less comes than it gives at once."""
        before: set[str] = set()
        offset, by = 0, f"{STUDY_UID if path == _OF_ALL else SOP_INSTANCE_UID:08X}"
        while True:
            found = self._found(answer)
            if not found and offset:  # Orthanc counts what is skipped as part of the limit, where it filters by itself
                found = self._found(self._page(path, query, offset + _PAGE, offset, (400,)))
            named = {uid for one in found for uid in one.get(by, {}).get("Value", ())}
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

    def _found(self, answer: Answer) -> list[Json]:
        """Nothing is 200 or 204 without a body, too."""
        return parsed(self._peer, answer.body) if answer.status < 300 and answer.body.strip() else []


def parsed(peer: Peer, body: bytes) -> Json:
    try:
        return json.loads(body)
    except InvalidFhirError as error:
        peer.judge()
        raise TemporaryError(f"{peer.name}: the answer is no JSON; is this a DICOMweb archive?") from error
