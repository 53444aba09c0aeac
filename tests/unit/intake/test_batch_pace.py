"""Promises of the pace of batches: they wait for a router that is behind and works, and for nothing else."""

import asyncio

import pytest

from services.intake.reports.batch_pace import STILL_SECONDS, WAIT_SECONDS_MAX, WAITING_MAX, Backlog, BatchPace
from shared.runtime.kafka.broker import KafkaError


class Router:
    """Takes ``pace`` reports between two looks; seconds pass only while somebody waits for it."""

    def __init__(self, waiting: int, pace: int) -> None:
        self.waiting, self.pace, self.taken, self.now, self.looks = waiting, pace, 0, 0.0, 0

    async def count(self) -> Backlog:
        self.looks += 1
        done = min(self.pace, self.waiting)
        self.waiting, self.taken = self.waiting - done, self.taken + done
        return Backlog(self.waiting, self.taken)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def seconds(self) -> float:
        return self.now


def paced(router: Router) -> BatchPace:
    return BatchPace(router.count, router.seconds, router.sleep)


async def test_a_batch_waits_until_the_router_has_worked_off_enough() -> None:
    router = Router(waiting=WAITING_MAX + 4000, pace=1000)
    await paced(router).turn()
    assert router.waiting == WAITING_MAX
    assert 0 < router.now < WAIT_SECONDS_MAX


async def test_it_does_not_wait_where_the_router_is_not_behind() -> None:
    router = Router(waiting=WAITING_MAX, pace=0)
    await paced(router).turn()
    assert (router.now, router.looks) == (0.0, 1)


async def test_it_does_not_wait_for_a_router_that_is_away() -> None:
    """What is taken then waits for it in safety."""
    router = Router(waiting=100_000, pace=100)
    pace = paced(router)
    assert await pace.is_behind()
    router.pace = 0
    await pace.turn()
    assert router.now == pytest.approx(STILL_SECONDS, abs=0.3)
    await pace.turn()
    assert router.now == pytest.approx(STILL_SECONDS, abs=0.3), "nor does the next one"


async def test_it_waits_for_a_long_backlog_no_longer_than_a_client_would() -> None:
    router = Router(waiting=10**9, pace=100)
    await paced(router).turn()
    assert router.now == pytest.approx(WAIT_SECONDS_MAX, abs=0.3)


async def test_it_does_not_wait_where_nothing_tells_how_far_the_router_is() -> None:
    async def away() -> Backlog:
        raise KafkaError

    await BatchPace(away).turn()


async def test_one_look_serves_everybody_who_asks() -> None:
    router = Router(waiting=WAITING_MAX + 4000, pace=1000)
    pace = paced(router)
    await asyncio.gather(*(pace.turn() for _ in range(500)))
    assert router.looks < 10
