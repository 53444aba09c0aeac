"""F34: a clock that is wrong by an hour, forward and back: nothing is early, nothing happens twice, and it is said."""

import pytest

from tests.faults.cluster import Cluster
from tests.faults.fault import SERVICES, Note, under_load
from tests.kit.stack import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
HOUR = 3600.0


@pytest.mark.parametrize("service", SERVICES)
def test_f34_a_services_clock_is_wrong_by_an_hour(cluster: Cluster, seed: int, note: Note, service: str) -> None:
    with under_load(cluster, seed, note) as load:
        for hours in (1, -1):
            load.caught()
            cluster.step_clock(service, hours * HOUR)
            _found_wrong(cluster, service, hours * HOUR)
            load.go_on_for(40)
            assert not cluster.audit.early(), f"breaches before their time with a clock {hours:+} h"
            until(lambda: not cluster.audit.overdue(), within=90, what=f"breaches in time with a clock {hours:+} h")
        killed = cluster.kill(service)
        cluster.back(service, killed)
        load.go_on_for(20)


def _found_wrong(cluster: Cluster, service: str, seconds: float) -> None:
    until(lambda: abs(_off(cluster, service) - seconds) < 60, within=60, what="its clock found wrong")


def _off(cluster: Cluster, service: str) -> float:
    text = cluster.stack.http.get(cluster.stack.urls[service] + "/metrics").text
    return next(float(li.rpartition(" ")[2]) for li in text.splitlines() if li.startswith("whistle_clock_off_seconds"))
