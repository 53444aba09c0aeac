"""Messages of an app of WeCom to a member: with a token that is kept and renewed, as a card where there is a link."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from services.notifier.channels.channel import Message
from services.notifier.channels.wecom import WeCom
from services.notifier.channels.wecom_app import AppMessages
from services.notifier.delivery.http_post import Poster
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.ssrf_guard import Guard
from tests.kit.made_reports import NOW
from tests.kit.robots import OK, Robot, robot

LINK = "https://whistle.example/a/x"
MESSAGE = Message("m1", f"【工单提醒】\n交通路社区 · 井盖\n接单：{LINK}", LINK)
SECRET = "the-apps-secret"


def member(end: Robot, **more: Any) -> Receiver:
    settings: dict[str, Any] = {"corp": "ww1", "agent": 7, "secret": SECRET, "to": "zhang"}
    return Receiver(id="v1", kind="wecom", url=end.url.removesuffix("/robot"), **{**settings, **more})


def gives(named: str = "t1", seconds: int = 7200) -> Any:
    return lambda _: {"errcode": 0, "errmsg": "ok", "access_token": named, "expires_in": seconds}


def app(clock: list[datetime], guard: str = "127.0.0.0/8") -> AppMessages:
    return AppMessages(Poster(Guard(guard), http_client.client()), lambda: clock[0])


@pytest.fixture(autouse=True)
async def clients() -> Any:
    yield
    await http_client.close_all()


async def test_a_member_is_sent_a_card_with_the_link_by_the_apps_token() -> None:
    with robot() as server:
        server.answer_read = gives()
        channel = WeCom(Poster(Guard("127.0.0.0/8"), http_client.client()))
        assert await channel.send(member(server), MESSAGE) == Outcome("delivered", 0)
    asked = urlsplit(server.asked[0])
    assert (asked.path, parse_qs(asked.query)) == ("/cgi-bin/gettoken", {"corpid": ["ww1"], "corpsecret": [SECRET]})
    assert server.paths == ["/cgi-bin/message/send?access_token=t1"]
    assert server.got == [
        {
            "touser": "zhang",
            "agentid": 7,
            "msgtype": "textcard",
            "textcard": {"title": "【工单提醒】", "description": "交通路社区 · 井盖\n接单", "url": LINK},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 1800,
        }
    ]


async def test_a_message_without_a_link_of_its_own_is_a_text_and_a_long_one_is_cut_to_what_a_card_takes() -> None:
    with robot() as server:
        server.answer_read = gives()
        sends = app([NOW])
        await sends.send(member(server), Message("m1", "【工单提醒】 2件\n1. …"))
        await sends.send(member(server), Message("m2", f"{'井' * 90}\n{'盖' * 400}\n接单：{LINK}", LINK))
    assert server.got[0]["text"] == {"content": "【工单提醒】 2件\n1. …"}
    card = server.got[1]["textcard"]
    assert (card["title"], card["description"]) == ("井" * 42, "盖" * 170)


async def test_a_token_is_kept_until_shortly_before_it_ends() -> None:
    clock = [NOW]
    with robot() as server:
        server.answer_read = gives(seconds=7200)
        sends = app(clock)
        for minutes in (0, 60, 114):
            clock[0] = NOW + timedelta(minutes=minutes)
            await sends.send(member(server), MESSAGE)
        assert len(server.asked) == 1
        clock[0] = NOW + timedelta(minutes=116)
        await sends.send(member(server), MESSAGE)
        assert len(server.asked) == 2
        await sends.send(member(server, agent=8, secret="another"), MESSAGE)
        assert len(server.asked) == 3, "each app has a token of its own"


@pytest.mark.parametrize("stale", [42001, 40014])
async def test_a_refused_token_is_asked_for_anew_once(stale: int) -> None:
    with robot() as server:
        sends = app([NOW])
        server.answer_read = gives("old")
        await sends.send(member(server), MESSAGE)
        server.answer_read = gives("new")

        def answer(_: Any) -> Any:
            return {"errcode": stale, "errmsg": "expired"} if server.paths[-1].endswith("=old") else OK

        server.answer = answer
        assert await sends.send(member(server), MESSAGE) == Outcome("delivered", 0)
        assert [path.rpartition("=")[2] for path in server.paths] == ["old", "old", "new"]
        server.answer = lambda _: {"errcode": stale, "errmsg": "expired"}
        assert (await sends.send(member(server), MESSAGE)).name == "settings"
        assert len(server.asked) == 3, "not in a circle"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"errcode": 0, "errmsg": "ok", "invaliduser": "zhang"}, "settings"),
        ({"errcode": 81013, "errmsg": "user & party & tag all invalid"}, "settings"),
        ({"errcode": 60020, "errmsg": "not allow to access from your ip"}, "settings"),
        ({"errcode": 45009, "errmsg": "api freq out of limit"}, "rate"),
        ({"errcode": 40058, "errmsg": "invalid message"}, "words"),
        ({"errcode": -1, "errmsg": "system busy"}, "refused"),
        ([0], "refused"),
        (502, "refused"),
    ],
)
async def test_an_apps_answer_is_taken_as_it_is_documented(answer: Any, name: str) -> None:
    with robot(lambda _: answer) as server:
        server.answer_read = gives()
        assert (await app([NOW]).send(member(server), MESSAGE)).name == name


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"errcode": 40001, "errmsg": "invalid credential"}, "settings"),
        ({"errcode": 40013, "errmsg": "invalid corpid"}, "settings"),
        ({"errcode": 45009, "errmsg": "api freq out of limit"}, "rate"),
        ({"errcode": 0}, "refused"),
        ({"errcode": 0, "access_token": 7, "expires_in": "x"}, "refused"),
        (500, "refused"),
        ([], "refused"),
    ],
)
async def test_without_a_token_nothing_is_sent_and_the_reason_is_the_outcome(answer: Any, name: str) -> None:
    with robot() as server:
        server.answer_read = lambda _: answer
        assert (await app([NOW]).send(member(server), MESSAGE)).name == name
    assert server.got == []


async def test_a_server_inside_is_not_called_and_no_log_has_the_secret() -> None:
    with robot() as inside, capture_logs() as logs:
        assert (await app([NOW], guard="").send(member(inside), MESSAGE)).name == "refused_address"
    assert (inside.asked, inside.got) == ([], [])
    assert SECRET not in str(logs)
