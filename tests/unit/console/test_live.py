"""The stream of a browser: what it is told of a change, and of more changes than it can draw."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from services.console.frame.languages import LANGUAGES
from services.console.live.feed import RESET, WAITING_MAX, Listener
from services.console.pages import live
from services.console.queue_client import Holder
from tests.kit.console_door import ConsoleDoor
from tests.kit.live_changes import change, wake
from tests.kit.made_router import SESSION, MadeRouter

DESK = Holder("harbour", "qs-desk", "quayside")


@pytest.fixture
def door() -> ConsoleDoor:
    made = ConsoleDoor(MadeRouter())
    wake(made.app.site.feed)
    return made


async def streamed(door: ConsoleDoor) -> AsyncIterator[bytes]:
    """What follows the first beat."""
    listener = Listener("h", DESK, SESSION)
    door.app.site.feed.listen(listener, "")
    sent = live.Live(door.app.site)._sent(listener, LANGUAGES["en"])
    assert (await anext(sent)).startswith(b"retry:")
    assert b"event: beat" in await anext(sent)
    return sent


async def test_a_change_is_told_with_its_row_drawn(door: ConsoleDoor) -> None:
    sent = await streamed(door)
    door.app.site.feed.take(change(7, 5, version=3))
    told = msgspec.json.decode((await anext(sent)).rpartition(b"data: ")[2])
    assert (told["version"], told["queues"]) == (3, ["quayside"])
    assert told["html"].startswith('<li id="row-c7"')
    page = await door.request("GET", "/queues/quayside", ((b"cookie", f"whistle={SESSION}".encode()),))
    assert '<li id="row-c1"' in page.text


async def test_who_is_told_more_than_a_browser_draws_is_told_once_to_read_the_page(
    door: ConsoleDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEHIND_SECONDS", 0.0)
    sent, feed = await streamed(door), door.app.site.feed
    for number in range(3 * WAITING_MAX):
        feed.take(change(number + 1, 5))
    assert await anext(sent) == RESET
    feed.take(change(9999, 5))
    async with asyncio.timeout(5):
        assert b'"c9999"' in await anext(sent)
