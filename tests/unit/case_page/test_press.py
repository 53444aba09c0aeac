"""A form as it was sent: what it does, and under which key."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.router.command_handling.commands_from_bodies import BODIES
from shared.case_page.next_steps import STEP_NAMES, Step
from shared.case_page.press import Press, asked_by, body_of, key_of, photo_key_of, press_of

CHINA = ZoneInfo("Asia/Shanghai")


def sent(**fields: str) -> Press | None:
    return press_of({"do": "resolve", "version": "7", **fields}, {})


def test_a_form_names_its_step_and_the_version_that_was_shown() -> None:
    pressed = press_of({"do": "finish_part.p1", "version": "12", "text": " 换好了\r\n再看 "}, {"photo": b"x"})
    assert pressed == Press(Step("finish_part", "p1"), "12", {"text": "换好了\n再看"}, b"x")
    assert body_of(pressed, CHINA, ("f1",)) == {"part": "p1", "text": "换好了\n再看", "photos": ["f1"]}


@pytest.mark.parametrize(
    "fields", [{"do": "unmask"}, {"version": "x"}, {"version": ""}, {"version": "9" * 13}, {"do": ""}]
)
def test_what_names_no_step_or_version_does_nothing(fields: dict[str, str]) -> None:
    assert sent(**fields) is None


@pytest.mark.parametrize("name", STEP_NAMES)
def test_the_body_is_one_that_the_router_takes(name: Any) -> None:
    step = Step(
        name,
        "p1" if name in ("report_in", "finish_part", "unmask") else None,
        "resolve" if "pause" in name or "extension" in name else None,
    )
    chosen = {"how": "repair", "kind": "media", "to": "millfield", "day": "2027-01-04", "call": "dissatisfied"}
    given: dict[str, str] = {
        field: chosen.get(field, "一句话") for field in asked_by(step, "asked") if field != "photo"
    }
    photos = ("f1",) if "photo" in asked_by(step, "asked") else ()
    msgspec.convert(body_of(Press(step, "7", given), CHINA, photos), BODIES[step.command])


def test_pressing_twice_is_one_and_another_step_version_or_text_is_another() -> None:
    press = Press(Step("refuse"), "7", {"reason": "不归我们"})

    def key(pressed: Press, source: str = "link-a1") -> str:
        return key_of(source, pressed, body_of(pressed, CHINA))

    others = [
        Press(Step("refuse"), "8", press.given),
        Press(Step("accept"), "7"),
        Press(Step("refuse"), "7", {"reason": "另一理由"}),
    ]
    assert key(press) == key(Press(Step("refuse"), "7", {"reason": "不归我们"}))
    assert len({key(press), key(press, "link-a2"), *map(key, others)}) == 5
    assert photo_key_of("link-a1", press) == photo_key_of("link-a1", others[2])


@pytest.mark.parametrize(("city", "at"), [("Asia/Shanghai", "+08:00"), ("America/New_York", "-05:00")])
def test_a_day_to_look_again_begins_at_eight_in_the_city_and_an_empty_one_is_none(city: str, at: str) -> None:
    given = {"how": "long_term", "text": "等待拆迁"}
    days: tuple[tuple[str, dict[str, str]], ...] = (
        ("2027-01-04", {"look_again": f"2027-01-04T08:00:00{at}"}),
        ("2027-02-31", {"look_again": "2027-02-31"}),
        ("", {}),
        ("soon", {}),
    )
    for day, sent in days:
        assert body_of(Press(Step("resolve"), "7", {**given, "day": day}), ZoneInfo(city)) == {**given, **sent}
