"""A browser, and the console in it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright

from tests.kit.browser import BrowserFiles, browser_files, environment, old_chromium, old_environment
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
async def screen(chromium: Browser, files: BrowserFiles, request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    """Its parameter: whether the city is a demonstration."""
    router = MadeRouter(demonstration=getattr(request, "param", False))
    listening = socket.create_server(("127.0.0.1", 0))
    app = ConsoleDoor(router).app
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    shown = Screen(chromium, files, router, f"http://127.0.0.1:{listening.getsockname()[1]}", feed=app.site.feed)
    yield shown
    app.site.feed.close()
    server.should_exit = True
    await serving
    assert shown.complaints == []


@pytest.fixture(scope="session")
async def old(files: BrowserFiles) -> AsyncIterator[Browser]:
    program = old_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu"],
            env={**old_environment(files, program)},
        )
        assert browser.version.startswith("90.")
        yield browser
        await browser.close()
