"""Promises about who is on duty: seen with the reason, changed by a desk; rules, silence, a calendar that can end."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlparse

import httpx
from icalendar import Calendar

from tests.kit.places import HARBOUR_ZONE
from tests.kit.refusals import problem
from tests.kit.stack import Person, RunningStack


def monday(stack: RunningStack, weeks: int) -> datetime:
    """A Monday to come, at noon there."""
    today = stack.now(HARBOUR_ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 * weeks - today.weekday())


def who(person: Person, unit: str, at: datetime, post: str = "A") -> dict[str, str]:
    """Who is on, and why."""
    answer = person.get("router", f"/v1/units/{unit}/on-duty", at=at.isoformat())
    assert answer.status_code == 200, answer.text
    found = next(p for p in answer.json()["posts"] if p["post"] == post)
    return {one["id"]: one["why"] for one in found["people"]}


def test_a_swap_and_a_leave_are_seen_with_their_reasons_and_done_once_under_their_key(stack: RunningStack) -> None:
    desk, noon = stack.person("qs-desk"), monday(stack, 10)
    assert who(desk, "quayside", noon) == {"qs-desk": "shift"}
    assert who(desk, "quayside", noon + timedelta(hours=10)) == {"qs-night": "shift"}
    swap = {"from": "qs-desk", "to": "qs-walk", "on": str(noon.date()), "reason": "a birthday"}
    made = desk.post_to("router", "/v1/rota/swaps", swap, key="swap-once-1")
    assert made.status_code == 201, made.text
    again = desk.post_to("router", "/v1/rota/swaps", swap, key="swap-once-1")
    assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])
    problem(desk.post_to("router", "/v1/rota/swaps", {**swap, "to": "qs-night"}, key="swap-once-1"), 422)
    assert who(desk, "quayside", noon) == {"qs-walk": "swap"}
    assert who(desk, "quayside", noon + timedelta(days=1)) == {"qs-desk": "shift"}
    days = {"person": "qs-night", "from": noon.isoformat(), "until": (noon + timedelta(days=1)).isoformat()}
    leave = desk.post_to("router", "/v1/rota/leave", days)
    assert leave.status_code == 201, leave.text
    assert {(gap["unit"], gap["post"]) for gap in leave.json()["unstaffed"]} == {("quayside", "A")}
    assert who(desk, "quayside", noon + timedelta(hours=10)) == {}
    coming = {row["id"] for row in desk.get("router", "/v1/rota").json()["items"]}
    assert {made.json()["id"], leave.json()["id"]} <= coming


def test_a_duty_that_was_taken_over_is_passed_on_and_comes_back(stack: RunningStack) -> None:
    desk, noon = stack.person("qs-desk"), monday(stack, 14)
    day = str(noon.date())

    def swaps(from_: str, to: str, key: str) -> httpx.Response:
        return desk.post_to("router", "/v1/rota/swaps", {"from": from_, "to": to, "on": day}, key=key)

    assert swaps("qs-desk", "qs-walk", "pass-1").status_code == 201
    passed = swaps("qs-walk", "qs-night", "pass-2")
    assert passed.status_code == 201, passed.text
    assert who(desk, "quayside", noon) == {"qs-night": "swap"}
    again = swaps("qs-walk", "qs-night", "pass-2")
    assert (again.status_code, again.json()["id"]) == (201, passed.json()["id"]), "he has it no more, and it was done"
    assert swaps("qs-night", "qs-desk", "pass-3").status_code == 201
    assert who(desk, "quayside", noon) == {"qs-desk": "shift"}
    away = {"person": "qs-desk", "from": (noon + timedelta(days=1)).isoformat()}
    away["until"] = (noon + timedelta(days=2)).isoformat()
    assert desk.post_to("router", "/v1/rota/leave", away).status_code == 201
    next_day = {"from": "qs-desk", "to": "qs-walk", "on": str((noon + timedelta(days=1)).date())}
    assert desk.post_to("router", "/v1/rota/swaps", next_day).status_code == 201
    assert who(desk, "quayside", noon + timedelta(days=1, minutes=5)) == {"qs-walk": "swap"}


def test_what_cannot_be_swapped_is_said_by_field_and_by_whom_it_may_be(stack: RunningStack) -> None:
    desk, noon = stack.person("qs-desk"), monday(stack, 12)
    sunday = str((noon - timedelta(days=1)).date())
    swap = {"from": "qs-desk", "to": "qs-night", "on": sunday}
    errors = problem(desk.post_to("router", "/v1/rota/swaps", swap), 422)["errors"]
    assert [(error["pointer"], "no duty" in error["detail"]) for error in errors] == [("/on", True)]
    problem(desk.post_to("router", "/v1/rota/swaps", {**swap, "to": "mf-desk"}), 422)
    problem(stack.person("qs-walk").post_to("router", "/v1/rota/swaps", swap), 403)
    problem(stack.person("mf-desk").get("router", "/v1/units/quayside/on-duty"), 404)


def test_my_own_rules_are_kept_as_they_were_put_and_wrong_ones_named(stack: RunningStack) -> None:
    night, path = stack.person("qs-night"), stack.urls["notifier"] + "/v1/me/alert-rules"
    headers = {"authorization": f"Bearer {night.token}"}
    rules = {
        "channels": [{"channel": "sms", "after": "PT5M", "priorities": ["urgent"]}],
        "quiet": [{"from": "22:00", "to": "07:00"}],
        "limit": {"most": 5, "per": "PT1H"},
    }
    assert stack.http.put(path, json=rules, headers=headers).status_code == 200
    assert night.get("notifier", "/v1/me/alert-rules").json() == rules
    wrong = {"channels": [{"channel": "sms", "after": "P2D"}], "quiet": [{"from": "07:00", "to": "07:00"}]}
    errors = problem(stack.http.put(path, json=wrong, headers=headers), 422)["errors"]
    assert [error["pointer"] for error in errors] == ["/channels/0/after", "/quiet/0/to"]
    assert stack.http.put(path, json={}, headers=headers).status_code == 200


def test_a_test_alert_is_one_alert_however_often_its_key_comes(stack: RunningStack) -> None:
    chief = stack.person("oh-chief")
    first, again = (chief.post_to("notifier", "/v1/me/test-alert", key="try-it") for _ in range(2))
    assert first.status_code == again.status_code == 201
    items = chief.get("notifier", "/v1/alerts", state="test").json()["items"]
    assert [item["id"] for item in items] == [first.json()["id"]] == [again.json()["id"]]
    assert "link" not in items[0]


def test_a_duty_calendar_is_read_by_its_address_alone_until_it_is_revoked(stack: RunningStack) -> None:
    night = stack.person("qs-night")
    made = night.post_to("notifier", "/v1/me/calendar")
    url = made.json()["url"]
    assert night.post_to("notifier", "/v1/me/calendar").json()["url"] == url
    answer = httpx.get(url)
    assert answer.headers["content-type"].startswith("text/calendar")
    events = Calendar.from_ical(answer.text).walk("VEVENT")
    now = stack.now()
    turns = [(event.decoded("dtstart"), event.decoded("dtend")) for event in events]
    assert any(end > now for _, end in turns)
    for start, end in turns:
        assert (start.astimezone(HARBOUR_ZONE).hour, end.astimezone(HARBOUR_ZONE).hour) == (18, 8), "over midnight"
    assert len({str(event["uid"]) for event in events}) == len(events) > 50
    forged = re.sub(r"calendars/.", "calendars/" + ("x" if "calendars/x" not in url else "y"), url)
    assert httpx.get(forged).status_code == 404
    assert night.post_to("notifier", "/v1/me/calendar:revoke").status_code == 200
    assert httpx.get(url).status_code == 404
    fresh = night.post_to("notifier", "/v1/me/calendar").json()["url"]
    assert urlparse(fresh).path != urlparse(url).path
    assert httpx.get(fresh).status_code == 200


def test_a_silence_is_seen_bounded_and_ended(stack: RunningStack) -> None:
    desk, start = stack.person("qs-desk"), stack.now() + timedelta(days=40)
    stop = {
        "unit": "quayside",
        "categories": ["flooding"],
        "from": start.isoformat(),
        "until": (start + timedelta(hours=8)).isoformat(),
        "reason": "the water is off",
    }
    made = desk.post_to("notifier", "/v1/silences", stop)
    assert made.status_code == 201, made.text
    id_ = made.json()["id"]
    assert id_ in [s["id"] for s in stack.person("qs-walk").get("notifier", "/v1/silences").json()["items"]]
    assert id_ not in [s["id"] for s in stack.person("mf-desk").get("notifier", "/v1/silences").json()["items"]]
    long = {**stop, "until": (start + timedelta(days=8)).isoformat(), "categories": ["weather"]}
    errors = problem(desk.post_to("notifier", "/v1/silences", long), 422)["errors"]
    assert [error["pointer"] for error in errors] == ["/categories/0", "/until"]
    ended = desk.post_to("notifier", f"/v1/silences/{id_}/end").json()
    assert ended["ended_by"] == "qs-desk"
    assert id_ not in [s["id"] for s in desk.get("notifier", "/v1/silences").json()["items"]]
