"""Changes that a hospital makes on both sides, by a seed, and what must stand on both sides in the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import requests

from bridge.codecs import json
from tests.samples import ecg_report

_JSON = {"Content-Type": "application/fhir+json"}
_PATIENCE = 120.0  # seconds that a hospital's system waits for a server that is away
VOID = "void"


@dataclass
class Hospital:
    """Each document is changed on the side where it was born; the newest mark of each is what both sides must say."""

    fhir: str  # bases
    orthanc: str
    random: random.Random
    marks: dict[str, str] = field(default_factory=dict)  # document -> mark of its newest version, or VOID
    heads: dict[str, str] = field(default_factory=dict)  # document born in DICOM -> SOP Instance UID
    made: int = 0

    def change(self) -> None:
        """One change: one in three is new, one in thirty makes a document void."""
        self.made += 1
        act = self.random.choice(_ACTS)
        act(self)

    def observe(self) -> None:
        name = f"observation-{self.made}"
        self._put(name)

    def correct(self) -> None:
        if name := self._some("observation-"):
            self._put(name)

    def retract(self) -> None:
        if name := self._some("observation-"):
            self._put(name, status="entered-in-error")
            self.marks[name] = VOID

    def send(self) -> None:
        name = f"report-{self.made}"
        self._store(name)

    def amend(self) -> None:
        if name := self._some("report-"):
            self._store(name, self.heads[name])

    def standing(self) -> list[str]:
        return sorted(mark for mark in self.marks.values() if mark != VOID)

    def _some(self, prefix: str) -> str | None:
        standing = [name for name, mark in self.marks.items() if name.startswith(prefix) and mark != VOID]
        return self.random.choice(standing) if standing else None

    def _put(self, name: str, status: str = "final") -> None:
        mark = f"mark {self.made}"
        resource = {
            "resourceType": "Observation", "id": name, "status": status,
            "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}, "valueString": mark,
            "effectiveDateTime": "2026-03-02T08:15:00Z",
        }  # fmt: skip
        url = f"{self.fhir}/Observation/{name}"
        _until_done(lambda: requests.put(url, data=json.dumps(resource), headers=_JSON, timeout=60))
        self.marks[name] = mark

    def _store(self, name: str, predecessor: str | None = None) -> None:
        mark, uid = f"mark {self.made}", f"2.25.{10**12 + self.made}"
        dataset = ecg_report(uid, mark, predecessor)
        out = BytesIO()
        dataset.save_as(out)
        data = out.getvalue()
        _until_done(lambda: requests.post(f"{self.orthanc}/instances", data=data, timeout=60))
        self.marks[name], self.heads[name] = mark, uid


def _until_done(send: Callable[[], Any]) -> None:
    """A server may be away: the hospital's systems try again, too. The same change twice is one."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            send().raise_for_status()
            return
        except requests.RequestException:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


_ACTS: list[Callable[[Hospital], None]] = [
    *[Hospital.observe] * 5,
    *[Hospital.correct] * 12,
    Hospital.retract,
    *[Hospital.send] * 5,
    *[Hospital.amend] * 7,
]
