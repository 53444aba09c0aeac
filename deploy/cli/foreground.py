"""`whistle up` in the foreground: the supervisor, told what the options and the environment say."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from deploy.cli.terminal import err, out, say
from deploy.local.cities import CityRefused
from deploy.local.keeper import ServerAway
from deploy.local.part import PartFailed
from deploy.local.parts import Stack
from deploy.local.ports import PortsTaken
from deploy.local.servers.jars import JarsMissing, fetch, missing, read_lock
from deploy.local.servers.java import JavaMissing
from deploy.local.servers.mongo import MongodMissing
from deploy.local.state import DataInUse, SecretRefused
from deploy.local.supervisor import Up, run


class StartRefused(Exception):
    """`WHISTLE_TEST_AT` cannot be taken; the message says why."""


EXPECTED = (
    PartFailed,
    PortsTaken,
    DataInUse,
    CityRefused,
    JarsMissing,
    JavaMissing,
    MongodMissing,
    ServerAway,
    SecretRefused,
    StartRefused,
)
"""What can keep the stack from starting and explains itself; anything else is a fault of ours and shows its trace."""


def up_here(data: Path, port_base: int, cities: Sequence[Path], as_json: bool, ready_fd: int | None) -> bool:
    """Run the stack until it is stopped; False, having said why, if it could not be started."""
    stack = stack_from_environment(data, port_base)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what a probe meets is said in our words
    try:
        check_test_at(os.environ.get("WHISTLE_TEST_AT", ""), dev_tokens=stack.dev_tokens)
        if stack.kafka is None:
            fetch_jars()
        asyncio.run(run(stack, cities, say, lambda told: announce(told, as_json, ready_fd)))
    except EXPECTED as problem:
        err.print(f"✗ {problem}\n`whistle doctor` checks what this machine has.")
        return False
    say("stopped")
    return True


def stack_from_environment(data: Path, port_base: int) -> Stack:
    """The stack that the options and `WHISTLE_*` describe. Development tokens only where everything is local."""
    kafka, mongo = os.environ.get("WHISTLE_KAFKA"), os.environ.get("WHISTLE_MONGO")
    dev = os.environ.get("WHISTLE_DEV_TOKENS")
    return Stack(
        data=data,
        port_base=port_base,
        kafka=kafka or None,
        mongo=mongo or None,
        secret=os.environ.get("WHISTLE_SECRET", ""),
        namespace=os.environ.get("WHISTLE_NAMESPACE", "whistle"),
        log=os.environ.get("WHISTLE_LOG", "json"),
        public_url=os.environ.get("WHISTLE_PUBLIC_URL", ""),
        webhook_allow=os.environ.get("WHISTLE_WEBHOOK_ALLOW", ""),
        dev_tokens=dev.lower() in {"1", "true", "yes", "on"} if dev else not (kafka or mongo),
    )


def check_test_at(text: str, *, dev_tokens: bool) -> None:
    """Raises ``StartRefused`` before anything is started; the services would refuse it one after the other."""
    if not text:
        return
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise StartRefused(f"WHISTLE_TEST_AT={text} is no time with a zone, as in 2026-06-10T10:00+02:00")
    if not dev_tokens:
        raise StartRefused("WHISTLE_TEST_AT is for development: it needs WHISTLE_DEV_TOKENS=1")


def announce(told: Up, as_json: bool, ready_fd: int | None) -> None:
    """The stack is ready: say where it is; tell the one who detached us."""
    stack = told.stack
    summary = {
        "urls": stack.urls,
        "kafka": stack.kafka_address,
        "mongo": stack.mongo_shown,
        "cities": list(told.cities),
        "dev": str(stack.data / "dev.json") if stack.dev_tokens else None,
    }
    if as_json:
        out.print(json.dumps(summary, ensure_ascii=False))
    else:
        if "console" in stack.urls:
            out.print(f"open {stack.urls['console']} in a browser")
        say("ready; Ctrl-C stops everything")
        for name, url in {**stack.urls, "kafka": stack.kafka_address, "mongo": stack.mongo_shown}.items():
            out.print(f"  {name:<9} {url}")
        for city in told.cities:
            out.print(f"  city      {city['city']} {city['version']}")
        if summary["dev"]:
            out.print(f"  tokens    {summary['dev']}")
    sys.stdout.flush()
    if ready_fd is not None:
        os.write(ready_fd, b"ready")
        os.close(ready_fd)


def fetch_jars() -> None:
    """Fetch Kafka's jars if some are missing: with a bar on a terminal, else two lines. JarsMissing if it fails."""
    lock = read_lock()
    total = sum(jar.bytes for jar in missing(lock))
    if not total:
        return
    label = f"fetching Kafka {lock.kafka} from Maven Central"
    if not err.is_terminal:
        say(f"{label} ({total / 1e6:.0f} MB)")
        fetch(lock)
        say("fetched")
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=err) as bar:
        task = bar.add_task(label, total=total)
        fetch(lock, lambda done, _: bar.update(task, completed=done))
