"""Any DICOMweb archive (PS3.18): QIDO-RS lists, WADO-RS reads, STOW-RS stores. It has no feed: every poll lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from email.message import Message

from bridge.codecs import json
from bridge.codecs.dicom import reader
from bridge.codecs.dicom.header import read_header
from bridge.codecs.dicom.json_model import from_json
from bridge.errors import BridgeError, InvalidDicomError, PermanentError, TemporaryError
from bridge.model.coercion import fault_of, is_issued, named_as
from bridge.model.dataset import DataSet, text_of
from bridge.model.group import Json
from bridge.model.tags import MODALITY, SERIES_UID, SOP_INSTANCE_UID, STUDY_TAGS, STUDY_UID
from bridge.model.world import World
from bridge.stores.access import ANYBODY, Access
from bridge.stores.breaker import Outage
from bridge.stores.http import Peer
from bridge.stores.native_xml import NotNativeDicomError, from_xml, is_xml
from bridge.stores.qido import JSON, Search, data_sets, parsed
from bridge.stores.store import (
    STUDY,
    Absence,
    Change,
    Instance,
    Outcome,
    Page,
    Place,
    Seen,
    Stored,
    Write,
    is_study,
)
from bridge.stores.stow import refusal, warning

_PROBE = "/studies?limit=1"
_INSTANCES = 0x00201208  # Number of Study Related Instances
_FILED_UNDER = (0x00080050, 0x00081030, 0x00100010, 0x00100020, 0x00100021, 0x00100030, 0x00100040)
"""Accession Number, Study Description; name, ID and issuer, birth date and sex of the patient."""
_BARE = (
    "it refuses `includefield` (PS3.18 8.3.4.3): a study description, or an issuer of Patient ID, that is corrected "
    "there is not noticed; have it give these attributes of a study"
)
_DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_BOUNDARY = "fhir-dicom-bridge-part"


class DicomWebStore:
    holds: World = "dicom"
    lists = True
    coerces = True

    def __init__(self, name: str, url: str, *, timeout: float = 60, access: Access = ANYBODY) -> None:
        self.name = name
        self._peer = Peer(name, url, timeout=timeout, access=access, probes=[_PROBE])
        self._search = Search(self._peer)

    def outage(self) -> Outage | None:
        return self._peer.outage()

    def unread(self) -> str | None:
        return f"{self.name}: {_BARE}" if self._search.is_bare(_FILED_UNDER) else None

    def changes(self, since: str | None) -> Iterator[Page[Instance]]:
        yield Page(tuple(Change(seen.key, seen.version) for seen in self.listing()), "")

    def listing(self) -> Iterator[Seen]:
        """Reports and rejection notes, study by study: a key is `study/series/instance`, and the version is that of
        what the archive says of patient and study: it may correct these, and keeps all UIDs. And each study, with the
        number of its instances: the rest of them are counted, not named."""
        return self._listed()

    def dated(self, day: date) -> Iterator[Seen]:
        return self._listed(f"StudyDate={day:%Y%m%d}")

    def _listed(self, *only: str) -> Iterator[Seen]:
        for modality in ("SR", "KO"):
            asked = [f"ModalitiesInStudy={modality}", *only]
            # of all studies, where an archive cannot search for modalities
            for study in self._search.all("/studies", asked, _FILED_UNDER, instead=only):
                uid, version = _uid(study, STUDY_UID), _version(study)
                for instance in self._search.all(f"/studies/{uid}/instances", [f"Modality={modality}"]):
                    if instance.get(f"{MODALITY:08X}", {}).get("Value", [modality]) != [modality]:
                        continue  # it does not search for these, either
                    yield Seen(f"{uid}/{_uid(instance, SERIES_UID)}/{_uid(instance, SOP_INSTANCE_UID)}", version)

        for study in self._search.all("/studies", only, _FILED_UNDER, more=[_INSTANCES]):
            number = (study.get(f"{_INSTANCES:08X}", {}).get("Value") or [""])[0]
            yield Seen(f"{STUDY}{_uid(study, STUDY_UID)}", f"{number} {_version(study)}")

    def read(self, keys: Sequence[str]) -> Sequence[Stored[Instance] | None]:
        return [self._read(key) for key in keys]

    def _read(self, key: str) -> Stored[Instance] | None:
        study, series, instance = key.split("/")
        path = f"/studies/{study}/series/{series}/instances/{instance}"
        answer = self._peer.call("GET", path, headers={"Accept": _DICOM}, accept=(404, 410))
        if answer.status in (404, 410):
            return None
        parts = _parts(answer.headers.get("content-type", ""), answer.body)
        if len(parts) != 1:
            self._peer.judge()
            raise TemporaryError(f"{self.name}: {len(parts)} parts where one instance was asked for")
        if _is_another(parts[0], instance):
            raise TemporaryError(f"{self.name}: another instance came where {instance} was asked for")
        return Stored(key, hashlib.sha256(parts[0]).hexdigest()[:32], Instance(parts[0]))

    def write(self, items: Sequence[Write[Instance]]) -> Sequence[Outcome[Instance]]:
        return [self._write(item) for item in items]

    def _write(self, item: Write[Instance]) -> Outcome[Instance]:
        """Success means that it is read back, whatever was answered: servers say 200 and store nothing, keep another,
        or file it in their own way (`fault_of`), which is what is stored then."""
        what = f"{self.name}: SOP Instance {item.key}"
        try:
            sent = reader.read(item.item.data).dataset
            answer = self._stow(item.item.data)
            there = self._read(self.key_of(sent))
            if there is None:
                raise refusal(answer, what)
            found = reader.read(there.item.data).dataset
            if is_issued(sent, found):  # who knows whose Patient IDs it has looks at that
                found = named_as(sent, found)
            if (fault := fault_of(sent, found)) is not None:
                raise PermanentError(f"{what} {fault}{warning(answer)}; it is kept: have the archive keep what it gets")
            return Outcome(there)
        except BridgeError as error:
            return Outcome(None, error)

    def _stow(self, data: bytes) -> Json:
        """What it says of the instance; nothing, it may be."""
        head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}',
            **JSON,
        }
        body = head + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
        # 409: none was stored, and the body says why (PS3.18 10.5.3)
        answer = self._peer.call("POST", "/studies", body=body, headers=headers, accept=(409,))
        if is_xml(answer.headers.get("content-type", "")):
            return self._of_xml(answer.body)
        said = parsed(self._peer, answer.body) if answer.body.strip() else {}
        return said if isinstance(said, dict) else {}

    def _of_xml(self, body: bytes) -> Json:
        try:
            return from_xml(body) if body.strip() else {}
        except NotNativeDicomError as error:
            self._peer.judge()
            what = f"{self.name}: it answers STOW-RS in XML that is not of PS3.19 A.1 ({error})"
            raise TemporaryError(f"{what}; have it answer as it is asked, in application/dicom+json") from error

    def replace(self, item: Write[Instance]) -> Outcome[Instance]:
        error = f"{self.name}: DICOMweb archives replace nothing: SOP Instance {item.key} is as it was"
        return Outcome(None, PermanentError(error))

    def absent(self, keys: Sequence[str]) -> Sequence[Absence | None]:
        return ["unknown" if self._is_absent(key) else None for key in keys]

    def _is_absent(self, key: str) -> bool:
        return not self._lists(_path(key)) if is_study(key) else self._read(key) is None

    def remove(self, keys: Sequence[str]) -> Sequence[BridgeError | None]:
        return [PermanentError(f"{self.name}: DICOMweb archives do not delete; remove it there") for _ in keys]

    def key_of(self, dataset: DataSet) -> str:
        return "/".join(text_of(dataset, tag) or "" for tag in (STUDY_UID, SERIES_UID, SOP_INSTANCE_UID))

    def named(self, uid: str) -> Sequence[str]:
        found = self._search.all("/instances", [f"{SOP_INSTANCE_UID:08X}={uid}"], [STUDY_UID, SERIES_UID])
        # an archive that does not search by it gives others, too
        named = [one for one in found if _uid(one, SOP_INSTANCE_UID) == uid]
        return ["/".join(_uid(one, tag) for tag in (STUDY_UID, SERIES_UID, SOP_INSTANCE_UID)) for one in named]

    def placed(self, keys: Sequence[str]) -> Sequence[Place | None]:
        """Only documents are listed one by one."""
        return [Place(f"{STUDY}{key.partition('/')[0]}", "") for key in keys]

    def study_of(self, dataset: DataSet) -> str:
        return f"{STUDY}{text_of(dataset, STUDY_UID) or ''}"

    def study(self, key: str) -> Sequence[DataSet]:
        path = _path(key)
        found = [] if self._search.is_bare(STUDY_TAGS) else list(self._search.all(f"{path}/instances", (), STUDY_TAGS))
        if self._search.is_bare(STUDY_TAGS):  # since now, it may be
            found = [_of_study(one) for one in self._metadata(path)]
        return [from_json(one) for one in found]

    def _metadata(self, path: str) -> list[Json]:
        """Of all instances of the study (PS3.18 10.4.1.1.2): all attributes, but for what is long. An archive may have
        none of a study that is there."""
        answer = self._peer.call("GET", f"{path}/metadata", headers=JSON, accept=(404, 410))
        found = data_sets(self._peer, path, answer)
        if not found and self._lists(path):
            raise TemporaryError(
                f"{self.name}: it lists instances of {path} and has no metadata of it: what the study says is not "
                "known; have it give these, or take `includefield` (PS3.18 8.3.4.3)"
            )
        return found

    def _lists(self, path: str) -> bool:
        """Whether there is anything in the study."""
        return next(self._search.all(f"{path}/instances"), None) is not None


def _is_another(data: bytes, uid: str) -> bool:
    """Not of what cannot be read: whoever reads it says why."""
    try:
        return text_of(read_header(data, (SOP_INSTANCE_UID,)), SOP_INSTANCE_UID) not in (None, uid)
    except InvalidDicomError:
        return False


def _path(key: str) -> str:
    return f"/studies/{key.removeprefix(STUDY)}"


def _of_study(instance: Json) -> Json:
    return {name: said for tag in STUDY_TAGS if (said := instance.get(name := f"{tag:08X}")) is not None}


def _version(study: Json) -> str:
    """Of what it is filed under."""
    names = [f"{tag:08X}" for tag in _FILED_UNDER]
    said = {name: study[name].get("Value") for name in names if name in study}
    return hashlib.sha256(json.dumps(said)).hexdigest()[:16]


def _uid(item: Json, tag: int) -> str:
    found = (item.get(f"{tag:08X}", {}).get("Value") or [""])[0]
    if not isinstance(found, str) or not all(character in "0123456789." for character in found) or not found:
        raise PermanentError(f"a listing without ({tag >> 16:04X},{tag & 0xFFFF:04X}); is this DICOMweb?")
    return found


def _parts(content_type: str, body: bytes) -> list[bytes]:
    """Bodies of multipart/related (RFC 2387), byte for byte; or the one that comes without (PS3.18 8.7.4)."""
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() == "application/dicom":
        return [body]
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        return []
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))[1:-1]
    return [part.partition(b"\r\n\r\n")[2] for part in parts]
