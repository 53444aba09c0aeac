"""Intake's reports behind their HTTP edge, in the test's own process, on the database of a store test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

import httpx

from services.intake.http.answer_page import AnswerLinks
from services.intake.http.batch_routes import BatchRoutes
from services.intake.http.outcome_photos import OutcomePhotos
from services.intake.http.report_routes import ReportRoutes
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.sealing import Vault
from services.intake.reports.batch_pace import Backlog, BatchPace, CountBacklog
from services.intake.reports.report_intake import ReportIntake
from services.intake.reports.reporter_actions import ReporterActions
from services.intake.reports.validation import ReportValidator
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.movable_clock import MovableClock
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Database
from tests.kit import declared_answers
from tests.kit.made_reports import APP, IMPORTER, SECRET
from tests.kit.made_services import Intake, intake, library
from tests.kit.places import QUAY

BODY = {"kind": "hazard", "description": "the street light is out", "location": QUAY}


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

    async def batch(self, count: int, app: str = "app", key: str = "b", **more: Any) -> list[dict[str, Any]]:
        items = [{**BODY, **more, "idempotency_key": f"{key}{n}"} for n in range(count)]
        answer = await self._client.post("/v1/reports:batch", json=items, headers={"authorization": f"Bearer {app}"})
        assert answer.status_code == 200
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def stored(self) -> int:
        return await self.intake.store.reports.count({}, limit=100)


OpenDoor = Callable[..., Awaitable[Door]]
"""Opens a door with settings; ``runs``: its commit loop too; ``backlog``: what waits for the router."""


async def _no_backlog() -> Backlog:
    return Backlog(0, 0)


@asynccontextmanager
async def _no_lifespan(_: Any) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def doors(database: Database) -> AsyncIterator[OpenDoor]:
    """What opens doors on ``database``; ends afterwards what they started."""
    tasks: list[asyncio.Task[None]] = []
    clients: list[httpx.AsyncClient] = []

    async def made(*, runs: bool = True, backlog: CountBacklog = _no_backlog, **settings: int) -> Door:
        parts, clock, packs = intake(database), MovableClock(), await library(database)
        photos = PhotoStore(database, SECRET, database.bucket, token_hex)
        quotas, directory = Quotas(Settings(**settings)), TwoKeys()  # type: ignore[arg-type]
        actions = ReporterActions(parts.store, photos, Vault(SECRET), parts.outbox, clock)
        links = AnswerLinks(SECRET, "http://127.0.0.1", parts.store, actions, packs, clock)
        outcomes = OutcomePhotos(SECRET, "http://127.0.0.1", parts.store, photos, clock)
        validator = ReportValidator(SECRET)
        taken = ReportIntake(parts.store, photos, parts.commit, validator, packs, quotas, clock)
        batch = BatchRoutes(taken, quotas, BatchPace(backlog))
        api = ReportRoutes(parts.store, taken, batch, actions, packs, links, outcomes, clock)
        application = Edge("intake", directory, quotas, token_hex).application(api.routes(), _no_lifespan)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=application),
            base_url="http://test",
            event_hooks={"response": [declared_answers.checked]},
        )
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
