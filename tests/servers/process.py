"""A server as a child process: started on a free loopback port, ready when it answers, stopped with its children."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import requests

_PORTS = range(15000, 32000)
"""Below those that the kernel gives to connections and to who binds to port 0 (Linux: from 32768): what is free here
is not given to another while a server starts, or is started anew."""


def free_port() -> int:
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue  # somebody listens there
            return port


class Server:
    """`start` waits until `url` answers 200; a server that ends before says why by its log."""

    def __init__(self, command: Sequence[str], url: str, log: Path, environment: dict[str, str] | None = None) -> None:
        self.command, self.url, self.log = list(command), url, log
        self.environment = os.environ | (environment or {})
        self.session = requests.Session()  # who asks whether it is ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 180) -> None:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env=self.environment,
                start_new_session=True,
            )
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.command[0]} ended with {self._process.returncode}: {self._tail()}")
            try:
                if self.session.get(self.url, timeout=5).status_code == 200:
                    return
            except requests.RequestException:
                pass  # not yet: tried again below
            time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"{self.url} does not answer after {seconds} s: {self._tail()}")

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, how)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def _tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2000:]
