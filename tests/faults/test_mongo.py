"""F18 to F25: what happens to MongoDB may delay, and loses and doubles nothing."""

import time

import pytest

from tests.faults.cluster import Cluster
from tests.faults.disk import SmallDisk
from tests.faults.fault import Note, lasting, under_load
from tests.faults.scenarios import rolled_back
from tests.kit.stack import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
STEP_SECONDS = 10.0


def test_f18_a_killed_primary_costs_seconds_and_nothing_else(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        killed = cluster.servers.members.primary()
        load.caught()
        killed.kill()
        load.go_on_for(40)
        assert cluster.servers.members.primary() is not killed


def test_f19_what_was_rolled_back_had_no_receipt(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        rolled_back(cluster, load)


def test_f20_a_primary_without_its_secondaries_gives_no_receipt(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        members = cluster.servers.members
        old = members.primary()
        load.caught()
        with cluster.parted(old):
            until(lambda: members.primary() is not old, within=60, what="another primary beyond the cut")
            accepted, refused = len(load.accepted), load.refused.total()
            until(lambda: load.refused.total() >= refused + 20, within=60, what="answers of the minority's side")
            assert len(load.accepted) == accepted, "a receipt of the minority's side"
        load.go_on_for(40)


def test_f22_a_primary_that_stands_still_holds_up_no_request_for_long(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        unanswered = load.refused[0]
        still = cluster.servers.members.primary()
        load.caught()
        still.pause()
        load.during(lasting(20, 20))
        load.go_on_for(20)
        still.go_on()
        assert load.refused[0] == unanswered, "requests had no answer at all"
        load.go_on_for(20)


def test_f23_a_primary_every_ten_seconds(cluster: Cluster, seed: int, note: Note) -> None:
    with under_load(cluster, seed, note) as load:
        ends = time.monotonic() + lasting(3 * STEP_SECONDS, 300)
        while time.monotonic() < ends:
            load.caught()
            cluster.servers.members.step_down()
            load.during(STEP_SECONDS)
        load.go_on_for(40)


def test_f25_a_primary_whose_disk_is_full_ends_and_another_leads(
    cluster: Cluster, member_disk: SmallDisk, seed: int, note: Note
) -> None:
    members = cluster.servers.members
    with under_load(cluster, seed, note) as load:
        members.led_by(members.all[0])
        load.caught()
        member_disk.fill()
        until(lambda: members.written_through(members.all[0]), within=120, what="the end of a member without space")
        load.go_on_for(40)
