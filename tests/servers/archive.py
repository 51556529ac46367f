"""A DICOMweb archive of ours, on a free loopback port, that does what others do and Orthanc does not: it changes what
it stores, gives less at once than it is asked for, or answers STOW-RS as a test says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pydicom
from pydicom.filebase import DicomBytesIO

from tests.servers.stand_in import Quiet, StandIn

_FIELDS = """StudyDescription IssuerOfPatientID SeriesDescription SeriesNumber""".split()  # where it is asked for them
_LISTED = """AccessionNumber PatientName PatientID PatientBirthDate PatientSex
    StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID Modality""".split()
_BOUNDARY = "part-of-the-archive"


@dataclass
class Said:
    """What is answered."""

    status: int
    body: bytes = b""
    type: str = "application/dicom+json"


@dataclass
class Archive:
    """`url` is its DICOMweb root; `stored` are its instances, by UID."""

    coerce: Callable[[pydicom.Dataset], object] = lambda dataset: None  # before it stores one
    most: int = 1000  # that it gives at once
    skips: bool = True  # it knows `offset`
    filters: bool = True  # it knows `Modality`
    missing: int = 404  # what it answers where an instance is not
    refuses: str = ""  # what it answers 400 to: an expression that is in the query
    lacks: str = ""  # the path of a search that it does not know
    multipart: bool = True  # as it is asked for
    stow: Said | None = None  # instead of what it would say
    keeps: bool = True  # what it is sent
    stored: dict[str, pydicom.Dataset] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = StandIn(_Handler, archive=self)
        self.url = f"{self._server.url}/rs"
        self.stop = self._server.stop

    def keep(self, dataset: pydicom.Dataset) -> None:
        """Stores it, unless it has one of that UID."""
        if dataset.SOPInstanceUID not in self.stored:
            self.coerce(dataset)
            self.stored[dataset.SOPInstanceUID] = dataset

    def get(self, path: str, query: str) -> Said:
        said = dict(parse_qsl(query))
        if self.refuses and re.search(self.refuses, query):
            return Said(400)
        if path == self.lacks:
            return Said(404)
        steps = path.removeprefix("/rs/").split("/")
        if steps[-1] == "metadata":
            found = [one for one in self.stored.values() if one.StudyInstanceUID == steps[1]]
            return Said(200, json.dumps([one.to_json_dict() for one in found]).encode()) if found else Said(404)
        if len(steps) == 6:
            one = self.stored.get(steps[5])
            return _instance(one, multipart=self.multipart) if one is not None else Said(self.missing)
        return self._search(steps, said)

    def _search(self, steps: Sequence[str], said: dict[str, str]) -> Said:
        found = [one for one in self.stored.values() if len(steps) < 2 or steps[1] == one.StudyInstanceUID]
        modality = (said.get("ModalitiesInStudy") or said.get("Modality")) if self.filters else None
        found = [one for one in found if modality in (None, one.Modality)]
        found = [one for one in found if said.get("StudyDate", one.get("StudyDate")) == one.get("StudyDate")]
        found = [one for one in found if said.get("00080018", one.SOPInstanceUID) == one.SOPInstanceUID]
        if steps[-1] == "studies":
            found = list({one.StudyInstanceUID: one for one in found}.values())
        fields = _FIELDS if "includefield" in said else []
        start = int(said.get("offset", 0)) if self.skips else 0
        page = found[start : start + min(int(said.get("limit", self.most)), self.most)]
        return Said(200, json.dumps([_listed(one, fields) for one in page]).encode()) if page else Said(204)

    def post(self, body: bytes, boundary: str) -> Said:
        (part,) = body.split(f"--{boundary}".encode())[1:-1]
        dataset = pydicom.dcmread(DicomBytesIO(part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")))
        if self.keeps:
            self.keep(dataset)
        return self.stow or Said(200, stored(dataset.SOPInstanceUID))


def stored(uid: str, **more: Any) -> bytes:
    """That one instance was stored (PS3.18 10.5.3)."""
    return json.dumps({"00081199": _items(_of(uid, **more))}).encode()


def failed(uid: str, reason: int, tag: str = "00081198") -> bytes:
    """That it was not: Failed SOP Sequence, or Other Failures Sequence."""
    return json.dumps({tag: _items(_of(uid) | {"00081197": {"vr": "US", "Value": [reason]}})}).encode()


def as_xml(answer: bytes, around: str = "<?xml version='1.0' encoding='UTF-8'?>\n{}") -> bytes:
    """The same in XML (PS3.19 A.1)."""
    body = "".join(_attribute(tag, one) for tag, one in json.loads(answer).items())
    namespace = 'xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM"'
    return around.format(f"<NativeDicomModel {namespace}>{body}</NativeDicomModel>").encode()


def _attribute(tag: str, said: dict[str, Any]) -> str:
    values = [
        f'<Item number="{number}">{"".join(_attribute(*each) for each in one.items())}</Item>'
        if isinstance(one, dict)
        else f'<Value number="{number}">{one}</Value>'
        for number, one in enumerate(said["Value"], 1)
    ]
    return f'<DicomAttribute tag="{tag}" vr="{said["vr"]}">\n{"".join(values)}</DicomAttribute>'


def _of(uid: str, **more: Any) -> dict[str, Any]:
    return {"00081155": {"vr": "UI", "Value": [uid]}, **more}


def _items(*items: dict[str, Any]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}


def _listed(dataset: pydicom.Dataset, fields: Sequence[str]) -> Any:
    found = pydicom.Dataset()
    for keyword in (*_LISTED, *fields):
        if keyword in dataset:
            found[keyword] = dataset[keyword]
    return found.to_json_dict()


def _instance(dataset: pydicom.Dataset, *, multipart: bool) -> Said:
    out = DicomBytesIO()
    dataset.save_as(out)
    if not multipart:
        return Said(200, out.getvalue(), "application/dicom")
    head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary="{_BOUNDARY}"'
    return Said(200, head + out.getvalue() + f"\r\n--{_BOUNDARY}--\r\n".encode(), kind)


class _Handler(Quiet):
    protocol_version = "HTTP/1.1"
    archive: Archive

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.archive.asked.append(self.path)
        self._send(self.archive.get(parts.path, parts.query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.archive.asked.append(self.path)
        self._send(self.archive.post(body, self.headers["Content-Type"].partition("boundary=")[2]))

    def _send(self, said: Said) -> None:
        self.send_response(said.status)
        self.send_header("Content-Type", said.type)
        if said.status != 204:
            self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)
