"""What `make bench` measures is work that was done. How fast it is, no test asks."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import benchmarks.ledger
import benchmarks.workers
from bridge.ledger.ledger import Ledger

DOCUMENTS = 20


def test_workers_create_documents() -> None:
    assert benchmarks.workers.rate(2, DOCUMENTS) > 0


def test_a_pass_over_a_ledger_creates_documents(tmp_path: Path) -> None:
    url, answer = f"sqlite:///{tmp_path}/bridge.db", multiprocessing.get_context("spawn").Queue()
    Ledger(url).close()
    benchmarks.ledger.measure(url, tmp_path, answer, DOCUMENTS)
    rate, *_ = answer.get(timeout=60)
    assert rate > 0
