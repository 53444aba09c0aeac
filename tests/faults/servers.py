"""Three Kafka brokers and three MongoDB members on this machine, as `compose.yaml` would have them on three.

Whoever calls one of them does so through its link (`network`): services, and the others of its kind. The first of each
kind has its data on a small disk, where this machine lets us have one.
"""

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.part import Part
from deploy.local.servers.kafka import Cluster, Node, kafka_part, kafka_problem, new_cluster_id
from deploy.local.servers.mongo import Member, mongo_part, mongo_uri, replica_set
from tests.faults.disk import NoSmallDisk, SmallDisk
from tests.faults.network import Link, Network
from tests.faults.server import Server
from tests.kit.stack import free_base, until

COUNT = 3
UP_WITHIN = 90.0
Document = dict[str, Any]


class Brokers:
    """A KRaft cluster: each node is broker and controller, three copies, two of them in sync before an ack."""

    def __init__(self, data: Path, port_base: int, network: Network, disk: SmallDisk | None) -> None:
        nodes = tuple(Node(i, port_base + 2 * i, port_base + 2 * i + 1) for i in range(1, COUNT + 1))
        self._nodes, self._data = nodes, data
        self.links = [network.link(node.port) for node in nodes]
        self.folders = [data / f"kafka{node.id}" for node in nodes]
        if disk is not None:
            self.folders[0] = disk.path / "kafka"
        self.all = self._made()
        self.bootstrap = ",".join(link.address for link in self.links)

    def _made(self) -> list[Server]:
        cluster = Cluster(self._nodes, new_cluster_id())
        logs = self._data / "logs"
        parts = [
            kafka_part(node, folder, logs / f"kafka{node.id}.log", cluster, f"kafka{node.id}")
            for node, folder in zip(self._nodes, self.folders, strict=True)
        ]
        return [Server(_behind(*pair)) for pair in zip(parts, self.links, self.folders, strict=True)]

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
        until(lambda: not asyncio.run(self._out_of_sync()), within=within, what="all copies in sync")

    async def _out_of_sync(self) -> list[str]:
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

    def __init__(self, data: Path, port_base: int, network: Network, disk: SmallDisk | None) -> None:
        members = tuple(Member(port_base + 10 + i, i) for i in range(COUNT))
        self.links = [network.link(member.port) for member in members]
        seen = [Member(link.port, i) for i, link in enumerate(self.links)]
        self.uri = mongo_uri(seen)
        self._config = replica_set(seen)
        self.folders = [data / f"mongo{member.id}" for member in members]
        if disk is not None:
            self.folders[0] = disk.path / "mongo"
        self.all = [
            Server(mongo_part(member, folder, data / "logs" / f"mongo{member.id}.log", name=f"mongo{member.id}"))
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

    def step_down(self) -> None:
        """The primary makes room for another, as before a member is upgraded."""
        with self.client(self.primary()) as client, suppress(PyMongoError):
            client.admin.command("replSetStepDown", 20, secondaryCatchUpPeriodSecs=5)

    def led_by(self, member: Server) -> None:
        """Make ``member`` the primary."""

        def leads() -> bool:
            with self.client(member) as client:
                _answer(client, "replSetStepUp")
            return bool(self.hello(member).get("isWritablePrimary"))

        until(leads, within=UP_WITHIN, what=f"{member.part.name} as the primary")

    def written_through(self, member: Server) -> bool:
        """Have all that it holds in memory written to its disk; whether that ended it."""
        if member.running:
            with self.client(member) as client:
                _answer(client, "fsync")
        return not member.running

    def link(self, member: Server) -> Link:
        return self.links[self.all.index(member)]

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
    disk_of_broker: SmallDisk | str
    disk_of_member: SmallDisk | str
    """Or why this machine has none."""

    @property
    def all(self) -> list[Server]:
        return [*self.brokers.all, *self.members.all]

    def whole(self) -> None:
        """As if nothing had ever happened to them."""
        for disk in (self.disk_of_broker, self.disk_of_member):
            if isinstance(disk, SmallDisk):
                disk.clear()
        self.members.whole()
        self.brokers.whole()


@contextmanager
def three_of_each(data: Path) -> Iterator[Servers]:
    """Started side by side, ended with the ``with``."""
    base, network = free_base(), Network()
    disks = [small_disk(data / name, size) for name, size in (("broker", 250), ("member", 700))]
    broker, member = (disk if isinstance(disk, SmallDisk) else None for disk in disks)
    servers = Servers(Brokers(data, base, network, broker), Members(data, base, network, member), *disks)
    try:
        servers.brokers.start()
        servers.members.start()
        servers.whole()
        yield servers
    finally:
        for server in servers.all:
            server.kill()
        network.close()
        for disk in disks:
            if isinstance(disk, SmallDisk):
                disk.close()


def small_disk(place: Path, mebibytes: int) -> SmallDisk | str:
    """One, or why there is none."""
    try:
        return SmallDisk(place, mebibytes)
    except NoSmallDisk as why:
        return str(why)


def _behind(part: Part, link: Link, folder: Path) -> Part:
    """A broker that tells everybody to come through its link."""

    async def prepare() -> None:
        await part.prepare()
        file = folder / "server.properties"
        lines = [line for line in file.read_text().splitlines() if not line.startswith("advertised.listeners=")]
        file.write_text("\n".join([*lines, f"advertised.listeners=PLAINTEXT://{link.address}", ""]))

    return dataclasses.replace(part, prepare=prepare)


def _answer(client: MongoClient[Document], command: str) -> Document | None:
    try:
        return client.admin.command(command)
    except PyMongoError:
        return None
