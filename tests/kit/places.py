"""Places of the harbour that reports name, and the zone of its clocks."""

from typing import Any
from zoneinfo import ZoneInfo

QUAY: dict[str, Any] = {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}
MILL: dict[str, Any] = {"lon": 4.37, "lat": 52.12, "crs": "wgs84"}
HARBOUR_ZONE = ZoneInfo("Europe/Amsterdam")
