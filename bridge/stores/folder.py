"""Folders: resources as `Type/id.json`, instances as `study/series/sop.dcm`; the version is a digest of the bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from uuid import uuid5

from bridge.codecs import json
from bridge.codecs.dicom import reader
from bridge.codecs.dicom.header import read_header
from bridge.errors import BridgeError, InvalidDicomError, PermanentError, RefusedError, TemporaryError
from bridge.model.dataset import DataSet, text_of
from bridge.model.group import Resource, renamed
from bridge.model.names import NAMESPACE
from bridge.model.references import ID
from bridge.model.tags import SERIES_UID, SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY_TAGS, STUDY_UID
from bridge.model.world import World
from bridge.stores.breaker import Outage
from bridge.stores.files import Files, version
from bridge.stores.identifiers import Identifiers, identifiers_of
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

_ID = re.compile(rf"[A-Za-z]+/(?=.*[A-Za-z0-9-]){ID}")
_TYPE = re.compile(r"[A-Za-z]+")
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_UIDS = re.compile(r"([0-9]+(\.[0-9]+)*/){2}[0-9]+(\.[0-9]+)*")


class ResourceFolder:
    """Every poll looks at every file: the ledger knows which version it has seen."""

    holds: World = "fhir"
    lists = True

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._files = Files(name, path, ".json", _ID, _TYPE)
        self._by_kind: dict[str, Identifiers] = {}

    def outage(self) -> Outage | None:
        return self._files.outage()

    def unread(self) -> str | None:
        return _unread(self._files, "`Type/id.json`")

    def changes(self, since: str | None) -> Iterator[Page[Resource]]:
        yield Page(tuple(Change(seen.key, seen.version) for seen in self._files.listing()), "")

    def listing(self) -> Iterator[Seen]:
        return self._files.listing()

    def dated(self, day: date) -> Iterator[Seen]:
        return self._files.listing(day)

    def read(self, keys: Sequence[str]) -> Sequence[Stored[Resource] | None]:
        return [self._read(key) for key in keys]

    def _read(self, key: str) -> Stored[Resource] | None:
        data = self._files.read(key)
        if data is None:
            return None
        try:
            resource = json.loads(data)
        except BridgeError as error:
            raise PermanentError(f"{self.name}: {key}.json: {error}") from error
        if not isinstance(resource, dict) or f"{resource.get('resourceType')}/{resource.get('id')}" != key:
            raise PermanentError(f"{self.name}: {key}.json holds another resource than its name says")
        return Stored(key, version(data), resource)

    def write(self, items: Sequence[Write[Resource]]) -> Sequence[Outcome[Resource]]:
        """Conditional creates first; references to their `urn:uuid:` become the keys that they got."""
        try:
            keys = {item.key: self._existing(item) or self._free(item) for item in items}
            renames = {f"urn:uuid:{old.partition('/')[2]}": new for old, new in keys.items()}
            for item in items:  # before anything is written
                self._expected(item, keys[item.key])
            return [self._write(item, keys[item.key], renames) for item in items]
        except BridgeError as error:
            return [Outcome(None, error) for _ in items]

    def find(self, kind: str, system: str, value: str) -> Sequence[Stored[Resource]]:
        """Raises RefusedError where one of that kind cannot be read: it may be the one that is sought, but the document
        for which it is sought is not at fault."""
        self._files.there()
        try:
            names = self._identifiers(kind).having(system, value)
            self._files.there()  # still: else it was not all
            stored = [self._read(f"{kind}/{name}") for name in names]
        except PermanentError as error:
            what = f"it may be the {kind} that is looked for; mend it, or take it away"
            raise RefusedError(f"{error}: {what}") from error
        return [one for one in stored if one is not None and (system, value) in identifiers_of(one.item)]

    def _identifiers(self, kind: str) -> Identifiers:
        def read(name: str) -> Resource | None:
            key = f"{kind}/{name}"
            stored = self._read(key) if self._files.keys.fullmatch(key) else None
            return stored.item if stored is not None else None

        return self._by_kind.setdefault(kind, Identifiers(self._files.path / kind, read))

    def _existing(self, item: Write[Resource]) -> str | None:
        if item.unless is None:
            return None
        kind = item.key.partition("/")[0]
        found = self.find(kind, *item.unless)
        if len(found) > 1:
            raise PermanentError(f"{self.name}: several {kind} have the identifier of the one to create; merge them")
        return found[0].key if found else None

    def _free(self, item: Write[Resource]) -> str:
        """Where what is created conditionally, and is not there yet, is stored: the store names it (FHIR R4
        http.html#ccreate), by its own id unless somebody else has that."""
        if item.unless is None or self._read(item.key) is None:
            return item.key
        kind = item.key.partition("/")[0]
        return f"{kind}/{uuid5(NAMESPACE, '|'.join((item.key, *item.unless)))}"

    def _expected(self, item: Write[Resource], key: str) -> None:
        present = self._read(key)
        if item.expected is not None and (present is None or present.version != item.expected):
            raise TemporaryError(f"{self.name}: {key} was changed meanwhile")

    def _write(self, item: Write[Resource], key: str, renames: dict[str, str]) -> Outcome[Resource]:
        present = self._read(key)
        if present is not None and item.unless is not None:
            return Outcome(present)
        data = json.dumps(renamed(item.item | {"id": key.partition("/")[2]}, renames), indent=True)
        self._files.write(key, data)
        return Outcome(Stored(key, version(data), json.loads(data)))

    def absent(self, keys: Sequence[str]) -> Sequence[Absence | None]:
        return self._files.absent(keys)

    def remove(self, keys: Sequence[str]) -> Sequence[BridgeError | None]:
        return self._files.remove(keys)


class InstanceFolder:
    holds: World = "dicom"
    lists = True
    coerces = False

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._files = Files(name, path, ".dcm", _UIDS, _UID)

    def outage(self) -> Outage | None:
        return self._files.outage()

    def unread(self) -> str | None:
        return _unread(self._files, "`study/series/instance.dcm`, by UIDs")

    def changes(self, since: str | None) -> Iterator[Page[Instance]]:
        yield Page(tuple(Change(seen.key, seen.version) for seen in self._files.listing()), "")

    def listing(self) -> Iterator[Seen]:
        return self._files.listing()

    def dated(self, day: date) -> Iterator[Seen]:
        return self._files.listing(day)

    def read(self, keys: Sequence[str]) -> Sequence[Stored[Instance] | None]:
        found = ((key, self._files.read(key)) for key in keys)
        return [None if data is None else Stored(key, version(data), Instance(data)) for key, data in found]

    def write(self, items: Sequence[Write[Instance]]) -> Sequence[Outcome[Instance]]:
        return [self._write(item) for item in items]

    def _write(self, item: Write[Instance]) -> Outcome[Instance]:
        try:
            key = self.key_of(reader.read(item.item.data).dataset)
            present = self._files.read(key)
            if present is not None and present != item.item.data:
                raise PermanentError(f"{self.name}: SOP Instance {item.key} is there with other content; it is kept")
            if present is None:
                self._files.write(key, item.item.data)
            return Outcome(Stored(key, version(item.item.data), item.item))
        except BridgeError as error:
            return Outcome(None, error)

    def replace(self, item: Write[Instance]) -> Outcome[Instance]:
        try:
            self._files.write(self.key_of(reader.read(item.item.data).dataset), item.item.data)
        except BridgeError as error:
            return Outcome(None, error)
        return self._write(item)

    def absent(self, keys: Sequence[str]) -> Sequence[Absence | None]:
        return [self._no_study(key) if is_study(key) else self._files.absent([key])[0] for key in keys]

    def _no_study(self, key: str) -> Absence | None:
        return None if self._files_of(key) else "unknown"

    def remove(self, keys: Sequence[str]) -> Sequence[BridgeError | None]:
        return self._files.remove(keys)

    def named(self, uid: str) -> Sequence[str]:
        return list(self._files.called(uid)) if _UID.fullmatch(uid) else []

    def placed(self, keys: Sequence[str]) -> Sequence[Place | None]:
        return [self._place(key) for key in keys]

    def _place(self, key: str) -> Place | None:
        header = self._header(key, (SOP_CLASS_UID,))
        study = f"{STUDY}{key.partition('/')[0]}"
        return Place(study, text_of(header, SOP_CLASS_UID) or "") if header is not None else None

    def _header(self, key: str, tags: Sequence[int]) -> DataSet | None:
        """None of what is not there, or not readable: whoever reads it says why."""
        data = self._files.read(key)
        try:
            return read_header(data, tags) if data is not None else None
        except InvalidDicomError:
            return None

    def study_of(self, dataset: DataSet) -> str:
        return f"{STUDY}{text_of(dataset, STUDY_UID) or ''}"

    def study(self, key: str) -> Sequence[DataSet]:
        headers = (self._header(one, STUDY_TAGS) for one in self._files_of(key))
        return [header for header in headers if header is not None]

    def _files_of(self, study: str) -> list[str]:
        uid = study.removeprefix(STUDY)
        return list(self._files.within(self.path / uid)) if _UID.fullmatch(uid) else []

    def key_of(self, dataset: DataSet) -> str:
        return "/".join(text_of(dataset, tag) or "" for tag in (STUDY_UID, SERIES_UID, SOP_INSTANCE_UID))


def _unread(files: Files, named: str) -> str | None:
    """How many: a name that people gave may be that of a patient."""
    if not files.others:
        return None
    one = files.others == 1
    what = "1 file or folder is" if one else f"{files.others} files or folders are"
    return f"{files.name}: {what} no {named}, and not looked at; `fhir-dicom convert` takes any name"
