"""The audit finds faults: services that are broken on purpose, each in a way that loses or doubles, are found out.

The same scenarios pass on sound services, in the tests of their families.
"""

from collections.abc import Callable

import pytest

from tests.faults import scenarios
from tests.faults.cluster import Cluster, cluster_on
from tests.faults.fault import under_load
from tests.faults.load import Load
from tests.faults.servers import Servers
from tests.kit import broken
from tests.kit.broken import Break

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
FOUND_WITHIN = 30.0

Scenario = Callable[[Cluster, Load], None]


BROKEN: tuple[tuple[str, tuple[Break, ...], Scenario, str], ...] = (
    ("intake", (broken.a_write_concern_of_one,), scenarios.rolled_back, "lost: report"),
    (
        "notifier",
        (broken.offsets_move_before_the_handler_ends, broken.nobody_goes_back_to_a_mark),
        scenarios.killed_with_a_batch_in_hand,
        "lost: the alert",
    ),
    ("notifier", (broken.effects_that_see_only_the_newest,), scenarios.stopped_for_a_while, "lost: the alert"),
    (
        "router",
        (broken.changes_without_a_version_guard,),
        scenarios.pressed_as_clocks_run_out,
        "lost or doubled",
    ),
    (
        "router",
        (broken.relay_clears_before_the_acknowledgement,),
        scenarios.killed_while_events_cannot_leave,
        "lost: the alert",
    ),
    (
        "router",
        (broken.nobody_awaits_the_acknowledgements,),
        scenarios.killed_while_events_cannot_leave,
        "lost: the alert",
    ),
)


@pytest.mark.parametrize(("service", "breaks", "scenario", "complaint"), BROKEN, ids=[b[1][0].__name__ for b in BROKEN])
def test_a_broken_system_is_found_out(
    servers: Servers,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    service: str,
    breaks: tuple[Break, ...],
    scenario: Scenario,
    complaint: str,
) -> None:
    planted = [f"{service}.{made.__name__}" for made in breaks]
    with (
        cluster_on(servers, tmp_path_factory.mktemp("broken"), *planted) as cluster,
        pytest.raises(AssertionError, match=complaint),
        under_load(cluster, seed, within=FOUND_WITHIN) as load,
    ):
        scenario(cluster, load)
