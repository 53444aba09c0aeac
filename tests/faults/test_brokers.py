"""F11 to F17 and F40: what happens to Kafka delays events; reports are accepted, and nothing is lost or doubled."""

import time

import pytest

from tests.faults.cluster import Cluster
from tests.faults.fault import Note, lasting, under_load
from tests.faults.scenarios import killed_while_events_cannot_leave

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_f12_below_the_minimum_of_copies_reports_are_accepted_and_wait(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        refused = load.refused.total()
        for broker in cluster.servers.brokers.all[:2]:
            broker.kill()
        ends = time.monotonic() + lasting(20, 120)
        while time.monotonic() < ends:
            load.go_on_for(20)
        assert load.refused.total() == refused, f"intake refused while Kafka was away: {load.refused}"


def test_f13_all_brokers_away_and_the_router_killed_meanwhile(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        killed_while_events_cannot_leave(cluster, load)
