"""Units of work, shared out among processes. One that is killed costs the unit that it had in hand, and no other."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import connection, parent_process
from threading import Thread
from typing import TypeVar

_AHEAD = 256  # units that are given to the workers at once: their results wait in memory until they are taken

Unit = TypeVar("Unit")
Result = TypeVar("Result")


def shared_out(
    task: Callable[[Unit], Result], units: Iterator[Unit], workers: int
) -> Generator[tuple[Unit, Result | None]]:
    """Each unit with its result, in their order; without one where its worker was killed, by the system for the memory
    that it took, for example, although it had nothing beside it."""
    pool = _pool(workers)
    try:
        while ahead := list(islice(units, _AHEAD)):
            given, broken = deque((unit, _given(pool, task, unit)) for unit in ahead), False
            while given:
                unit, future = given.popleft()  # whose result is needed no more
                try:
                    result: Result | None = future.result()
                except BrokenProcessPool:  # one was killed, the others were ended: nobody knows by which unit
                    result, broken = _alone(task, unit), True
                yield unit, result
            if broken:
                pool.shutdown()
                pool = _pool(workers)
    finally:  # also where the run is stopped: what nobody waits for is not begun
        pool.shutdown(cancel_futures=True)


def _given(pool: ProcessPoolExecutor, task: Callable[[Unit], Result], unit: Unit) -> Future[Result]:
    try:
        return pool.submit(task, unit)
    except BrokenProcessPool as error:  # by a unit before it
        failed: Future[Result] = Future()
        failed.set_exception(error)
        return failed


def _alone(task: Callable[[Unit], Result], unit: Unit) -> Result | None:
    with _pool(1) as pool:
        try:
            return pool.submit(task, unit).result()
        except BrokenProcessPool:
            return None


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, initializer=_begin)


def _begin() -> None:
    """A worker ends with its run, however that ends: else it would wait for its next unit for ever. What a terminal
    sends to all of them is for the run to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_the_run, daemon=True).start()


def _end_with_the_run() -> None:
    run = parent_process()
    if run is not None:
        connection.wait([run.sentinel])
        os._exit(1)
