"""What requests take of the memory of the service: a container has 2 GiB of it in `deploy/kubernetes`."""

from __future__ import annotations

import http.client
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.corpus import FIXTURES
from tests.servers.service import Service, serving, until

ECG = (FIXTURES / "dicom" / "ecg-report.dcm").read_bytes()
AT_MOST = 1 << 30


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """It makes no passes: what it takes is of the requests."""
    with serving(tmp_path, {"serve": {"rate": 10_000}, "ledger": "sqlite:///none.db"}, "--no-sync") as made:
        yield made


def most(service: Service) -> int:
    """Bytes that the process had in memory at once, until now."""
    status = Path(f"/proc/{service.process.pid}/status").read_text("ascii")
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


def filled(head: bytes, one: bytes, tail: bytes, size: int) -> bytes:
    return head + one * ((size - len(head) - len(tail)) // len(one)) + tail


OBSERVATION = b'{"resourceType":"Observation","status":"final","code":{"text":"a"},'
EXTENSION = OBSERVATION + b'"extension":['
BODIES = {
    "numbers": (filled(EXTENSION, b"1.5,", b"1]}", 16 << 20), 413),
    "objects": (filled(EXTENSION, b'{"a":1},', b"{}]}", 16 << 20), 413),
    "nothing": (filled(EXTENSION, b"{},", b"{}]}", 16 << 20), 413),
    "as many numbers as may be": (filled(EXTENSION, b"1.5,", b"1]}", 4 * 149_990), 422),
    "as many objects as may be": (filled(EXTENSION, b'{"a":1},', b"{}]}", 8 * 74_990), 422),
    "one text": (filled(OBSERVATION + b'"valueString":"', b"x", b'"}', 16 << 20), 200),
    "a body of 60 MiB": (filled(EXTENSION, b"1.5,", b"1]}", 60 << 20), 413),
}


@pytest.mark.parametrize("body", BODIES)
def test_json_takes_so_much_memory_and_no_more(service: Service, body: str) -> None:
    data, status = BODIES[body]
    answer = service.post("/translate/dicom", data, {"Content-Type": "application/fhir+json"})
    assert answer.status_code == status, answer.text[:300]
    assert most(service) < AT_MOST // 2
    assert status != 413 or ("values" in answer.text or "16777216 bytes" in answer.text)


def elements(number: int) -> bytes:
    out = BytesIO()
    for at in range(number):
        out.write(struct.pack("<HH2sH", 0x4001 + 2 * (at >> 15), 0x1000 + (at & 0x7FFF), b"LO", 0))
    return out.getvalue()


def item_bytes(number: int) -> bytes:
    content = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * number
    return struct.pack("<HH2sHI", 0x7FE1, 0x1010, b"SQ", 0, len(content)) + content


@pytest.mark.parametrize("tail", [elements(2_000_000), item_bytes(4_000_000)], ids=["elements", "items"])
def test_dicom_takes_so_much_memory_and_no_more(service: Service, tail: bytes) -> None:
    answer = service.post("/translate/fhir", ECG + tail, {"Content-Type": "application/dicom"})
    assert answer.status_code == 422 and "more than 500000 elements" in answer.text
    assert most(service) < AT_MOST // 2


def test_bodies_that_come_all_at_once_are_not_all_held(service: Service) -> None:
    """Each sends all but its last byte."""
    parts, size = urlsplit(service.base), 30 << 20
    with ExitStack() as stack:
        made = []
        for _ in range(10):
            one = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
            stack.callback(one.close)
            one.putrequest("POST", "/translate/fhir")
            one.putheader("Content-Length", str(size))
            one.endheaders(bytes(size - 1))
            made.append(one)
        for one in made[4:]:
            answer = one.getresponse()
            assert answer.status == 503 and answer.getheader("Retry-After")
            answer.read()
        for one in made[:4]:
            one.send(b"x")
            assert one.getresponse().status == 422
    assert most(service) < AT_MOST // 2
    until(lambda: service.post("/translate/fhir", bytes(size), {}).status_code == 422)


@pytest.mark.parametrize("kind", [b"%s", b"0.%s", b"1.%se2"], ids=["whole", "decimal", "with exponent"])
def test_a_number_of_millions_of_digits_stops_nothing(service: Service, kind: bytes) -> None:
    """To validate it took an hour, and nothing else ran meanwhile: no request, and no pass."""
    body = OBSERVATION + b'"valueInteger":' + kind % (b"9" * (8 << 20)) + b"}"
    answer = service.post("/translate/dicom", body, {"Content-Type": "application/fhir+json"})
    assert answer.status_code == 422 and "more than 1000 digits" in answer.text


def test_what_is_wrong_a_thousand_times_is_said_some_times(service: Service) -> None:
    answer = service.post("/translate/dicom", filled(EXTENSION, b"1,", b"1]}", 4_000), {})
    assert answer.status_code == 422 and "and 1" in answer.text and len(answer.text) < 4_000
