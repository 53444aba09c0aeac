"""Promise: a wiped Kafka loses nothing, alerts included, and nobody has to do anything about it."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from deploy.local.state import holder
from tests.faults import audit
from tests.faults.audit import Document
from tests.faults.ledger import Ledger, Receiver
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

SEED = 20261124
RIDERS = 4
STEP = 25
"""Reports accepted in each stretch."""
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("wiped"), [HARBOUR]) as running:
        yield running


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def wipe(stack: RunningStack) -> None:
    """Kill -9 of the broker and its folder gone, before the supervisor starts it again on nothing."""
    supervisor = holder(stack.data)
    assert supervisor is not None
    with stopped(supervisor):
        os.kill(stack.pid("kafka"), signal.SIGKILL)
        shutil.rmtree(stack.data / "kafka")


def marked(stack: RunningStack) -> bool:
    with MongoClient[Document](stack.dev["mongo"], tz_aware=True) as client:
        return audit.marked(client, "whistle")


async def test_a_wiped_kafka_loses_no_report_no_case_no_alert_and_no_webhook(own_stack: RunningStack) -> None:
    print(f"seed {SEED}")  # noqa: T201 - a failing seed is replayed
    receiver = Receiver()
    hook = own_stack.rider().post_to("notifier", "/v1/webhooks", {"url": receiver.url, "types": ["case.opened"]})
    assert hook.status_code == 201, hook.text
    ledger, stop = Ledger(own_stack, SEED), asyncio.Event()
    load = asyncio.create_task(ledger.load(RIDERS, stop))

    async def more() -> None:
        count = len(ledger.accepted) + STEP
        await asyncio.to_thread(until, lambda: len(ledger.accepted) >= count, within=120, what=f"{count} accepted")

    try:
        await more()
        await asyncio.to_thread(until, lambda: marked(own_stack), within=90, what="a first mark of every consumer")
        with stopped(own_stack.pid("notifier")):
            await more()
            with stopped(own_stack.pid("router")):
                await more()
                killed = own_stack.pid("kafka")
                wipe(own_stack)
                await asyncio.to_thread(
                    until, lambda: own_stack.pid("kafka") not in (0, killed), within=90, what="Kafka, anew"
                )
                await more()
        await more()
    finally:
        stop.set()
        await load
    await asyncio.to_thread(ledger.check, receiver)
    receiver.close()
