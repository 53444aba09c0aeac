"""The table of the stack: which parts there are, on which ports, and what a service is told of the others.

`whistle up` and compose.yaml are both made from it.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.local.forked import ForkServer
from deploy.local.part import Part, Probe, program
from deploy.local.ports import PORT_BASE
from deploy.local.process import Process
from deploy.local.servers.mongo import Member, mongo_uri
from deploy.local.servers.servers import KAFKA, MONGO
from deploy.local.state import without_account

LOOPBACK = "127.0.0.1"
LOOPBACK_NETWORKS = "127.0.0.0/8,::1/128"


@dataclass(frozen=True)
class Service:
    """One of Whistle's services: its name, its port's offset from the base, the module that runs it."""

    name: str
    offset: int
    module: str
    has_accounts: bool = True
    """It reads and writes MongoDB and Kafka; the console asks the others for all that it shows, and as a service it
    only follows what changes."""


SERVICES: tuple[Service, ...] = (
    Service("console", 0, "services.console", has_accounts=False),
    Service("intake", 1, "services.intake"),
    Service("router", 2, "services.router"),
    Service("notifier", 3, "services.notifier"),
)
WITH_ACCOUNTS = tuple(service for service in SERVICES if service.has_accounts)


@dataclass(frozen=True)
class Stack:
    """One installation on this machine. `kafka` and `mongo` name running servers; None: started here.

    `public_url` starts the links in messages; empty: the console's address. `secret`: empty where the data folder
    is to have one of its own.
    """

    data: Path
    port_base: int = PORT_BASE
    kafka: str | None = None
    mongo: str | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)
    namespace: str = "whistle"
    log: str = "json"
    public_url: str = ""
    webhook_allow: str = ""
    dev_tokens: bool = True
    services: tuple[Service, ...] = SERVICES

    @property
    def kafka_address(self) -> str:
        return self.kafka or f"{LOOPBACK}:{self.port_base + KAFKA}"

    @property
    def mongo_address(self) -> str:
        return self.mongo or mongo_uri([Member(self.port_base + MONGO)])

    @property
    def mongo_shown(self) -> str:
        """MongoDB's address without account and password: what is printed and stored."""
        return without_account(self.mongo_address)

    def url(self, service: Service) -> str:
        return f"http://{LOOPBACK}:{self.port_base + service.offset}"

    @property
    def urls(self) -> dict[str, str]:
        """Service name → address."""
        return {service.name: self.url(service) for service in self.services}

    def log_file(self, part: str) -> Path:
        return self.data / "logs" / f"{part}.log"


def environment(
    *, kafka: str, mongo: str, urls: dict[str, str], host: str, port: int, data: str, namespace: str, log: str
) -> dict[str, str]:
    """What every installation tells a service: where it listens, where the others are, where it keeps files."""
    return {
        "WHISTLE_KAFKA": kafka,
        "WHISTLE_MONGO": mongo,
        "WHISTLE_DATA": data,
        "WHISTLE_LOG": log,
        "WHISTLE_NAMESPACE": namespace,
        "WHISTLE_HOST": host,
        "WHISTLE_PORT": str(port),
        **{f"WHISTLE_{name.upper()}_URL": url for name, url in urls.items()},
    }


def local_environment(stack: Stack, service: Service, secret: str) -> dict[str, str]:
    """The environment of a service under `whistle up`."""
    told = environment(
        kafka=stack.kafka_address,
        mongo=stack.mongo_address,
        urls=stack.urls,
        host=LOOPBACK,
        port=stack.port_base + service.offset,
        data=str(stack.data),
        namespace=stack.namespace,
        log=stack.log,
    )
    told["WHISTLE_SECRET"] = secret
    told["WHISTLE_PUBLIC_URL"] = stack.public_url or stack.urls.get("console", "")
    told["WHISTLE_TRUSTED_PROXIES"] = LOOPBACK
    told["WHISTLE_DEV_TOKENS"] = "1" if stack.dev_tokens else "0"
    told["WHISTLE_WEBHOOK_ALLOW"] = stack.webhook_allow or (LOOPBACK_NETWORKS if stack.dev_tokens else "")
    return told


def service_part(
    stack: Stack, service: Service, secret: str, client: httpx.AsyncClient, forks: ForkServer | None = None
) -> Part:
    """A service as a part of the stack; started by ``forks`` where there is one, else as a program of its own."""
    url = stack.url(service)

    async def begin(part: Part) -> Process:
        return await forks.start(service.module, part.log, part.env) if forks is not None else await program(part)

    return Part(
        name=service.name,
        url=url,
        log=stack.log_file(service.name),
        ports=(stack.port_base + service.offset,),
        command=lambda: (sys.executable, "-m", service.module),
        env=local_environment(stack, service, secret),
        alive=_asks(client, f"{url}/livez"),
        ready=_asks(client, f"{url}/readyz"),
        begin=begin,
    )


def _asks(client: httpx.AsyncClient, url: str) -> Probe:
    async def probe() -> str | None:
        try:
            answer = await client.get(url)
        except httpx.HTTPError as error:
            return f"{url}: {type(error).__name__} {error}".rstrip()
        return None if answer.status_code == httpx.codes.OK else f"{url}: {answer.status_code} {answer.text[:300]}"

    return probe
