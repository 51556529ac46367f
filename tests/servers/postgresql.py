"""PostgreSQL, as Debian packages it, on a free loopback port. It refuses to run as root: then it runs as `postgres`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg

from tests.servers.process import free_port


class Postgresql:
    """A cluster in a folder of its own, which goes when it stops."""

    def __init__(self) -> None:
        self.port = free_port()
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
        self._folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._as: dict[str, Any] = {"cwd": self._folder}
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
            self._as |= {"user": "postgres", "group": "postgres", "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        data = self._folder / "data"
        if not data.exists():
            command = [f"{self._programs}/initdb", "-D", str(data), "-U", "bridge", "--auth=trust", "-E", "UTF8", "-N"]
            subprocess.run(command, check=True, capture_output=True, **self._as)
        command = [
            f"{self._programs}/postgres", "-D", str(data), "-p", str(self.port), "-k", str(self._folder),
            "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200",
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **self._as)
        self._process = process
        end = time.monotonic() + 60
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.1)

    def execute(self, statement: str, database: str = "postgres") -> list[Any]:
        address = f"host=127.0.0.1 port={self.port} user=bridge dbname={database} connect_timeout=5"
        with psycopg.connect(address, autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def ledger(self) -> str:
        """URL of a new, empty database."""
        name = f"bridge_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://bridge@127.0.0.1:{self.port}/{name}"

    def kill(self) -> None:
        """As a power failure does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)  # "fast": it does not wait for its clients
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        os.killpg(self._process.pid, how)
        self._process.wait(120)  # a machine may be busy
        self._process = None
