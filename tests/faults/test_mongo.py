"""F18 to F24: what happens to MongoDB may delay, and loses and doubles nothing."""

import pytest

from tests.faults.cluster import Cluster
from tests.faults.fault import Note, under_load
from tests.faults.scenarios import rolled_back

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


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
