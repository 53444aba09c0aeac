"""What the router answers to a screen on the wall, made up."""

from datetime import datetime, timedelta
from typing import Any

OLDEST = 10


def wall(now: datetime, points: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the quayside, with ten cases that were opened first; the third one tells no place."""
    return {
        "city": "harbour",
        "unit": "quayside",
        "unit_name": "交通路社区",
        "unit_name_en": "Quayside",
        "timezone": "Asia/Shanghai",
        "today": {"opened": 42, "acknowledged": 37, "resolved": 21, "rejected": 1, "breached": 3, "patrol": 6},
        "counts": {"now": now.isoformat(), "open": 128, "overdue": 5, "due_soon": 4, "at_least": False},
        "below": [
            {"id": "grid-1", "open": 4, "overdue": 2, "due_soon": 1},
            {"id": "grid-2", "open": 3, "overdue": 0, "due_soon": 1},
            {"id": "grid-3", "open": 2, "overdue": 0, "due_soon": 0},
        ],
        "oldest": [_old(now, number) for number in range(OLDEST)],
        "points": {"items": points, "without": 2, "cut": False},
    }


def _old(now: datetime, number: int) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "category": "water_pipe",
        "category_name": "供水管网",
        "category_name_en": "Water pipe",
        "priority": ("danger", "urgent", "normal")[number % 3],
        "state": "claimed",
        "unit": "quayside",
        "unit_name": "交通路社区",
        "unit_name_en": "Quayside",
        "place": None if number == 2 else f"建华园{number}号楼",
        "opened_at": (now - timedelta(days=10 - number)).isoformat(),
        "due_at": (now + timedelta(minutes=30 * number - 70)).isoformat(),
        "clocks": [],
    }
