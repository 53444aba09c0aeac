"""The metrics' text: made beside the loop, once for all who ask within a moment."""

import asyncio
import threading

import pytest

from shared.runtime.observability import metrics_page
from shared.runtime.observability.metrics_page import MetricsPage


async def test_however_many_ask_the_text_is_made_once_and_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """B84."""
    makers: list[threading.Thread] = []

    def made() -> tuple[bytes, float]:
        makers.append(threading.current_thread())
        return b"text %d" % len(makers), 60.0

    monkeypatch.setattr(metrics_page, "_made", made)
    page = MetricsPage()
    assert set(await asyncio.gather(*(page.text() for _ in range(50)))) == {b"text 1"}
    assert makers != [threading.current_thread()]
    monkeypatch.setattr(metrics_page, "KEPT_SECONDS", 0.0)
    page._kept_until = 0.0
    assert [await page.text(), await page.text()] == [b"text 2", b"text 3"]


async def test_what_is_quickly_made_is_as_fresh_as_ever() -> None:
    assert b"# HELP" in await MetricsPage().text()
    _, took = metrics_page._made()
    assert took < metrics_page.KEPT_SECONDS
