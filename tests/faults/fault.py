"""One fault from the load before it to the books after it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.faults.audit import PATIENCE, Balance
from tests.faults.cluster import Cluster
from tests.faults.load import RATE, Load
from tests.kit.stack import until

BEFORE, AFTER = 30, 30
"""Accepted reports before the fault, and again after it was mended."""
SERVICES = ("intake", "router", "notifier")
ABSORBED = "whistle_duplicates_absorbed_total{"


def lasting(seconds: float, full: float) -> float:
    """How long a fault lasts: ``seconds``, or as long as the list of faults says with ``WHISTLE_FAULTS=full``."""
    return full if os.environ.get("WHISTLE_FAULTS") == "full" else seconds


class Absorbed:
    """Duplicates that the services have absorbed since this was made; a process started later counts from zero."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._before = self._counts()

    def _counts(self) -> dict[tuple[str, int], float]:
        stack = self._cluster.stack
        places = [(stack.urls[name], stack.pid(name)) for name in SERVICES]
        places += [(f"http://{other.address}", other.pid) for other in self._cluster.others if other.answers]
        return {(url, pid): _sum_of(stack.http.get(url + "/metrics").text) for url, pid in places}

    @property
    def count(self) -> float:
        return sum(now - self._before.get(process, 0.0) for process, now in self._counts().items())


def _sum_of(metrics: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in metrics.splitlines() if line.startswith(ABSORBED))


Note = Callable[[Balance, float], None]


@contextmanager
def under_load(
    cluster: Cluster,
    seed: int,
    note: Note | None = None,
    *,
    rate: float = RATE,
    repeats: bool = True,
    within: float = PATIENCE,
) -> Iterator[Load]:
    """Load before, during and after the block, which makes a fault; it is mended, and all must balance ``within`` s.

    ``repeats``: the fault makes something happen twice, so that a duplicate must have been absorbed since.
    """
    print(f"seed {seed}")  # noqa: T201 - shown with a failure
    cluster.heal()
    absorbed = Absorbed(cluster)
    with Load(cluster.stack, seed, rate) as load:
        load.go_on_for(BEFORE)
        load.caught()
        try:
            yield load
        finally:
            cluster.heal()
        load.go_on_for(AFTER)
    balance = cluster.balance(load, within)
    assert not load.given_up, f"{len(load.given_up)} reports never had an answer"
    if repeats:
        until(lambda: absorbed.count > 0, what="an absorbed duplicate, the proof of the fault")
    if note is not None:
        note(balance, absorbed.count)
