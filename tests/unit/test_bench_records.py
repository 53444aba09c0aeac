"""The made-up half year has the shape of a real one, and a file of the user's own is read or its bad line named."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.boston import CITY, report
from bench.records import CATEGORIES, from_file, half_year

MANY = half_year(20_000)


def test_the_same_seed_makes_the_same_half_year_and_another_makes_another() -> None:
    assert half_year(200) == half_year(200)
    assert half_year(200, seed=1) != half_year(200, seed=2)
    assert {record.number for record in MANY} == set(range(len(MANY))), "each has a key of its own"


def test_it_lies_in_half_a_year_mostly_on_working_days_by_day() -> None:
    assert [record.created for record in MANY] == sorted(record.created for record in MANY)
    assert (MANY[0].created.date().isoformat()[:7], MANY[-1].created.date().isoformat()[:7]) == ("2011-07", "2011-12")
    weekends = sum(record.created.weekday() > 4 for record in MANY) / len(MANY)
    by_day = sum(7 <= record.created.hour < 18 for record in MANY) / len(MANY)
    assert 0.07 < weekends < 0.15
    assert by_day > 0.8


def test_few_categories_have_most_and_places_come_again() -> None:
    by_category = Counter(record.category for record in MANY).most_common()
    assert 0.1 < by_category[0][1] / len(MANY) < 0.3
    assert CATEGORIES * 0.9 < len(by_category) <= CATEGORIES
    places = Counter((record.east, record.north) for record in MANY)
    assert 0.05 < places.most_common(1)[0][1] / len(MANY) < 0.12, "one placeholder"
    assert 0.3 < len(places) / len(MANY) < 0.6
    days = Counter((r.east, r.north, r.category, r.created.date()) for r in MANY)
    assert 0.1 < sum(count - 1 for count in days.values()) / len(MANY) < 0.25


def test_every_record_lies_in_the_city_and_has_a_category_of_it() -> None:
    for record in MANY[::100]:
        where = report(record, "run")["location"]
        column, row = (where["lon"] - 4.0) / 0.01, (where["lat"] - 50.0) / 0.01
        assert 0 <= column < CITY.across
        assert 0 <= row < CITY.communities / CITY.across


def test_a_file_is_read_oldest_first_and_its_places_keep_how_they_lie(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "created,category,lon,lat,address\n"
        "2024-02-03T04:05:06+01:00,lamp,10.2,50.0,Quay 2\n"
        "2024-02-01T00:00:00,hole,10.0,50.4,\n"
        "2024-02-05T00:00:00Z,lamp,10.1,50.2,Quay 3\n"
    )
    first, second, _ = from_file(path)
    assert (first.created, first.words, first.east, first.north) == (datetime(2024, 2, 1, tzinfo=UTC), "hole", 0.0, 1.0)
    assert (second.words, second.east, second.north) == ("lamp Quay 2", 1.0, 0.0)
    assert len(from_file(path, limit=2)) == 2


@pytest.mark.parametrize("line", ["soon,lamp,1,2", "2024-01-01T00:00:00,lamp,,2", "2024-01-01T00:00:00,lamp"])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"created,category,lon,lat\n2024-01-01T00:00:00,lamp,1,2\n{line}\n")
    with pytest.raises(SystemExit, match="line 3"):
        from_file(path)
