"""A month of a city, as figures are asked for."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from shared.city.pack import Pack

Month = Annotated[str, msgspec.Meta(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
"""``2026-03``."""


def bounds(month: str, pack: Pack) -> tuple[datetime, datetime]:
    """Its first moment in the city's time, and the next month's."""
    year, number = (int(part) for part in month.split("-"))
    zone = ZoneInfo(pack.city.timezone)
    begins = datetime(year, number, 1, tzinfo=zone)
    ends = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)
