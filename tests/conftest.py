"""What all tests share: one Hypothesis profile, and one stack."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from deploy.local.morning import working_morning
from tests.kit.places import HARBOUR_ZONE
from tests.kit.stack import HARBOUR, SHEYANG, RunningStack, running_stack
from tests.kit.workers import ByServers
from tests.moments import VARIABLE, asked

# No deadline: the machine is shared. In CI the same examples every time.
settings.register_profile("local", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One stack with both packs for all flow tests; whoever moves its clock or kills its parts takes one of his own."""
    data: Path = tmp_path_factory.mktemp("stack")
    with running_stack(data, [HARBOUR, SHEYANG]) as running:
        yield running


@pytest.fixture(scope="session")
def stack_by_day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """For tests that say which desk is told: on it every desk of a working morning is on duty. It is ``stack`` unless
    ``WHISTLE_MOMENT`` has that one begin when others are."""
    if asked() is None:
        yield request.getfixturevalue("stack")
        return
    morning = working_morning(HARBOUR_ZONE.key).isoformat()
    with running_stack(tmp_path_factory.mktemp("stack-by-day"), [HARBOUR, SHEYANG], at=morning) as running:
        yield running


def pytest_report_header() -> str | None:
    """When the stacks begin, where it is not a working morning."""
    at = asked()
    return f"the stacks begin at {at.isoformat()} ({VARIABLE}={os.environ[VARIABLE]})" if at is not None else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByServers:
    """For ``pytest -n``."""
    return ByServers(config, log)
