"""Apache Kafka without Docker: one KRaft node that is broker and controller, its data kept between starts.

`BROKER_SETTINGS` is the one table of broker settings; compose.yaml is written from it too. Nodes carry id and ports,
so that several can be run on one machine.
"""

import asyncio
import base64
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.part import Part, PartFailed
from deploy.local.process import spawn
from deploy.local.servers.jars import fetch, read_lock
from deploy.local.servers.java import find_java, make_archive, run_class

DAY_MS = 24 * 60 * 60 * 1000

BROKER_SETTINGS: dict[str, str] = {
    # Topics are made by the services, with the partitions they need; a typing error must not make one.
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "log.message.timestamp.type": "CreateTime",
    "message.max.bytes": str(256 * 1024),
    # A group or a message older than this is repaired from the services' stored events.
    "log.retention.ms": str(7 * DAY_MS),
    "offsets.retention.minutes": str(30 * 24 * 60),
    # Few consumers: the broker's own topics need few partitions, and a group need not wait for late members.
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    # After a kill -9 the controller still waits for the dead broker's session before the new one may serve.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "1000",
    # Idle, the metadata log otherwise writes an empty record twice a second.
    "metadata.max.idle.interval.ms": "5000",
    # A small machine: the cleaner's default buffer alone is 128 MiB of heap.
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    "num.network.threads": "1",
    "num.io.threads": "2",
    "background.threads": "2",
    "group.coordinator.threads": "1",
}


@dataclass(frozen=True)
class Node:
    """One Kafka node: its id and where it listens."""

    id: int
    port: int
    controller_port: int
    host: str = "127.0.0.1"

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def replication(nodes: int) -> dict[str, str]:
    """Copies of each topic, and how many must have a record before it is acknowledged, in a cluster of `nodes`."""
    copies = min(3, nodes)
    own = ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic", "default")
    in_sync = ("transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr", "min.insync.replicas")
    return {
        **{f"{topic}.replication.factor": str(copies) for topic in own},
        **{key: str(max(1, copies - 1)) for key in in_sync},
    }


def properties(node: Node, nodes: Sequence[Node], data: Path) -> dict[str, str]:
    """All settings of `node` in a cluster of `nodes`, each of them broker and controller."""
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.id),
        "controller.quorum.voters": ",".join(f"{n.id}@{n.host}:{n.controller_port}" for n in nodes),
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{node.address},CONTROLLER://{node.host}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{node.address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(data),
        **BROKER_SETTINGS,
        **replication(len(nodes)),
    }


ADMIN = "admin"
"""The account that may do everything, and gives the services theirs (``accounts``)."""


def secured_properties(
    node: Node, data: Path, keystore: str, passwords: Mapping[str, str], internal_port: int
) -> dict[str, str]:
    """Settings of a single node that clients reach with TLS and an account each (SASL/PLAIN), and with no other rights
    than they were given.

    ``keystore``: a PEM file with the node's key (PKCS 8) and its certificates. What is not for clients, the
    controller's and the broker's own listener, is on loopback alone: run it where nobody else may log in.
    """
    loopback = "127.0.0.1"
    users = " ".join(f'user_{user}="{password}"' for user, password in passwords.items())
    own = f"CLIENTS://{node.address},INTERNAL://{loopback}:{internal_port}"
    return {
        **properties(node, [node], data),
        "controller.quorum.voters": f"{node.id}@{loopback}:{node.controller_port}",
        "listeners": f"{own},CONTROLLER://{loopback}:{node.controller_port}",
        "advertised.listeners": own,
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "listener.name.clients.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.clients.plain.sasl.jaas.config": (
            f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": keystore,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "false",
    }


def new_cluster_id() -> str:
    """A random cluster id in Kafka's spelling: 16 bytes, URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


@dataclass(frozen=True)
class Cluster:
    """What the nodes of a cluster share: their list and the cluster's id (from the data of a node, else new)."""

    nodes: tuple[Node, ...]
    id: str


def kafka_part(
    node: Node,
    folder: Path,
    log: Path,
    cluster: Cluster | None = None,
    name: str = "kafka",
    settings: Mapping[str, str] | None = None,
) -> Part:
    """Kafka as a part of the stack; `folder` holds its settings and its data. `settings`: other than `properties`."""
    cluster = cluster or Cluster((node,), new_cluster_id())
    lock = read_lock()
    class_list = folder / "classes.list"

    def command() -> tuple[str, ...]:
        args = ("kafka.Kafka", str(folder / "server.properties"))
        return run_class(find_java(), lock, *args, class_list=class_list)

    async def prepare() -> None:
        """Fetch what is missing, write the settings, lay out the storage if that has not been done."""
        await asyncio.to_thread(fetch, lock)
        storage = folder / "log"
        file = _write_settings(settings or properties(node, cluster.nodes, storage), folder)
        if (storage / "meta.properties").exists():
            return
        layout = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster.id}", "--config", str(file))
        process = await spawn(run_class(find_java(), lock, *layout), log)
        if (code := await process.wait()) != 0:
            raise PartFailed(name, f"its storage could not be laid out (code {code})", log)

    async def afterwards() -> None:
        await make_archive(find_java(), lock, class_list, log)

    async def probe() -> str | None:
        return await kafka_problem(node.address)

    return Part(
        name=name,
        url=node.address,
        log=log,
        ports=(node.port, node.controller_port),
        prepare=prepare,
        command=command,
        alive=probe,
        ready=probe,
        afterwards=afterwards,
    )


def _write_settings(settings: Mapping[str, str], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "server.properties"
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return file


async def kafka_problem(
    address: str, within: float = 3.0, security: Mapping[str, Any] = MappingProxyType({})
) -> str | None:
    """Ask a broker for the cluster's metadata; None if it answers and has a controller, else the reason.

    ``security``: what aiokafka's clients are told of account and TLS (``client_security``).
    """
    asking = asyncio.create_task(_ask(address, within, security))
    # A task of its own: the client now and then swallows a cancellation, and whoever waits for us would not stop.
    answered, _ = await asyncio.wait({asking}, timeout=within)
    if answered:
        return asking.result()
    asking.cancel()
    return f"{address} does not answer within {within:.0f} s"


async def _ask(address: str, within: float, security: Mapping[str, Any]) -> str | None:
    host, _, port = address.rpartition(":")
    try:
        # A closed port is told apart first: the client logs every refused connection as an error.
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
    except OSError as error:
        return f"no connection to {address}: {error}"
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=int(within * 1000), **security)
    try:
        await admin.start()
        told = await admin.describe_cluster()
    except (KafkaError, OSError) as error:
        return f"{address} does not answer: {type(error).__name__} {error}".rstrip()
    finally:
        with suppress(KafkaError, OSError):
            await admin.close()
    ready = bool(told["brokers"]) and told["controller_id"] >= 0
    return None if ready else f"{address} has no controller yet"
