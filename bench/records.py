"""Records of a city's half year as a hotline keeps them: made up in that shape, or read from a file of the user's own.

The shape is that of a city of 600,000 with some 58,000 records from July to December: nine of ten on working days, most
from eight to four; 141 categories, a fifth of all in the first; half of the places once, others again and again, one
placeholder that a twelfth share; every seventh record says again what was said of its place on that day.
"""

import csv
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST_DAY, DAYS = datetime(2011, 7, 1, tzinfo=UTC), 184
BY_WEEKDAY = (109, 109, 111, 99, 93, 29, 32)
BY_HOUR = (3, 2, 1, 1, 1, 2, 6, 21, 42, 68, 70, 59, 52, 49, 52, 44, 28, 20, 15, 13, 11, 10, 9, 6)
CATEGORIES = 141
PLACEHOLDER, AGAIN = 0.082, 0.14
"""Shares of records: on the one placeholder point, and of what was said on the same day already."""
SOMEWHERE_KNOWN = 0.45
"""Share of the others that lie where something lay before."""
WORDS = (
    "street light out", "pothole", "missed collection", "bulk item", "graffiti", "tree down", "sidewalk broken",
    "signal dark", "no heat", "rodents", "needle", "dead animal", "sign missing", "catch basin blocked",
    "abandoned bicycle",
)  # fmt: skip
DETAILS = ("in front of the house", "since yesterday", "called twice", "near the school", "on the corner", "both sides")


@dataclass(frozen=True, slots=True)
class Record:
    """``east`` and ``north``: from 0 to 1 across the city."""

    number: int
    created: datetime
    category: str
    words: str
    east: float
    north: float

    def kind(self, kinds: int) -> int:
        """Which of so many categories of a pack stands for its own."""
        return zlib.crc32(self.category.encode()) % kinds


def half_year(count: int, seed: int = 2011) -> list[Record]:
    """``count`` records, oldest first; the same for the same seed."""
    chance = random.Random(seed)
    days = [FIRST_DAY + timedelta(days=n) for n in range(DAYS)]
    weights = [BY_WEEKDAY[day.weekday()] for day in days]
    categories = [f"{WORDS[n % len(WORDS)]} {n // len(WORDS)}" for n in range(CATEGORIES)]
    ranks = [1 / (n + 1.6) ** 1.15 for n in range(CATEGORIES)]
    placeholder, places = (0.5, 0.5), [(0.25, 0.25)]
    made: list[Record] = []
    for number in range(count):
        day, hour = chance.choices(days, weights)[0], chance.choices(range(24), BY_HOUR)[0]
        created = day + timedelta(hours=hour, seconds=chance.randrange(3600))
        category, drawn = chance.choices(categories, ranks)[0], chance.random()
        if made and drawn < AGAIN:
            before = chance.choice(made)
            created = before.created.replace(hour=hour, minute=chance.randrange(60))
            category, place = before.category, (before.east, before.north)
        elif drawn < AGAIN + PLACEHOLDER:
            place = placeholder
        elif chance.random() < SOMEWHERE_KNOWN:
            place = chance.choice(places)
        else:
            place = chance.random(), chance.random()
            places.append(place)
        words = f"{category}: {chance.choice(DETAILS)}, {chance.randrange(1, 400)} Street {int(place[0] * 500)}"
        made.append(Record(number, created, category, words, *place))
    return sorted(made, key=lambda record: record.created)


def from_file(path: Path, limit: int | None = None) -> list[Record]:
    """Records of a CSV with the columns ``created`` (ISO 8601; without a zone it is UTC), ``category``, ``lon`` and
    ``lat``, and maybe ``address``. Raises ``SystemExit`` that names the line that is none."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(_rows(csv.DictReader(lines), limit))
    if not rows:
        raise SystemExit(f"{path} holds no record")
    points = [(float(row["lon"]), float(row["lat"])) for row in rows]
    east, north = _between([lon for lon, _ in points]), _between([lat for _, lat in points])
    made = [
        Record(
            number,
            _zoned(datetime.fromisoformat(row["created"])),
            row["category"],
            f"{row['category']} {row.get('address') or ''}".strip(),
            east(lon),
            north(lat),
        )
        for number, (row, (lon, lat)) in enumerate(zip(rows, points, strict=True))
    ]
    return sorted(made, key=lambda record: record.created)


def _rows(rows: "csv.DictReader[str]", limit: int | None) -> Iterator[dict[str, str]]:
    for number, row in enumerate(rows):
        if number == limit:
            return
        try:
            float(row["lon"]), float(row["lat"]), datetime.fromisoformat(row["created"]), row["category"]
        except (KeyError, TypeError, ValueError) as wrong:
            raise SystemExit(f"line {rows.line_num}: {type(wrong).__name__} {wrong}") from wrong
        yield row


def _between(values: Sequence[float]) -> Callable[[float], float]:
    """Where a value lies between the least and the greatest, from 0 to 1."""
    least, span = min(values), (max(values) - min(values)) or 1.0
    return lambda value: (value - least) / span


def _zoned(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
