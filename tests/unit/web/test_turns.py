"""How many translations are made at once, and how many wait."""

from __future__ import annotations

import asyncio
import threading

import pytest
from fastapi import Response

from bridge.web.outcome import Refused
from bridge.web.translation import Turns


def test_so_many_at_once_so_many_wait_and_more_are_refused() -> None:
    now, most, go = [0], [0], threading.Event()

    def task() -> Response:
        now[0] += 1
        most[0] = max(most[0], now[0])
        assert go.wait(30)
        now[0] -= 1
        return Response()

    async def asked() -> None:
        turns = Turns(at_once=2, waiting=3)
        tasks = [asyncio.create_task(turns.take(task)) for _ in range(5)]
        await asyncio.sleep(0.2)
        with pytest.raises(Refused) as refused:
            await turns.take(task)
        assert refused.value.status_code == 503
        go.set()
        await asyncio.gather(*tasks)
        assert most == [2]
        await turns.take(task)

    asyncio.run(asked())
