"""Promises under too much: 429 and 503 before anything is written, and the same key works later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

import httpx
import pytest

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.batch_routes import BatchRoutes
from services.intake.http.report_routes import ReportRoutes
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.sealing import Vault
from services.intake.reports import group_commit as commit_module
from services.intake.reports.group_commit import HISTORY_KEEPS_FREE
from services.intake.reports.report_intake import ReportIntake
from services.intake.reports.reporter_actions import ReporterActions
from services.intake.reports.validation import ReportValidator
from shared.contracts.envelope import HISTORY
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.kafka import outbox_relay as relay_module
from shared.runtime.movable_clock import SystemClock
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import APP, FISH_QUAY, IMPORTER, SECRET, TRACE, submission
from tests.kit.made_services import Intake, intake, library
from tests.kit.waiting import running, until

BODY = {"kind": "hazard", "description": "the street light is out", "location": FISH_QUAY}


class TwoKeys(Directory):
    """An app's key and an importer's, no database."""

    def __init__(self) -> None:
        self.rate: int | None = None

    async def principal(self, token: str) -> Principal | None:
        who = {"app": APP, "importer": IMPORTER}[token]
        return Principal(kind=who.kind, city=who.city, app=who.app, rate=self.rate)


class Door:
    """Intake's reports behind their edge, in this process; the commit loop runs only where a test starts it."""

    def __init__(self, intake: Intake, client: httpx.AsyncClient, directory: TwoKeys) -> None:
        self.intake = intake
        self.directory = directory
        self._client = client

    async def report(self, key: str, app: str = "app", **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {app}", "idempotency-key": key}
        return await self._client.post("/v1/reports", json={**BODY, **more}, headers=headers)

    async def batch(self, count: int, app: str = "app", **more: Any) -> list[dict[str, Any]]:
        items = [{**BODY, **more, "idempotency_key": f"b{n}"} for n in range(count)]
        answer = await self._client.post("/v1/reports:batch", json=items, headers={"authorization": f"Bearer {app}"})
        assert answer.status_code == 200
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def stored(self) -> int:
        return await self.intake.store.reports.count({}, limit=100)


Opened = Callable[..., Awaitable[Door]]


@asynccontextmanager
async def _no_lifespan(_: Any) -> AsyncIterator[None]:
    yield


@pytest.fixture
async def opened(database: Database) -> AsyncIterator[Opened]:
    """Opens a door with settings; ends what it started."""
    tasks: list[asyncio.Task[None]] = []
    clients: list[httpx.AsyncClient] = []

    async def made(*, runs: bool = True, **settings: int) -> Door:
        parts, clock, packs = intake(database), SystemClock(), await library(database)
        photos = PhotoStore(database, SECRET, database.bucket, token_hex)
        quotas, directory = Quotas(Settings(**settings)), TwoKeys()  # type: ignore[arg-type]
        actions = ReporterActions(parts.store, photos, Vault(SECRET), parts.outbox, clock)
        links = AnswerLinks(SECRET, "http://127.0.0.1", parts.store, actions, packs, clock)
        validator = ReportValidator(SECRET)
        taken = ReportIntake(parts.store, photos, parts.commit, validator, packs, quotas, clock)
        api = ReportRoutes(parts.store, taken, BatchRoutes(taken, quotas), actions, packs, links)
        application = Edge("intake", directory, quotas, token_hex).application(api.routes(), _no_lifespan)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://test")
        clients.append(client)
        if runs:
            tasks.append(asyncio.create_task(parts.commit.run()))
        return Door(parts, client, directory)

    yield made
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for client in clients:
        await client.aclose()


def refused(answer: httpx.Response, status: int) -> int:
    """The seconds to wait that a refusal says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return int(answer.headers["retry-after"])


async def test_a_key_over_its_quota_is_429_before_any_write(opened: Opened) -> None:
    door = await opened(key_rate=1)
    assert [(await door.report(key)).status_code for key in ("a", "b")] == [202, 202]
    assert refused(await door.report("c"), 429) >= 1
    assert await door.stored() == 2


async def test_reports_of_a_batch_beyond_the_quota_are_429_each_and_the_others_are_stored(opened: Opened) -> None:
    door = await opened(key_rate=2)
    items = await door.batch(6)
    assert [item["status"] for item in items] == [202, 202, 202, 429, 429, 429]
    assert items[-1]["problem"]["type"] == "too-many"
    assert items[-1]["problem"]["retry_after"] >= 1
    assert await door.stored() == 3


async def test_a_key_may_have_a_rate_of_its_own(opened: Opened) -> None:
    door = await opened(key_rate=1)
    door.directory.rate = 1000
    assert {item["status"] for item in await door.batch(50)} == {202}


async def test_one_reporter_is_slowed_and_neither_the_app_nor_an_importer(opened: Opened) -> None:
    """B30, B40: who floods is the only one to wait."""
    door = await opened(reporter_rate=4)
    ana, ben = {"ref": "ana"}, {"ref": "ben"}
    assert [(await door.report(key, reporter=ana)).status_code for key in ("a", "b")] == [202, 202]
    assert refused(await door.report("c", reporter=ana), 429) > 10
    assert (await door.report("d", reporter=ben)).status_code == 202
    assert (await door.report("e")).status_code == 202
    assert {(await door.report(key, "importer", reporter=ana)).status_code for key in ("f", "g", "h")} == {202}
    assert await door.stored() == 7


@pytest.mark.parametrize("full", ["old", "long"])
async def test_an_overloaded_intake_says_503_before_any_write_and_the_same_key_works_later(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    door = await opened(runs=False)
    waiting = door.intake.commit.enqueue(submission("waits"), TRACE, None)
    with monkeypatch.context() as overloaded:
        if full == "old":
            overloaded.setattr(commit_module, "WAIT_SECONDS_MAX", -1.0)
        else:
            overloaded.setattr(commit_module, "WAITING_MAX", 1)
        assert refused(await door.report("late"), 503) >= 1
        assert {item["status"] for item in await door.batch(3)} == {503}
        assert await door.stored() == 0
    run = asyncio.create_task(door.intake.commit.run())
    try:
        assert not (await waiting).replayed
        later = await door.report("late")
        assert later.status_code == 202
        assert "idempotent-replayed" not in later.headers
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


async def test_history_that_the_relay_cannot_take_is_refused_each_and_what_is_live_is_not(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import faster than Kafka is 503 before any write, and taken as its events leave: none waits for a sweep."""
    monkeypatch.setattr(relay_module, "OFFERED_MAX", HISTORY_KEEPS_FREE + 2)
    door = await opened()
    old = {"historic": True, "received_at": "2024-03-02T09:00:00Z"}
    items = await door.batch(5, "importer", **old)
    assert [item["status"] for item in items] == [202, 202, 503, 503, 503]
    assert items[-1]["problem"]["retry_after"] >= 1
    assert refused(await door.report("old", "importer", **old), 503) >= 1
    assert (await door.report("live")).status_code == 202
    assert (await door.report("flood", description="the street is under flood")).status_code == 202
    assert await door.stored() == 4
    async with running(door.intake.relay.run()):
        await until(lambda: asyncio.sleep(0, door.intake.relay.room(HISTORY) == relay_module.OFFERED_MAX))
    assert (await door.report("old", "importer", **old)).status_code == 202
