"""An account for each service on Kafka and on MongoDB, with the rights that its work needs and no others.

``python -m deploy.local.security.accounts`` gives them, as often as it is run. It takes the administrators' accounts
from ``WHISTLE_KAFKA*`` and ``WHISTLE_MONGO``, and each service's password from ``WHISTLE_INTAKE_PASSWORD`` and so on.
Accounts on Kafka are made where the cluster keeps them (in compose: the broker's settings); here they get their rights.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from aiokafka.protocol.admin import CreateAclsRequest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from deploy.local.parts import WITH_ACCOUNTS
from shared.contracts.catalogue import EMITTERS, TOPICS, topic_of_lane
from shared.runtime.kafka.broker import open_admin, topic_name
from shared.runtime.settings import Settings

ROLE_EXISTS = 51002
USER_EXISTS = 51003
"""MongoDB's code."""
CONSUMES: Mapping[str, frozenset[str]] = {
    "intake": frozenset({"cases", "cities"}),
    "router": frozenset({"reports", "cases"}),
    "notifier": frozenset({"cases", "visits", "rota", "people", "unrouted", "cities"}),
}
"""Service → topics that it reads, in all their lanes. It may write them too: who parked a record publishes it again."""


class Resource(IntEnum):
    """KIP-140."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """KIP-290."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """KIP-140."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8


ALLOW = 3


class Acl(NamedTuple):
    """``principal`` may do ``operation`` on a resource."""

    principal: str
    resource: Resource
    name: str
    pattern: Pattern
    operation: Operation


def kafka_rights(service: str, settings: Settings) -> Iterator[Acl]:
    """Topics are made by whichever service comes first; each writes what it emits and reads what it consumes."""
    user = f"User:{service}"
    every = f"{settings.namespace}."
    for operation in (Operation.CREATE, Operation.DESCRIBE):
        yield Acl(user, Resource.TOPIC, every, Pattern.PREFIXED, operation)
    emits = {topic for topic, emitter in EMITTERS.items() if emitter == service}
    consumes = {topic for topic in TOPICS if topic_of_lane(topic) in CONSUMES[service]}
    for topic in sorted(emits | consumes):
        yield Acl(user, Resource.TOPIC, topic_name(settings, topic), Pattern.LITERAL, Operation.WRITE)
        yield Acl(user, Resource.TOPIC, topic_name(settings, topic), Pattern.LITERAL, Operation.READ)
    yield Acl(user, Resource.GROUP, f"{every}{service}.", Pattern.PREFIXED, Operation.READ)
    # How far another's group has come: intake publishes no report again that the router has yet to read.
    yield Acl(user, Resource.GROUP, every, Pattern.PREFIXED, Operation.DESCRIBE)


LOG_WRITER = "security_log_writer"
"""May insert into the security log, and neither change nor delete there."""


def mongo_roles(service: str, namespace: str) -> list[dict[str, str]]:
    """Its own database; ``identity`` is the router's, and read by all; all write into the security log."""
    identity = "readWrite" if service == "router" else "read"
    return [
        {"role": "readWrite", "db": f"{namespace}_{service}"},
        {"role": identity, "db": f"{namespace}_identity"},
        {"role": LOG_WRITER, "db": f"{namespace}_identity"},
    ]


async def give_kafka_rights(settings: Settings) -> None:
    """As the administrator of ``settings``. Raises ``KafkaError``, or ``RuntimeError`` for a right that is refused."""
    admin = await open_admin(settings)
    try:
        for service in WITH_ACCOUNTS:
            for acl in kafka_rights(service.name, settings):
                request = CreateAclsRequest(
                    acl.resource, acl.name, acl.pattern, acl.principal, "*", acl.operation, ALLOW
                )
                answer = await admin._send_to_controller(request)  # the client has no method for it yet
                for code, message in answer.creation_responses:
                    if code:
                        raise RuntimeError(f"{acl}: {message or code}")
    finally:
        await admin.close()


async def give_mongo_accounts(uri: str, namespace: str, passwords: Mapping[str, str]) -> None:
    """As the administrator of ``uri``: each service's user, with this password and these rights. Raises
    ``PyMongoError``."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, serverSelectionTimeoutMS=10_000)
    try:
        await _make_log_writer(client, f"{namespace}_identity")
        for service in WITH_ACCOUNTS:
            user: dict[str, Any] = {"pwd": passwords[service.name], "roles": mongo_roles(service.name, namespace)}
            try:
                await client.admin.command("createUser", service.name, **user)
            except OperationFailure as error:
                if error.code != USER_EXISTS:
                    raise
                await client.admin.command("updateUser", service.name, **user)
    finally:
        await client.close()


async def _make_log_writer(client: AsyncMongoClient[dict[str, Any]], database: str) -> None:
    may = {"resource": {"db": database, "collection": "security_log"}, "actions": ["insert"]}
    try:
        await client[database].command("createRole", LOG_WRITER, privileges=[may], roles=[])
    except OperationFailure as error:
        if error.code != ROLE_EXISTS:
            raise


async def main() -> None:
    """Both, as the environment says."""
    settings = Settings()
    passwords = {service.name: os.environ[f"WHISTLE_{service.name.upper()}_PASSWORD"] for service in WITH_ACCOUNTS}
    await give_mongo_accounts(settings.mongo, settings.namespace, passwords)
    await give_kafka_rights(settings)


if __name__ == "__main__":
    asyncio.run(main())
