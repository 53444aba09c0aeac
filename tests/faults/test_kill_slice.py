"""Promise: every 2xx becomes exactly one case although any one process is killed -9 in the middle.

The slice of the fault matrix that runs with every test; ``make faults`` runs more seeds and more faults.
"""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from tests.faults.ledger import Ledger, Receiver, absorbed
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

SEED = 20261122
PARTS = ("router", "intake", "notifier", "kafka", "mongo")
RIDERS = 12
BEFORE_KILL = 60
"""Accepted reports before the kill, and again after recovery."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("faults"), [HARBOUR]) as running:
        yield running


@pytest.fixture(scope="module")
def receiver(own_stack: RunningStack) -> Iterator[Receiver]:
    made = Receiver()
    answer = own_stack.rider().post_to("notifier", "/v1/webhooks", {"url": made.url, "types": ["case.opened"]})
    assert answer.status_code == 201, answer.text
    yield made
    made.close()


@pytest.fixture(scope="module")
def earlier() -> set[str]:
    """Reports of the faults before: one stack goes through all of them."""
    return set()


async def _reached(ledger: Ledger, count: int) -> None:
    await asyncio.to_thread(until, lambda: len(ledger.accepted) >= count, within=90, what=f"{count} accepted")


def _kill(process: int, ledger: Ledger) -> None:
    """While a request is on its way: without one the kill would prove nothing."""
    until(lambda: ledger.in_flight > 0, within=30, what="a request in flight")
    os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("part", PARTS)
async def test_nothing_lost_and_nothing_doubled_when_a_part_is_killed(
    own_stack: RunningStack, receiver: Receiver, earlier: set[str], part: str
) -> None:
    print(f"seed {SEED}, part {part}")  # noqa: T201 - a failing seed is replayed
    ledger = Ledger(own_stack, SEED + PARTS.index(part), earlier=set(earlier))
    stop = asyncio.Event()
    load = asyncio.create_task(ledger.load(RIDERS, stop))
    try:
        await _reached(ledger, BEFORE_KILL)
        killed = own_stack.pid(part)
        await asyncio.to_thread(_kill, killed, ledger)
        at_kill = len(ledger.accepted)
        await asyncio.to_thread(
            until, lambda: own_stack.pid(part) != killed and own_stack.ready(), within=60, what=f"{part} back"
        )
        await _reached(ledger, at_kill + BEFORE_KILL)
    finally:
        stop.set()
        await load
        earlier.update(ledger.accepted.values())
    await asyncio.to_thread(ledger.check, receiver)
    await asyncio.to_thread(until, lambda: absorbed(own_stack) > 0, what="an absorbed duplicate, the proof of the test")
