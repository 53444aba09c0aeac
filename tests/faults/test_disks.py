"""F26: no service waits for its log. The disks of servers: F25 and F27, in their families."""

import pytest

from tests.faults.cluster import cluster_on
from tests.faults.disk import SmallDisk
from tests.faults.fault import Note, under_load
from tests.faults.servers import Servers

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_f26_services_work_and_are_started_again_where_logs_have_no_space(
    servers: Servers, log_disk: SmallDisk, seed: int, note: Note
) -> None:
    with cluster_on(servers, log_disk.path) as cluster, under_load(cluster, seed, note) as load:
        log_disk.fill()
        load.go_on_for(40)
        killed = [(service, cluster.kill(service)) for service in ("intake", "router")]
        load.go_on_for(40)
        log_disk.clear()
        for service, pid in killed:
            cluster.back(service, pid)
