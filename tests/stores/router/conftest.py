"""Sign-in before an empty database."""

from collections.abc import AsyncIterator

import pytest

from shared.runtime.storage.mongo import Database
from tests.kit.sign_in_door import Door, Swaps, sign_in_door


@pytest.fixture
def swaps() -> Swaps:
    return Swaps()


@pytest.fixture
async def door(database: Database, swaps: Swaps) -> AsyncIterator[Door]:
    async with sign_in_door(database, swaps) as door:
        yield door
