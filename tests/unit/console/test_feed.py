"""The live feed: who hears of what, from where it goes on, and when a stream ends."""

from random import Random
from typing import Any

import httpx
import pytest

from services.console.live.changes import Beat
from services.console.live.feed import ENDED, KEPT, RESET, WAITING_MAX, Feed, Listener, Numbered
from services.console.live.rights import Rights
from services.console.live.router_stream import RouterStream
from services.console.live.service_token import ServiceToken
from services.console.queue_client import Holder, QueueCalls
from services.console.router_client import Services
from shared.runtime.identity.tokens import service_token
from tests.kit.live_changes import change, wake
from tests.kit.made_router import NOW

DESK = Holder("harbour", "qs-desk", "quayside")
SECRET = "s" * 40


@pytest.fixture
def feed() -> Feed:
    chance = Random(7)
    made = Feed(lambda n: chance.randbytes(n).hex())
    wake(made)
    return made


def listening(feed: Feed, holder: Holder = DESK, cursor: str = "") -> Listener:
    made = Listener("h", holder, "t")
    feed.listen(made, cursor)
    made.waiting.popleft()  # that the stream lives
    return made


def heard(listener: Listener) -> list[Any]:
    return [one.number if isinstance(one, Numbered) else one for one in listener.waiting]


@pytest.mark.parametrize(
    ("holder", "given", "kind"),
    [
        (DESK, {}, "row"),
        (Holder("harbour", "c-desk", "county"), {}, "row"),
        (Holder("harbour", "x", "oldharbour"), {}, None),
        (Holder("elsewhere", "qs-desk", "quayside"), {}, None),
        (DESK, {"seen_by": ("oldharbour",)}, "gone"),
        (Holder("harbour", "x", "oldharbour", ("quayside",)), {}, "row"),
        (Holder("harbour", "x", "oldharbour", ("quayside",)), {"closed_to_stand_ins": True}, None),
        (Holder("harbour", "judge", "oldharbour"), {"seen_by": ("@judge",), "was_seen_by": ()}, "row"),
    ],
)
def test_a_browser_hears_of_what_its_person_may_see(
    feed: Feed, holder: Holder, given: dict[str, Any], kind: str | None
) -> None:
    listener = listening(feed, holder)
    feed.take(change(9, 5, **given))
    assert len(listener.waiting) == (kind is not None)
    assert listener.hears(change(9, 5, **given)) == kind


def test_it_goes_on_from_a_cursor_and_says_where_it_cannot(feed: Feed) -> None:
    feed.take(change(1, 5))
    cursor = feed.cursor
    feed.take(change(2, 5))
    feed.take(change(3, 5, seen_by=("oldharbour",), was_seen_by=()))
    feed.take(change(4, 5))
    assert heard(listening(feed, cursor=cursor)) == [2, 4]
    for unknown in (f"{cursor}99", "other-1", "x", cursor.partition("-")[0] + "-"):
        assert heard(listening(feed, cursor=unknown)) == [RESET], unknown
    for _ in range(KEPT):
        feed.take(change(5, 5))
    assert heard(listening(feed, cursor=cursor)) == [RESET], "it is not kept any more"


def test_a_gap_of_the_router_and_another_pack_let_pages_be_read_again(feed: Feed) -> None:
    listener, elsewhere = listening(feed), listening(feed, Holder("elsewhere", "x", "y"))
    before = feed.cursor
    feed.lose()
    assert heard(listener) == [RESET]
    assert feed.cursor != before
    wake(feed, harbour="v1", elsewhere="v1")
    wake(feed, harbour="v2", elsewhere="v1")
    assert heard(listener)[-1] == RESET
    assert heard(elsewhere)[-1] != RESET
    assert feed.packs_changed.is_set()


def test_a_browser_that_does_not_read_reads_its_page_later(feed: Feed) -> None:
    listener = listening(feed)
    for _ in range(WAITING_MAX + 3):
        feed.take(change(5, 5))
    assert (listener.behind, heard(listener)) == (True, [])
    assert listener.catch_up() == RESET
    feed.take(change(6, 5))
    assert heard(listener) == [WAITING_MAX + 4]


def test_who_has_missed_more_than_a_page_takes_is_not_told_each_of_it(feed: Feed) -> None:
    cursor = feed.cursor
    for _ in range(WAITING_MAX):
        feed.take(change(5, 5))
    assert heard(listening(feed, cursor=cursor)) == [RESET]


def test_at_the_end_of_the_process_browsers_come_back_spread_over_five_seconds(feed: Feed) -> None:
    listeners = [listening(feed) for _ in range(200)]
    feed.close()
    pauses = [int((one.ending or b"").split()[1]) for one in listeners]
    assert max(pauses) < 5000
    assert len({pause // 500 for pause in pauses}) == 10
    for one in listeners:
        feed.leave(one)
    assert not feed.listeners


async def test_a_stream_ends_with_its_session_or_with_another_unit_and_where_nobody_can_say(feed: Feed) -> None:
    answers: list[httpx.Response] = []
    router = httpx.AsyncClient(base_url="http://r", transport=httpx.MockTransport(lambda _: answers.pop(0)))
    rights = Rights(QueueCalls(Services(router, router, router)), ServiceToken(SECRET), feed)
    still, other = listening(feed), listening(feed)
    holder = {"city": "harbour", "person": "qs-desk", "unit": "quayside", "on_duty_for": []}
    answers.append(httpx.Response(200, json={"items": {"h": holder}}))
    await rights.end_forbidden()
    assert [still.ending, other.ending] == [None, None]
    other.hashed = "other"
    answers.append(httpx.Response(200, json={"items": {"h": holder, "other": {**holder, "unit": "oldharbour"}}}))
    await rights.end_forbidden()
    assert [still.ending, other.ending] == [None, ENDED]
    answers.append(httpx.Response(200, json={"items": {}}))
    await rights.end_forbidden()
    assert still.ending == ENDED


async def test_the_router_is_followed_from_where_it_ended_with_the_token_of_this_generation(feed: Feed) -> None:
    asked: list[httpx.Request] = []
    beat = b'event: beat\ndata: {"now": "%b", "packs": {"harbour": "v1"}}\n\n' % NOW.isoformat().encode()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.headers["authorization"] != f"Bearer {service_token(SECRET, 1)}":
            return httpx.Response(401)
        body = b": hello\n\n" + beat + b"event: reset\nid: c1\ndata: {}\n\n"
        return httpx.Response(200, content=body)

    router = httpx.AsyncClient(base_url="http://r", transport=httpx.MockTransport(answer))
    stream, before = RouterStream(router, ServiceToken(SECRET), feed), feed.cursor
    for _ in range(3):
        await stream._follow()
    assert [request.headers.get("last-event-id") for request in asked] == [None, None, "c1"]
    assert feed.packs == {"harbour": "v1"}
    assert feed.cursor != before


def test_the_time_runs_on_between_beats(feed: Feed) -> None:
    assert feed.is_live
    assert feed.now is not None
    assert 0 <= (feed.now - NOW).total_seconds() < 5
    assert not Feed(lambda n: "e" * 2 * n).is_live
    assert Beat(NOW).packs == {}
