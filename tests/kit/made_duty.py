"""What router and notifier answer about duty at the quayside: a week with a gap, a swap, a mute and a test alert."""

from datetime import datetime, timedelta
from typing import Any

DAY = timedelta(days=1)
DESK = {"id": "qs-desk", "name": "张三", "name_en": "Zhang San", "unit": "quayside", "role": "duty_officer"}
NIGHT = {"id": "qs-night", "name": "王五", "name_en": "Wang Wu", "unit": "quayside", "role": "duty_officer"}
WALK = {"id": "qs-walk", "name": "李四", "name_en": "Li Si", "unit": "quayside", "role": "grid_member"}
COUNTY = {"id": "oh-desk", "name": "县值班员", "name_en": "County desk", "unit": "county", "role": "duty_officer"}


def answers(now: datetime) -> dict[str, Any]:
    """By method and path. The week begins with the day of ``now``, 08:00 to 20:00 and the nights."""
    first = now.replace(hour=16, minute=0, second=0, microsecond=0) - DAY  # midnight in Shanghai
    return {
        "GET /v1/units/quayside/roster": _roster(first),
        "GET /v1/units/county/roster": {
            **_frame("county", first, 1),
            "people": [{**COUNTY, "channels": []}],
            "posts": [{"post": "A", "turns": [_turn(first, 0, 24, "oh-desk", "always")], "vacancies": []}],
        },
        "GET /v1/rota": {"items": [_swap(first)]},
        "POST /v1/rota/swaps": {**_swap(first), "unstaffed": [_unstaffed(first)]},
        "POST /v1/rota/leave": {
            "kind": "leave",
            "person": "qs-night",
            "start": _at(first + DAY, 0),
            "until": _at(first + 2 * DAY, 0),
            "unstaffed": [],
        },
        "GET /v1/silences": {"items": [mute(now)]},
        "POST /v1/silences": mute(now),
        "POST /v1/me/calendar": {"url": "https://grid.example/v1/calendars/abcdefghijklmnop.ics"},
        "GET /v1/alerts?state=test": {
            "items": [
                {
                    "at": (now - timedelta(minutes=3)).isoformat(),
                    "channels": [{"channel": "sms", "state": "delivered"}, {"channel": "wecom", "state": "failed"}],
                }
            ]
        },
        "GET /v1/me/alert-rules": {
            "channels": [{"channel": "sms", "after": "PT5M", "priorities": ["urgent", "danger"]}],
            "quiet": [{"from": "22:00", "to": "07:00"}],
            "limit": {"most": 6, "per": "PT1H"},
        },
    }


def mute(now: datetime) -> dict[str, Any]:
    return {
        "id": "q1",
        "unit": "quayside",
        "until": (now + timedelta(hours=7, minutes=30)).isoformat(),
        "reason": "地铁工地施工，过路骑手重复上报",
        "by": "qs-walk",
        "around": {"lon": 120.2, "lat": 33.7, "metres": 200, "place": "人民路工地"},
    }


def _roster(first: datetime) -> dict[str, Any]:
    """Saturday's day shift has nobody; the second day is swapped; the third's holder is away."""
    days: list[dict[str, Any]] = []
    for n in range(7):
        if n not in (2, 3):
            who, why = ("qs-night", "swap") if n == 1 else ("qs-desk", "shift")
            days.append(_turn(first + n * DAY, 8, 20, who, why, instead_of="qs-desk" if n == 1 else None))
    nights = [_turn(first + n * DAY, 20, 32, "qs-night", "shift") for n in range(-1, 7)]
    gaps = [
        {"start": _at(first + 2 * DAY, 8), "end": _at(first + 2 * DAY, 20), "left": [_left(first + 2 * DAY)]},
        {"start": _at(first + 3 * DAY, 8), "end": _at(first + 3 * DAY, 20), "left": []},
    ]
    walks = [_turn(first + n * DAY, 0, 24, "qs-walk", "always") for n in range(7)]
    return {
        **_frame("quayside", first, 7),
        "may_change": True,
        "people": [
            {**DESK, "channels": ["sms", "wecom"]},
            {**NIGHT, "channels": ["sms"]},
            {**WALK, "channels": []},
        ],
        "posts": [
            {"post": "A", "turns": sorted([*days, *nights], key=lambda one: one["start"]), "vacancies": gaps},
            {"post": "B", "turns": walks, "vacancies": []},
        ],
    }


def _frame(unit: str, first: datetime, days: int) -> dict[str, Any]:
    return {"unit": unit, "start": _at(first, 0), "end": _at(first, 24 * days), "may_change": False}


def _turn(
    day: datetime, begins: int, ends: int, person: str, why: str, instead_of: str | None = None
) -> dict[str, Any]:
    return {
        "start": _at(day, begins),
        "end": _at(day, ends),
        "person": person,
        "why": why,
        "instead_of": instead_of,
        "on": _local(day),
    }


def _left(day: datetime) -> dict[str, Any]:
    return {"person": "qs-desk", "on": _local(day)}


def _swap(first: datetime) -> dict[str, Any]:
    return {"kind": "swap", "person": "qs-desk", "by": "qs-night", "on": _local(first + DAY), "made_by": "qs-desk"}


def _unstaffed(first: datetime) -> dict[str, Any]:
    return {"unit": "quayside", "post": "A", "from": _at(first + DAY, 12), "until": _at(first + DAY, 18)}


def _at(day: datetime, hour: int) -> str:
    return (day + timedelta(hours=hour)).isoformat()


def _local(day: datetime) -> str:
    return str((day + timedelta(hours=8)).date())
