"""An Orthanc by its REST API (proven on 1.10): ids are computed, changes numbered, uploads confirmed by MD5."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date

from pydicom.datadict import tag_for_keyword

from bridge.codecs import json
from bridge.codecs.dicom import reader
from bridge.codecs.dicom.header import read_header
from bridge.codecs.dicom.json_model import from_keywords
from bridge.errors import BridgeError, InvalidDicomError, PermanentError, TemporaryError
from bridge.model.dataset import DataSet, charset_of, decode_text, find, text_of
from bridge.model.group import Json
from bridge.model.tags import PATIENT_ID, SERIES_UID, SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_TAGS, STUDY_UID
from bridge.model.world import World
from bridge.stores.access import ANYBODY, Access
from bridge.stores.anchors import Position
from bridge.stores.breaker import Outage
from bridge.stores.http import Peer
from bridge.stores.store import (
    STUDY,
    Absence,
    Change,
    Instance,
    Outcome,
    Page,
    Place,
    ReplacedError,
    Seen,
    Stored,
    Write,
    is_study,
)

_PAGE = 1000
_PROBE = "/changes?limit=1"
_OF_INSTANCE = (SOP_CLASS_UID, SOP_INSTANCE_UID, SERIES_UID, 0x00080060, 0x0008103E, 0x00180015, 0x00200011, 0x00200013)
_OF_STUDY = frozenset(STUDY_TAGS) - frozenset(_OF_INSTANCE)


def orthanc_id(dataset: DataSet, levels: Sequence[int] = (STUDY_UID, SERIES_UID, SOP_INSTANCE_UID)) -> str:
    """SHA-1 of `PatientID|Study|Series|SOP`, in five groups: lookups slow down with the size of the store."""
    said = (_indexed(dataset, tag) for tag in (PATIENT_ID, *levels))
    digest = hashlib.sha1("|".join(said).encode(), usedforsecurity=False).hexdigest()
    return "-".join(digest[start : start + 8] for start in range(0, 40, 8))


def _indexed(dataset: DataSet, tag: int) -> str:
    """As Orthanc has it in its index: up to a NUL, and without trailing blanks. Leading ones count there, though they
    are not significant (PS3.5 6.2)."""
    element = find(dataset, tag)
    if element is None or not isinstance(element.value, bytes):
        return ""
    try:
        text = decode_text(element.value, element.vr, charset_of(dataset))
    except UnicodeError:
        return ""
    return text.partition("\0")[0].rstrip(" ")


class OrthancStore:
    holds: World = "dicom"
    lists = False
    coerces = False

    def __init__(self, name: str, url: str, *, timeout: float = 60, access: Access = ANYBODY) -> None:
        self.name = name
        self._peer = Peer(name, url, timeout=timeout, access=access, probes=[_PROBE])

    def outage(self) -> Outage | None:
        return self._peer.outage()

    def unread(self) -> None:
        return None

    def changes(self, since: str | None) -> Iterator[Page[Instance]]:
        """New instances by sequence number. Raises ReplacedError where the database is another than it was."""
        position = Position.of(since)
        self._recognize(position)
        while True:
            found = self._json(f"/changes?since={position.number}&limit={_PAGE}")
            if found["Last"] < position.number:
                raise self._replaced(f"its last change is {found['Last']}, and {position.number} was read")
            new = [one for one in found["Changes"] if one["ChangeType"] == "NewInstance"]
            position = position.after(found["Last"], found["Changes"])
            # an overwritten instance is a new change of the same id
            yield Page(tuple(Change(one["ID"], str(one["Seq"])) for one in new), str(position))
            if found["Done"]:
                return

    def _recognize(self, position: Position) -> None:
        if position.anchors:
            first = min(position.anchors)
            found = self._json(f"/changes?since={first - 1}&limit={position.number - first + 1}")
            if not position.fits(found["Changes"]):
                raise self._replaced("its changes are others than those that were read")

    def _replaced(self, why: str) -> ReplacedError:
        return ReplacedError(f"{self.name}: {why}: the database was replaced or restored")

    def listing(self) -> Iterator[Seen]:
        start = 0
        while found := self._json(f"/instances?expand&since={start}&limit={_PAGE}"):
            for one in found:
                yield Seen(one["ID"], "")
            start += len(found)

    def dated(self, day: date) -> Iterator[Seen]:
        asked = {"Level": "Study", "Query": {"StudyDate": f"{day:%Y%m%d}"}}
        for study in self._found("/tools/find", asked):
            for one in self._bulk([study], "Instance", metadata=False):
                yield Seen(one["ID"], "")

    def read(self, keys: Sequence[str]) -> Sequence[Stored[Instance] | None]:
        return [self._read(key) for key in keys]

    def _read(self, key: str) -> Stored[Instance] | None:
        answer = self._peer.call("GET", f"/instances/{_checked(key)}/file", accept=(404,))
        if answer.status == 404:
            return None
        if (kind := answer.headers.get("content-type", "")) != "application/dicom":
            self._peer.judge()
            raise TemporaryError(f"{self.name}: {kind or 'nothing known'} instead of an instance; is this an Orthanc?")
        if self._is_another(key, answer.body):
            raise TemporaryError(f"{self.name}: another instance came where {key} was asked for; is a cache between?")
        return Stored(key, hashlib.md5(answer.body, usedforsecurity=False).hexdigest(), Instance(answer.body))

    def _is_another(self, key: str, data: bytes) -> bool:
        """Not of what cannot be read: whoever reads it says why. Where we compute another id than Orthanc did, by what
        its index has."""
        try:
            header = read_header(data, (PATIENT_ID, STUDY_UID, SERIES_UID, SOP_INSTANCE_UID))
        except InvalidDicomError:
            return False
        if orthanc_id(header) == key:
            return False
        said = self._json(f"/instances/{key}")
        return bool(said["MainDicomTags"].get("SOPInstanceUID") != text_of(header, SOP_INSTANCE_UID))

    def write(self, items: Sequence[Write[Instance]]) -> Sequence[Outcome[Instance]]:
        return [self._write(item) for item in items]

    def _write(self, item: Write[Instance]) -> Outcome[Instance]:
        """A stranger under the same UID stays what it is: success means that these bytes are there."""
        try:
            answer = self._peer.call(
                "POST", "/instances", body=item.item.data, headers={"Content-Type": "application/dicom"}
            )
            found = _parsed(self._peer, answer.body)
            digest = hashlib.md5(item.item.data, usedforsecurity=False).hexdigest()
            md5 = self._peer.call("GET", f"/instances/{_checked(found['ID'])}/attachments/dicom/md5").body.decode()
            if md5 != digest:
                raise PermanentError(f"{self.name}: SOP Instance {item.key} is there with other content; it is kept")
            return Outcome(Stored(found["ID"], md5, item.item))
        except BridgeError as error:
            return Outcome(None, error)

    def replace(self, item: Write[Instance]) -> Outcome[Instance]:
        """Whatever OverwriteInstances says: the one that is there has to go first."""
        try:
            key = orthanc_id(reader.read(item.item.data).dataset)
            digest = hashlib.md5(item.item.data, usedforsecurity=False).hexdigest()
            there = self._read(key)
            if there is not None and there.version == digest:
                return Outcome(there)
            self._peer.call("DELETE", f"/instances/{key}", accept=(404,))
        except BridgeError as error:
            return Outcome(None, error)
        return self._write(item)

    def absent(self, keys: Sequence[str]) -> Sequence[Absence | None]:
        asked = (self._peer.call("GET", f"/{_path(key)}", accept=(404,)) for key in keys)
        return ["unknown" if answer.status == 404 else None for answer in asked]

    def remove(self, keys: Sequence[str]) -> Sequence[BridgeError | None]:
        found: list[BridgeError | None] = []
        for key in keys:
            try:
                self._peer.call("DELETE", f"/instances/{_checked(key)}", accept=(404,))
                found.append(None)
            except BridgeError as error:
                found.append(error)
        return found

    def key_of(self, dataset: DataSet) -> str:
        """Where an instance is, whether it is there or not."""
        return orthanc_id(dataset)

    def named(self, uid: str) -> Sequence[str]:
        found: list[Json] = _parsed(self._peer, self._peer.call("POST", "/tools/lookup", body=uid.encode()).body)
        return [one["ID"] for one in found if one["Type"] == "Instance"]

    def placed(self, keys: Sequence[str]) -> Sequence[Place | None]:
        wanted = list(map(_checked, keys))
        series = self._bulk(wanted, "Series", metadata=False)
        studies = {instance: one["ParentStudy"] for one in series for instance in one["Instances"]}
        classes = {one["ID"]: one["Metadata"].get("SopClassUid", "") for one in self._bulk(wanted, "Instance")}
        return [
            Place(f"{STUDY}{studies[key]}", classes[key]) if key in studies and key in classes else None
            for key in wanted
        ]

    def study_of(self, dataset: DataSet) -> str:
        return f"{STUDY}{orthanc_id(dataset, (STUDY_UID,))}"

    def study(self, key: str) -> Sequence[DataSet]:
        """From the index, which knows all that is asked for but the issuer of the patient's ID, and codes."""
        uid = key.removeprefix(STUDY)
        found = self._peer.call("GET", f"/{_path(key)}", accept=(404,))
        instances = self._bulk([uid], "Instance") if found.status != 404 else []
        if not instances:
            return []
        study = _parsed(self._peer, found.body)
        first = min(one["ID"] for one in instances)
        said = self._json(f"/instances/{_checked(first)}/simplified-tags")
        of_study, of_instance = (
            str(one.get("StudyInstanceUID", "")).strip(" \0") for one in (study["MainDicomTags"], said)
        )
        if study["ID"] != uid or of_study != of_instance:
            raise TemporaryError(f"{self.name}: another study came where {uid} was asked for; is a cache between?")
        shared = said | study["PatientMainDicomTags"] | study["MainDicomTags"]
        series = {one["ID"]: one["MainDicomTags"] for one in self._json(f"/{_path(key)}/series")}
        own = {name: shared[name] for name in shared if tag_for_keyword(name) in _OF_STUDY}
        return [
            from_keywords(own | series.get(one["ParentSeries"], {}) | one["MainDicomTags"] | _class(one))
            for one in instances
        ]

    def _bulk(self, keys: Sequence[str], level: str, *, metadata: bool = True) -> list[Json]:
        """All of that level in or above the resources; those that are not there are left out."""
        asked = {"Resources": keys, "Level": level, "Metadata": metadata}
        return self._found("/tools/bulk-content", asked)

    def _found(self, path: str, asked: Json) -> list[Json]:
        found: list[Json] = _parsed(self._peer, self._peer.call("POST", path, body=json.dumps(asked)).body)
        return found

    def _json(self, path: str) -> Json:
        return _parsed(self._peer, self._peer.call("GET", path).body)


def _parsed(peer: Peer, body: bytes) -> Json:
    return peer.parsed(body, "an Orthanc")


def _checked(key: str) -> str:
    if not all(character in "0123456789abcdef-" for character in key):
        raise PermanentError("an Orthanc id holds hex digits and dashes only")
    return key


def _path(key: str) -> str:
    """Of a study or an instance."""
    return f"studies/{_checked(key.removeprefix(STUDY))}" if is_study(key) else f"instances/{_checked(key)}"


def _class(instance: Json) -> Json:
    return {"SOPClassUID": instance["Metadata"].get("SopClassUid", "")}
