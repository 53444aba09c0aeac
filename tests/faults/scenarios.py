"""Faults that several tests make: a sound system survives them, a broken one is shown up by them."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.faults.cluster import Cluster
from tests.faults.load import Load
from tests.faults.network import Calls, Trouble
from tests.kit.stack import until

SLOW = Trouble(latency=0.05)
PRESSING, PRESSED_SECONDS = 12, 15.0
AUTO_COMMIT = 5.0
"""How often Kafka's client moves offsets by itself where it is let; seconds."""


def rolled_back(cluster: Cluster, load: Load) -> None:
    """The primary's two partners are killed, it takes writes that nobody else has, and comes back to find others."""
    members = cluster.servers.members
    primary, others = members.primary(), members.secondaries()
    before = members.rolled_back(primary)
    for member in others:
        member.kill()
    load.burst(150)
    until(lambda: not members.hello(primary).get("isWritablePrimary"), within=30, what="the primary alone steps down")
    primary.kill()
    for member in others:
        member.start()
    load.go_on_for(40)
    primary.start()
    until(lambda: members.rolled_back(primary) > before, within=60, what="a rollback, without which nothing is shown")


def killed_with_a_batch_in_hand(cluster: Cluster, load: Load) -> None:
    """The notifier dies when it has held a batch for longer than Kafka's client waits to commit by itself."""
    file = cluster.plant("notifier-waits")
    until(lambda: (cluster.planted / "notifier-has-a-batch").exists(), what="a batch in the notifier's hands")
    ends = time.monotonic() + AUTO_COMMIT + 2
    until(lambda: time.monotonic() > ends, within=AUTO_COMMIT + 5)
    killed = cluster.kill("notifier")
    file.unlink()
    load.go_on_for(20)
    cluster.back("notifier", killed)


def killed_while_events_cannot_leave(cluster: Cluster, load: Load) -> None:
    """Every broker is away, so that nothing is acknowledged; clocks run out; then the router dies."""
    for broker in cluster.servers.brokers.all:
        broker.kill()
    load.go_on_for(150)
    killed = cluster.kill("router")
    until(lambda: cluster.stack.pid("router") not in (0, killed), what="another router")


def stopped_for_a_while(cluster: Cluster, load: Load) -> None:
    """The notifier stands still while cases are opened and run late, and goes on with all of it at once."""
    with cluster.stopped("notifier"):
        load.go_on_for(300)


def pressed_as_clocks_run_out(cluster: Cluster, load: Load) -> None:
    """Officers acknowledge cases within a fifth of a second of their deadline, and the router's store is slow, so that
    commands and clocks decide on the same version of a case."""
    slow = Calls([cluster.stack.pid("router")])
    link = cluster.servers.members.link(cluster.servers.members.primary())
    with link.troubled(SLOW, slow), ThreadPoolExecutor(PRESSING) as officers:
        pressed = [answer for due in _soon_due(cluster, load) for answer in [officers.submit(_press, cluster, *due)]]
        won = sum(answer.result() == 200 for answer in pressed)
    assert won, "no officer was ever in time"


def _soon_due(cluster: Cluster, load: Load) -> Iterator[tuple[str, float]]:
    """Cases with the moment of their deadline (monotonic), some seconds before it."""
    seen: set[str] = set()
    ends = time.monotonic() + PRESSED_SECONDS
    while time.monotonic() < ends or len(seen) < PRESSING:
        for case, left in cluster.audit.due_within("acknowledge", 3.0):
            if case not in seen:
                seen.add(case)
                yield case, time.monotonic() + left
        load.during(0.5)


def _press(cluster: Cluster, case: str, due: float) -> int:
    """At a moment around ``due`` (monotonic) that the case's id chooses."""
    chance = random.Random(case)
    time.sleep(max(0.0, due - time.monotonic() - 0.3 + 0.4 * chance.random()))
    return cluster.stack.person("qs-desk").command(case, "acknowledge").status_code
