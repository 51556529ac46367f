"""Workers that are killed, in open steps above all, while changes flow both ways and servers go and come back."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.sync.basis.failpoint import NAMES
from tests.forked import run
from tests.servers.process import Server
from tests.trials.changes import Hospital

_PATIENCE = 900.0  # seconds until nothing is owed: what failed is put off for up to five minutes
_PASSAGES = 12
_EACH = 16  # changes that come with each pass: enough for most to die at their step
_STEPS = [name for name in NAMES if name != "taken-in"]  # a document is in hand


@dataclass
class Trial:
    hospital: Hospital
    configuration: Path
    servers: list[Server]
    processes: int  # that work at once
    random: random.Random
    killed: int = 0
    in_a_step: int = 0
    passes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)  # something failed

    def run(self, changes: int, kills: int) -> dict[str, Any]:
        """The status of the ledger when all is calm again."""
        with ThreadPoolExecutor(self.processes + 2) as pool:
            changing = pool.submit(self._until_over, self._change, changes, kills)
            workers = [pool.submit(self._until_over, self._kill, kills, changing) for _ in range(self.processes)]
            restarting = pool.submit(self._until_over, self._restart, kills, workers)
        for task in (changing, *workers, restarting):
            task.result()
        return self.settled()

    def _until_over(self, task: Callable[..., None], *given: Any) -> None:
        """What fails ends the others, too: they would wait for it."""
        try:
            task(*given)
        except BaseException:
            self._over.set()
            raise

    def settled(self) -> dict[str, Any]:
        end = time.monotonic() + _PATIENCE
        while True:
            self._pass()
            said = run(["status", "--json", "--config", str(self.configuration)], self.configuration.parent)
            status: dict[str, Any] = json.loads(said.stdout)
            if not any(status[name] for name in ("owed", "absent", "intents")):
                return status
            assert time.monotonic() < end, f"it does not come to rest: {status}"
            time.sleep(1)

    def _change(self, changes: int, kills: int) -> None:
        """As many, or more: a pass with nothing to do has no step to die in."""
        made = 0
        while (made < changes or self.killed < kills) and not self._over.is_set():
            if made < _EACH * (self.passes + 2):
                self.hospital.change()
                made += 1
            else:
                time.sleep(0.05)

    def _kill(self, kills: int, changing: Future[None]) -> None:
        """One process after the other, each with a mine at a random step, until enough of them are dead."""
        while (self.killed < kills or not changing.done()) and not self._over.is_set():
            with self._lock:
                name = self.random.choice(_STEPS if self.random.random() < 0.9 else NAMES)
                passage = self.random.randint(1, _PASSAGES)
            done = self._pass(f"{name}:{passage}" if self.killed < kills else "")
            assert done in (0, 1, -signal.SIGKILL), f"a pass ended with {done}"
            with self._lock:
                self.passes += 1
                if done == -signal.SIGKILL:
                    self.killed += 1
                    self.in_a_step += name in _STEPS

    def _restart(self, kills: int, workers: Sequence[Future[None]]) -> None:
        """Each server is killed once in every hundred kills of ours, and at least once."""
        times = len(self.servers) * max(1, kills // 100)
        for number in range(times):
            due = (number + 1) * kills // (times + 1)
            while self.killed < due and not all(worker.done() for worker in workers):
                time.sleep(0.2)
            server = self.servers[number % len(self.servers)]
            server.kill()
            server.start()

    def _pass(self, failpoint: str = "") -> int:
        line = ["sync", "--once", "--config", str(self.configuration)]
        return run(line, self.configuration.parent, {"BRIDGE_FAILPOINT": failpoint}).returncode
