"""On servers with TLS and an account for each service a report becomes an alert, and no account can do more than its
own work."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from deploy.local.part import start
from deploy.local.parts import SERVICES, Stack, service_part
from deploy.local.security.secured_servers import Secured, secured_servers
from deploy.local.servers.mongo import primary_problem
from shared.city.reading import read_folder
from shared.runtime.identity.tokens import ops_token
from shared.runtime.kafka.security import client_security
from tests.kit.stack import free_base
from tests.packs import HARBOUR

WITHIN = 90.0


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    async with secured_servers(tmp_path_factory.mktemp("secured"), free_base()) as running:
        yield running


@asynccontextmanager
async def services(servers: Secured, data: Path, secret: str) -> AsyncIterator[Stack]:
    """Every service as a process that knows its own account alone; no development tokens."""
    stack = Stack(data, servers.port_base, servers.kafka, servers.mongo(), dev_tokens=False)
    async with httpx.AsyncClient(timeout=5) as client:
        parts = [service_part(stack, service, secret, client) for service in SERVICES]
        parts = [
            replace(
                part, env={**part.env, **(servers.environment(part.name) if part.name in servers.passwords else {})}
            )
            for part in parts
        ]
        processes = await asyncio.gather(*(start(part, WITHIN) for part in parts))
        try:
            yield stack
        finally:
            await asyncio.gather(*(process.stop(10) for process in processes))


class Ops:
    """Calls as the installation's operator."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient, secret: str) -> None:
        self._urls, self._client, self._token = stack.urls, client, ops_token(secret)

    async def post(self, service: str, path: str, body: Any, token: str = "") -> Any:
        headers = {"authorization": f"Bearer {token or self._token}", "idempotency-key": secrets.token_hex(8)}
        answer = await self._client.post(self._urls[service] + path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def get(self, service: str, path: str) -> Any:
        headers = {"authorization": f"Bearer {self._token}"}
        answer = await self._client.get(self._urls[service] + path, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()


async def eventually(look: Any, what: str) -> Any:
    """What ``look`` answers as soon as it is something."""
    async with asyncio.timeout(WITHIN):
        while True:
            try:
                if found := await look():
                    return found
            except (AssertionError, httpx.TransportError):
                """Not yet."""
            await asyncio.sleep(0.2)
    raise AssertionError(what)


async def test_a_report_becomes_an_alert_on_servers_with_an_account_and_rights_per_service(
    servers: Secured, tmp_path: Path
) -> None:
    secret = secrets.token_hex(32)
    async with services(servers, tmp_path, secret) as stack, httpx.AsyncClient(timeout=20) as client:
        ops = Ops(stack, client, secret)
        await eventually(lambda: ops.post("router", "/v1/cities", {"files": read_folder(HARBOUR)}), "the pack")
        key = (await ops.post("router", "/v1/keys", {"name": "app", "role": "rider_app", "city": "harbour"}))["key"]
        report = {"kind": "hazard", "description": "lamp out", "category": "street_light"}
        report["location"] = {"unit": "quayside"}  # type: ignore[assignment]
        sent = await eventually(lambda: ops.post("intake", "/v1/reports", report, key), "the report")

        async def alerts() -> Any:
            return (await ops.get("notifier", "/v1/alerts?recipient=qs-walk&city=harbour"))["items"]

        async def state() -> Any:
            return (await ops.get("intake", f"/v1/reports/{sent['id']}")).get("case", {}).get("state")

        assert await eventually(alerts, "the alert")
        # intake learns of the case by an event of its own: it may come after the alert
        assert await eventually(state, "the case in the report") == "queued"


async def test_whistle_up_finds_a_primary_with_no_right_but_a_services_own(servers: Secured) -> None:
    """It wrote to a database of its own, which no service's account may."""
    assert await primary_problem(servers.mongo("intake")) is None
    wrong = servers.mongo("intake").replace(servers.passwords["intake"], "wrong")
    assert "Authentication failed" in str(await primary_problem(wrong))


async def test_an_account_writes_only_the_topics_of_its_own_work(servers: Secured) -> None:
    settings = servers.settings("notifier")
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, **client_security(settings))
    await producer.start()
    try:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait("whistle.reports", b"forged", key=b"k")
    finally:
        await producer.stop()


async def test_an_account_joins_only_groups_of_its_own(servers: Secured) -> None:
    settings = servers.settings("intake")
    consumer = AIOKafkaConsumer(
        "whistle.cases",
        bootstrap_servers=settings.kafka,
        group_id="whistle.notifier.cases",
        **client_security(settings),
    )
    try:
        with pytest.raises(KafkaError):
            await consumer.start()
    finally:
        await consumer.stop()


async def test_without_an_account_neither_server_answers(servers: Secured) -> None:
    stranger = servers.settings("intake").model_copy(update={"kafka_user": "nobody"})
    producer = AIOKafkaProducer(bootstrap_servers=stranger.kafka, **client_security(stranger))
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.mongo(), serverSelectionTimeoutMS=5000)
    with pytest.raises(OperationFailure):
        await client["whistle_intake"]["reports"].find_one()
    await client.close()


@pytest.mark.parametrize(
    ("account", "database", "writes"),
    [("intake", "whistle_router", False), ("notifier", "whistle_intake", False), ("intake", "whistle_identity", True)],
)
async def test_an_account_reaches_its_own_database_alone(
    servers: Secured, account: str, database: str, writes: bool
) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.mongo(account), serverSelectionTimeoutMS=5000)
    try:
        await client[f"whistle_{account}"]["probe"].insert_one({})
        with pytest.raises(OperationFailure):
            await (client[database]["keys"].insert_one({}) if writes else client[database]["keys"].find_one())
    finally:
        await client.close()
