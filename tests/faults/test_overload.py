"""F38: one community sends more than can be stored; the excess is refused at once, and no other has to wait."""

import json
import statistics
from typing import Any

import pytest

from services.intake.reports.group_commit import WAIT_SECONDS_MAX
from tests.faults.cluster import Cluster
from tests.faults.fault import Note, lasting, under_load
from tests.faults.load import MILLFIELD, Load
from tests.faults.network import Calls, Trouble

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
HOT = 80.0
"""Reports a second."""
SLOW = Trouble(latency=0.35)
"""Makes intake's store so slow that a group takes more than a second: what comes behind it waits too long."""
REFUSED_WITHIN, LATE = 0.25, 10.0
"""Seconds on a busy machine: half of the refusals, by intake's own log, and 95 of 100 breaches."""


def _said(cluster: Cluster, event: str) -> list[dict[str, Any]]:
    """Lines of intake's log about one kind of work."""
    lines = (cluster.stack.data / "logs" / "intake.log").read_text().splitlines()
    return [json.loads(line) for line in lines if f'"event": "{event}"' in line]


def _refused_within(cluster: Cluster) -> float:
    """In how many seconds intake refused a half of what it refused."""
    return (
        statistics.median(float(ln["took_ms"]) for ln in _said(cluster, "http.refused") if ln["status"] == 503) / 1000
    )


def test_f38_a_hot_community_is_refused_at_once_and_holds_up_nobodys_clock(
    cluster: Cluster, seed: int, note: Note
) -> None:
    with under_load(cluster, seed, note):
        began = cluster.audit.now()
        slow = Calls([cluster.stack.pid("intake")])
        link = cluster.servers.members.link(cluster.servers.members.primary())
        with link.troubled(SLOW, slow), Load(cluster.stack, seed + 1, HOT, MILLFIELD) as hot:
            hot.during(lasting(20, 300))
    refused, accepted = _refused_within(cluster), hot.seconds(202, 0.5)
    group = max(line["took_ms"] for line in _said(cluster, "reports.stored")) / 1000
    print(f"half of {hot.refused} within {refused:.3f} s, half of the receipts within {accepted:.1f} s")  # noqa: T201 - the figures
    assert hot.refused[503] > len(hot.accepted) / 10, "nothing was too much"
    assert hot.refused.total() == hot.refused[503], hot.refused
    assert refused < REFUSED_WITHIN
    assert accepted < WAIT_SECONDS_MAX + 3 * group, f"a receipt waits for a group or two, each of {group:.1f} s"
    assert cluster.audit.lateness("quayside", began) < LATE
    cluster.balance(hot)
