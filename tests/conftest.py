"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import HARBOUR, SHEYANG, RunningStack, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One stack with both packs for all flow tests; whoever moves its clock or kills its parts takes one of his own."""
    data: Path = tmp_path_factory.mktemp("stack")
    with running_stack(data, [HARBOUR, SHEYANG]) as running:
        yield running
