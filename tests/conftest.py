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


ON_A_STACK = ("attacks", "docs", "faults", "flows")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers on two cores: one has everything that runs a stack, so that stacks do not crowd each other."""
    for item in items:
        folder, _, rest = item.nodeid.removeprefix("tests/").partition("/")
        group = (
            "stack" if folder in ON_A_STACK else folder if folder == "stores" else f"{folder}/{rest.partition(':')[0]}"
        )
        item.add_marker(pytest.mark.xdist_group(group))
