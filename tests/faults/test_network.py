"""F28 and F29: a network that is slow, loses, or says nothing."""

import time

import pytest

from tests.faults.cluster import Cluster
from tests.faults.fault import Note, lasting, under_load
from tests.faults.network import Trouble
from tests.kit.stack import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
SLOW = Trouble(latency=0.1, lost=0.05)
"""A fifth of a second there and back."""
SILENT = Trouble(stuck=True)
NOTICED_WITHIN = 90.0
"""Some 10 s for MongoDB and 40 s for Kafka where nothing else happens."""


def test_f28_a_slow_network_that_loses_slows_down_and_no_more(cluster: Cluster, seed: int, note: Note) -> None:
    members, brokers = cluster.servers.members, cluster.servers.brokers
    with under_load(cluster, seed, note) as load, cluster.troubled([*members.links, *brokers.links], SLOW):
        load.during(lasting(15, 120))
        load.go_on_for(20)


def test_f29_half_open_connections_to_mongodb_are_given_up(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        load.caught()
        accepted, began = len(load.accepted), time.monotonic()
        with cluster.troubled(cluster.servers.members.links, SILENT, old_ones=True):
            until(lambda: len(load.accepted) > accepted + 20, within=NOTICED_WITHIN, what="receipts")
            print(f"receipts again after {time.monotonic() - began:.1f} s")  # noqa: T201 - shown with a failure
            load.go_on_for(40)


def test_f29_half_open_connections_to_kafka_are_given_up(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        load.caught()
        with cluster.troubled(cluster.servers.brokers.links, SILENT, old_ones=True):
            last = set(load.accepted.values())
            load.go_on_for(20)
            fresh, began = set(load.accepted.values()) - last, time.monotonic()
            until(lambda: fresh <= cluster.audit.routed(), within=NOTICED_WITHIN, what="cases of what came meanwhile")
            print(f"cases again after {time.monotonic() - began:.1f} s")  # noqa: T201 - shown with a failure
