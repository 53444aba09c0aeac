"""Whistle on three brokers and three MongoDB members, with everything that a fault needs within reach."""

import asyncio
import itertools
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from deploy.local.parts import Service, Stack, service_part
from deploy.local.state import holder, read_secret
from tests.faults.audit import PATIENCE, Audit, Balance, Hook
from tests.faults.ledger import Receiver
from tests.faults.load import Load
from tests.faults.network import Calls, Link, Trouble
from tests.faults.server import Server
from tests.faults.servers import Servers
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

SITE = Path(__file__).with_name("site")
BACK_WITHIN = 90.0
_numbers = itertools.count(1)


@dataclass
class Cluster:
    """A stack of its own (own namespace) on shared servers."""

    servers: Servers
    stack: RunningStack
    namespace: str
    audit: Audit
    planted: Path
    hooks: list[Hook] = field(default_factory=list)
    others: list[Server] = field(default_factory=list)

    def kill(self, service: str) -> int:
        """``kill -9`` of a service that the supervisor will start again; its pid."""
        pid = self.stack.pid(service)
        os.kill(pid, signal.SIGKILL)
        return pid

    def back(self, service: str, killed: int) -> None:
        """Wait until another process than ``killed`` does the service's work."""
        until(
            lambda: self.stack.pid(service) not in (0, killed) and self.stack.ready(),
            within=BACK_WITHIN,
            what=f"{service} back",
        )

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """SIGSTOP, and SIGCONT after the block."""
        pid = self.stack.pid(service)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def absent(self, service: str) -> Iterator[None]:
        """``kill -9`` of a service that nobody starts again within the block."""
        supervisor = holder(self.stack.data)
        assert supervisor is not None
        os.kill(supervisor, signal.SIGSTOP)
        try:
            os.kill(self.stack.pid(service), signal.SIGKILL)
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)

    @contextmanager
    def parted(self, primary: Server) -> Iterator[None]:
        """The other members and ``primary`` hear nothing of each other; of all members services hear only it."""
        members = self.servers.members
        others = [member for member in members.all if member is not primary]
        strangers = Calls([member.pid for member in members.all], others=True)
        with ExitStack() as troubles:
            theirs = Calls([member.pid for member in others])
            troubles.enter_context(members.link(primary).troubled(Trouble(stuck=True), theirs))
            for other in others:
                link = members.link(other)
                troubles.enter_context(link.troubled(Trouble(stuck=True), Calls([primary.pid])))
                troubles.enter_context(link.troubled(Trouble(stuck=True), strangers))
            yield

    @contextmanager
    def troubled(self, links: Sequence[Link], trouble: Trouble, *, old_ones: bool = False) -> Iterator[None]:
        """Of what the services have to do with these servers. ``old_ones``: only connections that there are now, which
        are gone afterwards."""
        servers = [server.pid for server in self.servers.all if server.running]
        with ExitStack() as troubles:
            for link in links:
                calls = Calls(servers, others=True, only=link.callers() if old_ones else None)
                troubles.enter_context(link.troubled(trouble, calls, forgets=old_ones))
            yield

    def dies(self, service: str, moment: str) -> None:
        """Ask for a planted end of a service's process, and wait for it and for the next process."""
        living = self.stack.pid(service)
        self.taken(self.plant(moment))
        self.back(service, living)

    def taken(self, planted: Path) -> None:
        """Wait until a planted moment has happened."""
        until(lambda: not planted.exists(), within=BACK_WITHIN, what=planted.name)

    def step_clock(self, service: str, seconds: float) -> None:
        """The service's wall clock is wrong by so much from now on."""
        file = self.planted / f".{service}-clock"
        file.write_text(str(seconds))
        file.replace(self.planted / f"{service}-clock")

    def plant(self, name: str) -> Path:
        """Ask for a planted fault; its file, which a moment takes away when it happens."""
        file = self.planted / name
        file.touch()
        return file

    def another(self, service: str) -> Server:
        """One more process of a service, beside the supervised one; started, and ended with the cluster."""
        offset = 5 + len(self.others)
        stack = Stack(
            self.stack.data,
            self.stack.port_base,
            kafka=self.servers.brokers.bootstrap,
            mongo=self._uri,
            namespace=self.namespace,
        )
        kind = Service(f"{service}-{offset}", offset, f"services.{service}")
        part = service_part(stack, kind, read_secret(self.stack.data), httpx.AsyncClient())
        server = Server(part)
        server.start()
        self.others.append(server)
        until(lambda: self._well(server), within=BACK_WITHIN, what=f"another {service}")
        return server

    @property
    def _uri(self) -> str:
        return self.servers.members.uri

    def _well(self, server: Server) -> bool:
        assert server.running, f"{server.part.name} ended: {server.part.log}"
        return self.stack.http.get(f"http://{server.address}/readyz").status_code == 200

    def listen(self) -> None:
        """A webhook for the openings of the riders' cases."""
        receiver, rider = Receiver(), self.stack.rider()
        answer = rider.post_to("notifier", "/v1/webhooks", {"url": receiver.url, "types": ["case.opened"]})
        assert answer.status_code == 201, answer.text
        app = rider.get("router", "/v1/me").json()["app"]
        self.hooks.append(Hook(answer.json()["id"], app, receiver))

    def balance(self, load: Load, within: float = PATIENCE) -> Balance:
        return self.audit.balance(load, self.hooks, within)

    def heal(self) -> None:
        """Whatever a test left behind: everything runs again and answers. What is broken stays so."""
        for file in self.planted.iterdir():
            if not file.suffix:
                file.unlink()
        for other in self.others:
            other.kill()
        self.others.clear()
        self.servers.whole()
        until(self.stack.ready, within=BACK_WITHIN, what="all services ready")

    def forget(self) -> None:
        """Take away what the namespace has in the servers."""
        with MongoClient[dict[str, object]](self._uri) as client:
            for name in client.list_database_names():
                if name.startswith(f"{self.namespace}_"):
                    client.drop_database(name)
        with suppress(Exception):
            asyncio.run(self._without_topics())

    async def _without_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers.brokers.bootstrap)
        await admin.start()
        try:
            await admin.delete_topics([t for t in await admin.list_topics() if t.startswith(f"{self.namespace}.")])
        finally:
            await admin.close()


@contextmanager
def cluster_on(servers: Servers, folder: Path, *bugs: str) -> Iterator[Cluster]:
    """The services of a new namespace, with ``bugs`` planted into them; stopped with the ``with``."""
    namespace = f"faults{next(_numbers)}"
    planted = folder / "planted"
    planted.mkdir(parents=True)
    for bug in bugs:
        (planted / bug).touch()
    told = {
        "WHISTLE_KAFKA": servers.brokers.bootstrap,
        "WHISTLE_MONGO": servers.members.uri,
        "WHISTLE_NAMESPACE": namespace,
        "WHISTLE_REPLICATION": "3",
        "WHISTLE_DEV_TOKENS": "1",
        "WHISTLE_LOG": "json",
        "PLANTED": str(planted),
        "PYTHONPATH": str(SITE),
    }
    audit = Audit(servers.members.uri, namespace)
    with running_stack(folder / "data", [HARBOUR], **told) as stack:
        cluster = Cluster(servers, stack, namespace, audit, planted)
        try:
            cluster.listen()
            yield cluster
        finally:
            for other in cluster.others:
                other.kill()
            for hook in cluster.hooks:
                hook.receiver.close()
            audit.close()
    cluster.forget()
