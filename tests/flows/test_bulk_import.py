"""Promise: a city's records of half a year, handed in at full speed, each become one case; nothing is lost or parked.

A few thousand of what ``bench.boston`` hands in, on a stack of its own.
"""

from collections.abc import Iterator

import pytest

from bench.boston import CITY, measured
from bench.records import half_year
from tests.kit.stack import RunningStack, running_stack

RECORDS = 3000
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def metropolis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    folder = tmp_path_factory.mktemp("half-year")
    with running_stack(folder / "data", [CITY.write(folder / "city")]) as stack:
        yield stack


def test_a_half_years_records_handed_in_at_once_each_become_one_case(metropolis: RunningStack) -> None:
    said = {what: value for what, value, _ in measured(metropolis, half_year(RECORDS), within=180)}
    assert said["records"] == RECORDS
    assert (said["lost"], said["doubled"], said["parked"]) == (0, 0, 0)
    told = metropolis.ops.get("notifier", "/v1/alerts", city="metropolis", limit=5).json()["items"]
    assert told == [], "what is history tells nobody"
