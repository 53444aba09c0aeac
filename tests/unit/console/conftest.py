"""The console before services that are made up, and a browser without script in which somebody is signed in."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.console.app import build
from shared.runtime.settings import Settings
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import SESSION, MadeRouter


@pytest.fixture
def router() -> MadeRouter:
    return MadeRouter()


@pytest.fixture
def door(router: MadeRouter) -> ConsoleDoor:
    return ConsoleDoor(router)


@pytest.fixture
async def browser(router: MadeRouter) -> AsyncIterator[httpx.AsyncClient]:
    """In Chinese."""
    console = build(Settings(), transport=httpx.MockTransport(router))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(console),
        base_url="http://console",
        headers={"accept-language": "zh-CN"},
        cookies={"whistle": SESSION},
    ) as client:
        yield client
