"""F38: one community sends more than can be stored; the excess is refused at once, and no other has to wait."""

from datetime import UTC, datetime

import pytest

from tests.faults.cluster import Cluster
from tests.faults.fault import Note, lasting, under_load
from tests.faults.load import MILLFIELD, Load
from tests.faults.network import Calls, Trouble

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
HOT = 80.0
"""Reports a second."""
SLOW = Trouble(latency=0.35)
"""Makes intake's store so slow that a group takes more than a second: what comes behind it waits too long."""
REFUSED_WITHIN, ACCEPTED_WITHIN, LATE = 0.5, 8.0, 10.0
"""Seconds on a busy machine: half of the refusals, 99 of 100 receipts, 95 of 100 breaches."""


def test_f38_a_hot_community_is_refused_at_once_and_holds_up_nobodys_clock(
    cluster: Cluster, seed: int, note: Note
) -> None:
    with under_load(cluster, seed, note):
        began = datetime.now(UTC)
        slow = Calls([cluster.stack.pid("intake")])
        link = cluster.servers.members.link(cluster.servers.members.primary())
        with link.troubled(SLOW, slow), Load(cluster.stack, seed + 1, HOT, MILLFIELD) as hot:
            hot.during(lasting(20, 300))
        refused, accepted = hot.seconds(503, 0.5), hot.seconds(202, 0.99)
        print(f"{hot.refused} refused, half within {refused:.2f} s; 99 % of receipts within {accepted:.2f} s")  # noqa: T201
    assert hot.refused[503] > len(hot.accepted) / 10, "nothing was too much"
    assert hot.refused.total() == hot.refused[503], hot.refused
    assert refused < REFUSED_WITHIN
    assert accepted < ACCEPTED_WITHIN
    assert cluster.audit.lateness("quayside", began) < LATE
    cluster.balance(hot)
