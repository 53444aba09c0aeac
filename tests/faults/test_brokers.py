"""F11 to F17, F27 and F40: what happens to Kafka delays events; nothing is refused, lost or doubled."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults import kafka_tools
from tests.faults.cluster import Cluster
from tests.faults.disk import SmallDisk
from tests.faults.fault import Note, lasting, under_load
from tests.faults.load import Load
from tests.faults.scenarios import killed_while_events_cannot_leave
from tests.kit.stack import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
MISSED = 40
"""Reports that are accepted while nobody reads what is then gone."""


@contextmanager
def missed(cluster: Cluster, load: Load) -> Iterator[None]:
    """The notifier has a mark and is away; what comes then it has not read when the block is done."""
    until(cluster.audit.marked, within=120, what="a mark of every consumer")
    with cluster.absent("notifier"):
        load.go_on_for(MISSED)
        yield


def test_f11_one_broker_of_three_is_no_matter(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        refused = load.refused.total()
        load.caught()
        cluster.servers.brokers.all[1].kill()
        load.go_on_for(60)
        assert load.refused.total() == refused, f"intake refused while two brokers were there: {load.refused}"


def test_f12_below_the_minimum_of_copies_reports_are_accepted_and_wait(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        refused = load.refused.total()
        for broker in cluster.servers.brokers.all[:2]:
            broker.kill()
        load.during(lasting(20, 120))
        assert load.refused.total() == refused, f"intake refused while Kafka was away: {load.refused}"


def test_f13_all_brokers_away_and_the_router_killed_meanwhile(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        killed_while_events_cannot_leave(cluster, load)
        load.during(lasting(5, 600))


def test_f14_every_broker_begins_on_an_empty_disk(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        until(cluster.audit.marked, within=120, what="a mark of every consumer")
        with cluster.stopped("notifier"):
            load.go_on_for(MISSED)
            with cluster.stopped("router"):
                load.go_on_for(MISSED)
                kafka_tools.wiped(cluster)
                load.go_on_for(MISSED)


def test_f15_offsets_moved_to_the_end_by_somebody(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load, missed(cluster, load):
        kafka_tools.moved_to_the_end(cluster, "notifier.cases", "cases")


def test_f16_an_outage_longer_than_the_retention(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load, missed(cluster, load):
        kafka_tools.aged(cluster, "cases")


def test_f17_records_vanish_from_every_copy(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load, missed(cluster, load):
        kafka_tools.vanished(cluster, "cases")


def test_f27_a_broker_whose_disk_is_full_is_as_one_that_is_away(
    cluster: Cluster, broker_disk: SmallDisk, seed: int, note: Note
) -> None:
    with under_load(cluster, seed, note) as load:
        refused = load.refused.total()
        load.caught()
        broker_disk.fill()
        until(lambda: not cluster.servers.brokers.all[0].running, within=120, what="the end of a broker without space")
        load.go_on_for(60)
        assert load.refused.total() == refused, f"intake refused while two brokers were there: {load.refused}"


def test_f40_a_producer_that_lost_its_place_is_made_anew(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        for service in ("router", "intake"):
            file = cluster.plant(f"{service}-loses-its-place")
            cluster.taken(file)
            load.go_on_for(40)
