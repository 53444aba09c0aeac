"""What all tests share: one Hypothesis profile, one stack, and how two workers divide the work."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.stack import HARBOUR, SHEYANG, RunningStack, running_stack

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


ONE_AFTER_THE_OTHER = {"docs": "flows", "flows": "flows", "attacks": "attacks", "faults": "faults", "stores": "stores"}
"""Folders whose tests share servers, so that each stays with one worker; the others are divided by their files."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For ``pytest -n``: most of the time is waiting for servers, so that two workers keep two cores busy.

    Three took longer.
    """
    for item in items:
        folder, _, rest = item.nodeid.removeprefix("tests/").partition("/")
        group = ONE_AFTER_THE_OTHER.get(folder, f"{folder}/{rest.partition(':')[0]}")
        item.add_marker(pytest.mark.xdist_group(group))
