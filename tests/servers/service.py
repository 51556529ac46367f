"""`fhir-dicom serve` as a child process, and how tests call it."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.forked import Forked
from tests.servers.process import free_port


@dataclass
class Service:
    base: str
    folder: Path
    process: Forked
    token: str | None = None  # of `request`, unless it says another
    ca: str | None = None

    def request(self, method: str, path: str, token: str | None = None, **said: Any) -> requests.Response:
        token = token or self.token
        headers = ({"Authorization": f"Bearer {token}"} if token else {}) | said.pop("headers", {})
        return requests.request(
            method, f"{self.base}{path}", headers=headers, timeout=60, verify=self.ca or True, **said
        )

    def get(self, path: str) -> Any:
        return self.request("GET", path).json()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        return self.request("POST", path, data=body, headers=dict(headers))

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log().splitlines()]


@contextmanager
def serving(
    folder: Path,
    configuration: Mapping[str, Any],
    *options: str,
    ca: str | None = None,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Service]:
    """In `folder`; it ends by SIGTERM."""
    (folder / "bridge.yaml").write_text(yaml.safe_dump(dict(configuration)))
    port = port or free_port()
    line = ["serve", "--config", "bridge.yaml", "--port", str(port), *options]
    process = Forked(line, folder, folder / "out", folder / "log", environment)
    made = Service(f"{'https' if ca else 'http'}://127.0.0.1:{port}", folder, process, ca=ca)
    try:
        until(lambda: _is_up(made))
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM)


def _is_up(service: Service) -> bool:
    assert service.process.poll() is None, service.log()
    return service.request("GET", "/health").status_code == 200


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Raises AssertionError where it does not come to pass in time; nothing is concluded from how long it took."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except requests.ConnectionError:
            pass  # not up yet
        time.sleep(0.1)
    raise AssertionError("it did not come to pass")
