"""The generation of the installation's tokens: requests share one look-up."""

import asyncio
from typing import Any, cast

import pytest
from pymongo.errors import AutoReconnect

from shared.runtime.identity.installation import Installation


class SlowRows:
    """A store whose answer waits until it is let go. ``fails``: it raises."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()
        self.fails = False

    def collection(self, _: str) -> "SlowRows":
        return self

    async def find_one(self, _: object) -> dict[str, Any]:
        self.asked += 1
        await self.answers.wait()
        if self.fails:
            raise AutoReconnect("away")
        return {"generation": 3}


async def test_hundreds_of_requests_at_once_ask_the_store_once() -> None:
    rows = SlowRows()
    installation = Installation(cast(Any, rows), "a secret")
    waiting = [asyncio.ensure_future(installation.generation()) for _ in range(200)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    rows.answers.set()
    assert await asyncio.gather(*waiting[1:]) == [3] * 199
    assert rows.asked == 1


async def test_a_store_that_is_away_is_asked_again_by_the_next() -> None:
    rows = SlowRows()
    installation = Installation(cast(Any, rows), "a secret")
    rows.answers.set()
    rows.fails = True
    with pytest.raises(AutoReconnect):
        await installation.generation()
    rows.fails = False
    assert await installation.generation() == 3


async def test_a_fresh_generation_is_read_even_while_another_read_goes_on() -> None:
    rows = SlowRows()
    installation = Installation(cast(Any, rows), "a secret")
    shared = asyncio.ensure_future(installation.generation())
    await asyncio.sleep(0)
    fresh = asyncio.ensure_future(installation.generation(fresh=True))
    await asyncio.sleep(0)
    rows.answers.set()
    assert (await shared, await fresh) == (3, 3)
    assert rows.asked == 2
