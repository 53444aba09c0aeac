"""A browser, and the console in it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright

from tests.kit.browser import BrowserFiles, browser_files, environment
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import MadeRouter
from tests.kit.screen import Screen


@pytest.fixture(scope="session")
def files() -> BrowserFiles:
    return browser_files()


@pytest.fixture(scope="session")
async def chromium(files: BrowserFiles) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=files.program, args=["--no-sandbox"], env={**environment(files)}
        )
        yield browser
        await browser.close()


@pytest.fixture
async def screen(chromium: Browser, files: BrowserFiles) -> AsyncIterator[Screen]:
    router = MadeRouter()
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(ConsoleDoor(router).app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    shown = Screen(chromium, files, router, f"http://127.0.0.1:{listening.getsockname()[1]}")
    yield shown
    server.should_exit = True
    await serving
    assert shown.complaints == []
