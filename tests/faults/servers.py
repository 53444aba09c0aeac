"""Three Kafka brokers and three MongoDB members on this machine, as `compose.yaml` would have them on three."""

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.kafka import Cluster, Node, kafka_part, kafka_problem, new_cluster_id
from deploy.local.mongo import Member, mongo_part, mongo_uri, replica_set
from tests.faults.server import Server
from tests.stack import free_base, until

COUNT = 3
UP_WITHIN = 90.0
Document = dict[str, Any]


class Brokers:
    """A KRaft cluster: each node is broker and controller, three copies, two of them in sync before an ack."""

    def __init__(self, data: Path, port_base: int) -> None:
        nodes = tuple(Node(i, port_base + 2 * i, port_base + 2 * i + 1) for i in range(1, COUNT + 1))
        self._nodes, self._data = nodes, data
        self.folders = [data / f"kafka{node.id}" for node in nodes]
        self.all = self._made()
        self.bootstrap = ",".join(node.address for node in nodes)

    def _made(self) -> list[Server]:
        cluster = Cluster(self._nodes, new_cluster_id())
        logs = self._data / "logs"
        return [
            Server(kafka_part(node, folder, logs / f"kafka{node.id}.log", cluster, f"kafka{node.id}"))
            for node, folder in zip(self._nodes, self.folders, strict=True)
        ]

    def start(self) -> None:
        for broker in self.all:
            broker.start()

    def anew(self) -> None:
        """As after new disks: another cluster, on the same addresses. The brokers must have been killed."""
        self.all = self._made()
        self.start()

    def whole(self, within: float = UP_WITHIN) -> None:
        """Every broker runs and every copy of every partition is in sync."""
        for broker in self.all:
            broker.go_on()
            broker.start()
        until(lambda: not asyncio.run(self._behind()), within=within, what="all copies in sync")

    async def _behind(self) -> list[str]:
        """Partitions with a copy that is not in sync, or why that cannot be told."""
        for broker in self.all:
            if (problem := await kafka_problem(broker.address)) is not None:
                return [problem]
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        try:
            await admin.start()
            return [
                f"{topic['topic']}-{partition['partition']}"
                for topic in await admin.describe_topics()
                for partition in topic["partitions"]
                if len(partition["isr"]) < len(partition["replicas"]) or partition["leader"] < 0
            ]
        except (KafkaError, OSError) as error:
            return [str(error)]
        finally:
            await admin.close()


class Members:
    """A replica set."""

    def __init__(self, data: Path, port_base: int) -> None:
        members = tuple(Member(port_base + 10 + i, i) for i in range(COUNT))
        self.uri = mongo_uri(members)
        self._config = replica_set(members)
        self.folders = [data / f"mongo{member.id}" for member in members]
        self.all = [
            Server(mongo_part(member, folder, data / "logs" / f"{folder.name}.log", name=folder.name))
            for member, folder in zip(members, self.folders, strict=True)
        ]

    def start(self) -> None:
        for member in self.all:
            member.start()
        for member in self.all:
            until(partial(self.hello, member), within=UP_WITHIN, what=member.part.name)
        with self.client(self.all[0]) as client:
            client.admin.command("replSetInitiate", self._config)

    def client(self, member: Server) -> MongoClient[Document]:
        """To this member, whatever it is at the moment."""
        return MongoClient(
            f"mongodb://{member.address}/?directConnection=true",
            serverSelectionTimeoutMS=1500,
            connectTimeoutMS=1000,
            socketTimeoutMS=5000,
        )

    def hello(self, member: Server) -> Document:
        """Who it thinks it is; empty when it does not answer."""
        if not member.answers:
            return {}
        with self.client(member) as client:
            return _answer(client, "hello") or {}

    def primary(self, within: float = UP_WITHIN) -> Server:
        """The member that takes writes, of the latest term when an old one has not heard of it yet."""

        def found() -> Server | None:
            told = [(self.hello(member), member) for member in self.all]
            leads = [(answer["electionId"], member) for answer, member in told if answer.get("isWritablePrimary")]
            return max(leads, key=lambda lead: lead[0])[1] if leads else None

        return until(found, within=within, what="a primary")

    def secondaries(self) -> list[Server]:
        primary = self.primary()
        return [member for member in self.all if member is not primary]

    def rolled_back(self, member: Server) -> int:
        """How many files of rolled-back documents the member has put aside."""
        return sum(1 for file in (self.folders[self.all.index(member)] / "rollback").rglob("*.bson") if file.is_file())

    def settle(self, millis: int) -> None:
        """How long members wait for a silent primary before they elect another, in milliseconds."""
        with self.client(self.primary()) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            config["version"] += 1
            config["settings"]["electionTimeoutMillis"] = millis
            client.admin.command("replSetReconfig", config)

    def whole(self, within: float = UP_WITHIN) -> None:
        """Every member runs and has what the primary has."""
        for member in self.all:
            member.go_on()
            member.start()

        def caught_up() -> bool:
            states = {self.hello(member).get("isWritablePrimary") for member in self.all}
            if states != {True, False}:
                return False
            with self.client(self.primary()) as client:
                status = _answer(client, "replSetGetStatus") or {"members": []}
            return all(row["stateStr"] in ("PRIMARY", "SECONDARY") for row in status["members"])

        until(caught_up, within=within, what="every member of the replica set")


@dataclasses.dataclass
class Servers:
    """What the services stand on."""

    brokers: Brokers
    members: Members

    @property
    def all(self) -> list[Server]:
        return [*self.brokers.all, *self.members.all]

    def whole(self) -> None:
        """As if nothing had ever happened to them."""
        self.members.whole()
        self.brokers.whole()


@contextmanager
def three_of_each(data: Path) -> Iterator[Servers]:
    """Started side by side, ended with the ``with``."""
    base = free_base()
    servers = Servers(Brokers(data, base), Members(data, base))
    try:
        servers.brokers.start()
        servers.members.start()
        servers.whole()
        yield servers
    finally:
        for server in servers.all:
            server.kill()


def _answer(client: MongoClient[Document], command: str) -> Document | None:
    try:
        return client.admin.command(command)
    except PyMongoError:
        return None
