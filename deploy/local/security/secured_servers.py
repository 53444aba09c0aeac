"""Kafka and MongoDB as compose.yaml runs them, on this machine: TLS, an account for each service, no right too many."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local.part import Part
from deploy.local.parts import LOOPBACK, WITH_ACCOUNTS
from deploy.local.security.accounts import give_kafka_rights, give_mongo_accounts
from deploy.local.security.certificates import certificates
from deploy.local.servers.kafka import (
    ADMIN,
    Cluster,
    Node,
    kafka_part,
    kafka_problem,
    new_cluster_id,
    secured_properties,
)
from deploy.local.servers.mongo import Member, mongo_part, mongo_uri, replica_set
from deploy.local.servers.servers import CONTROLLER, KAFKA, MONGO, start_all
from deploy.local.state import write_atomically
from shared.runtime.kafka.security import client_security
from shared.runtime.settings import Settings

INTERNAL = 13
"""Offset of the broker's own listener."""


@dataclass(frozen=True)
class Secured:
    """Running servers. ``passwords``: account → password on both."""

    port_base: int
    ca: Path
    passwords: Mapping[str, str]

    @property
    def kafka(self) -> str:
        return f"{LOOPBACK}:{self.port_base + KAFKA}"

    def mongo(self, account: str = "") -> str:
        """The URI as ``account``; without one: as a stranger."""
        who = f"{account}:{self.passwords[account]}" if account else ""
        return mongo_uri([Member(self.port_base + MONGO)], account=who)

    def environment(self, account: str) -> dict[str, str]:
        """What a service is told of the servers and of its account."""
        return {
            "WHISTLE_KAFKA": self.kafka,
            "WHISTLE_KAFKA_SECURITY": "SASL_SSL",
            "WHISTLE_KAFKA_MECHANISM": "PLAIN",
            "WHISTLE_KAFKA_USER": account,
            "WHISTLE_KAFKA_PASSWORD": self.passwords[account],
            "WHISTLE_KAFKA_CA": str(self.ca),
            "WHISTLE_MONGO": self.mongo(account),
        }

    def settings(self, account: str) -> Settings:
        """The same, for one who calls from here."""
        told = {name.removeprefix("WHISTLE_").lower(): value for name, value in self.environment(account).items()}
        return Settings.model_validate(told)


@asynccontextmanager
async def secured_servers(data: Path, port_base: int, grace: float = 20.0) -> AsyncIterator[Secured]:
    """Both, with their accounts and rights given."""
    ca, pem = await asyncio.to_thread(_certified, data, datetime.now(UTC))
    accounts = (ADMIN, *(service.name for service in WITH_ACCOUNTS))
    servers = Secured(port_base, ca, {account: secrets.token_hex(16) for account in accounts})
    processes = await start_all((_kafka(servers, data, pem), _mongo(servers, data)))
    try:
        await give_mongo_accounts(servers.mongo(ADMIN), "whistle", servers.passwords)
        await give_kafka_rights(servers.settings(ADMIN))
        yield servers
    finally:
        await asyncio.gather(*(process.stop(grace) for process in processes))


def _certified(data: Path, now: datetime) -> tuple[Path, Path]:
    """The files of the authority, and of Kafka's key and certificate."""
    data.mkdir(parents=True, exist_ok=True)
    made = certificates([LOOPBACK, "localhost"], now)
    ca, pem = data / "ca.pem", data / "kafka.pem"
    write_atomically(ca, made.ca)
    write_atomically(pem, made.server)
    return ca, pem


def _kafka(servers: Secured, data: Path, pem: Path) -> Part:
    base = servers.port_base
    node = Node(1, base + KAFKA, base + CONTROLLER)
    settings = secured_properties(node, data / "kafka" / "log", str(pem), servers.passwords, base + INTERNAL)
    cluster = Cluster((node,), new_cluster_id())
    part = kafka_part(node, data / "kafka", data / "logs" / "kafka.log", cluster, settings=settings)

    async def probe() -> str | None:
        return await kafka_problem(servers.kafka, security=client_security(servers.settings(ADMIN)))

    return replace(part, alive=probe, ready=probe)


def _mongo(servers: Secured, data: Path) -> Part:
    member = Member(servers.port_base + MONGO)
    part = mongo_part(member, data / "mongo", data / "logs" / "mongo.log")
    key = data / "mongo.key"
    write_atomically(key, secrets.token_hex(32))

    async def probe() -> str | None:
        return await _signed_in(member, servers.passwords[ADMIN])

    command = part.command
    return replace(part, command=lambda: (*command(), "--keyFile", str(key)), alive=probe, ready=probe)


async def _signed_in(member: Member, password: str) -> str | None:
    """Initiates the set and makes the administrator, which mongod lets loopback do once; None when he can sign in."""
    alone = f"mongodb://{member.address}/?directConnection=true"
    stranger: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(alone, serverSelectionTimeoutMS=1500)
    known: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        alone, serverSelectionTimeoutMS=1500, username=ADMIN, password=password
    )
    try:
        for command in (
            {"replSetInitiate": replica_set([member])},
            {"createUser": ADMIN, "pwd": password, "roles": ["root"]},
        ):
            with suppress(PyMongoError):  # done before, or too early: whether he can sign in tells
                await stranger.admin.command(command)
        await known.admin.command("usersInfo", ADMIN)
        primary = (await known.admin.command("hello"))["isWritablePrimary"]
    except PyMongoError as error:
        return str(error)
    finally:
        await stranger.close()
        await known.close()
    return None if primary else f"{member.address} is no primary yet"
