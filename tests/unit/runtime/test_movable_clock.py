"""A stack clock that begins at another time: before or after the machine's, moves on top, in development only."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from pydantic import ValidationError

from deploy.cli.foreground import StartRefused, check_test_at
from services.router.cases.case_store import CaseStore
from services.router.cases.sealed_words import SealedWords
from services.router.http.kept_answers import KeptAnswers
from shared.runtime.http_server.route import Answer
from shared.runtime.movable_clock import MovableClock
from shared.runtime.settings import Settings
from shared.runtime.timekeeping import wall_clock
from shared.runtime.timekeeping.wall_clock import real_now

SATURDAY = "2026-06-13T12:00+02:00"


@pytest.mark.parametrize("start", [timedelta(days=-4000), timedelta(days=4000)], ids=["before", "after"])
def test_a_clock_begins_before_or_after_real_time_and_moves_forward_from_there(start: timedelta) -> None:
    clock, now = MovableClock(), wall_clock.seconds()
    clock.move([(now - 5, timedelta(hours=2)), (now + 60, timedelta(days=3))], start)
    assert clock.shift == start + timedelta(hours=2), "a move that holds later does not hold yet"
    said = clock.now() - datetime.fromtimestamp(now, UTC)
    assert timedelta() <= said - clock.shift + timedelta(milliseconds=1) < timedelta(seconds=5)


class Kept:
    """A store that keeps the first answers that it is given."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []

    async def keep_answer(self, answer: dict[str, Any]) -> None:
        self.answers.append(answer)


async def test_a_first_answer_is_stamped_with_real_time_by_which_the_store_forgets_it() -> None:
    store = Kept()
    await KeptAnswers(cast(CaseStore, store), SealedWords("x" * 32)).keep("key", "print", Answer({"done": True}))
    assert abs((store.answers[0]["at"] - real_now()).total_seconds()) < 60


def test_a_start_is_a_time_with_a_zone_and_nothing_is_real_time() -> None:
    assert Settings(test_at=SATURDAY, dev_tokens=True).test_at == datetime(2026, 6, 13, 10, tzinfo=UTC)  # type: ignore[arg-type]
    assert Settings(test_at="", dev_tokens=False).test_at is None  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="timezone"):
        Settings(test_at="2026-06-13T12:00", dev_tokens=True)  # type: ignore[arg-type]


def test_a_start_without_development_tokens_is_refused_in_words() -> None:
    with pytest.raises(ValidationError, match="WHISTLE_TEST_AT is for development: it needs WHISTLE_DEV_TOKENS=1"):
        Settings(test_at=SATURDAY, dev_tokens=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "says"), [("noon", "no time with a zone"), ("2026-06-13T12:00", "with a zone")])
def test_whistle_up_refuses_an_odd_start_before_it_starts_anything(text: str, says: str) -> None:
    with pytest.raises(StartRefused, match=says):
        check_test_at(text, dev_tokens=True)
    with pytest.raises(StartRefused, match="WHISTLE_DEV_TOKENS=1"):
        check_test_at(SATURDAY, dev_tokens=False)
    check_test_at("", dev_tokens=False)
    check_test_at(SATURDAY, dev_tokens=True)
