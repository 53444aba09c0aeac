"""Robots: signed as their documentation shows it, in the form that they read, answers taken for what they say."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk

from services.notifier.channels import dingtalk, feishu, json_post, wecom
from services.notifier.channels.channel import Channel, Message
from services.notifier.channels.dingtalk import DingTalk
from services.notifier.channels.feishu import Feishu
from services.notifier.channels.gateways.cloud import Gateways
from services.notifier.channels.robots import RobotCodes, outcome_of
from services.notifier.channels.sms import Sms, filled
from services.notifier.channels.wecom import WeCom
from services.notifier.delivery.http_post import Poster, Reply
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.ssrf_guard import Guard
from tests.kit.made_reports import NOW
from tests.kit.robots import Robot, robot

MESSAGE = Message(
    "m1", "【工单提醒】\n交通路社区 · 井盖\n接单：https://whistle.example/a/x", "https://whistle.example/a/x"
)
WHOLE = Reply(200, b"", None)


def poster() -> Poster:
    return Poster(Guard("127.0.0.0/8"), http_client.client())


def receiver(**settings: Any) -> Receiver:
    return Receiver(id="v1", kind="wecom", **settings)


def sms(by: Poster) -> Sms:
    return Sms(by, Gateways(by, lambda: NOW, lambda: "once"))


async def sent(channel: Channel, end: Robot, query: str = "", **settings: Any) -> Outcome:
    try:
        return await channel.send(receiver(url=end.url + query, **settings), MESSAGE)
    finally:
        await http_client.close_all()


def test_dingtalks_signature_is_that_of_its_documentation() -> None:
    """The documentation's time and secret; the value is openssl's."""
    assert (
        unquote_plus(dingtalk.sign("this is secret", 1577262236757)) == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
    )
    assert dingtalk.sign("this is secret", 1577262236757).endswith("%3D"), "quoted for an address"


def test_dingtalks_signature_is_apprises() -> None:
    """Another hand's reading of the same documentation."""
    other: Any = NotifyDingTalk
    timestamp, signature = other(token="abcdefgh", secret="SECabcdefgh0123").get_signature()
    assert dingtalk.sign("SECabcdefgh0123", int(timestamp)) == signature


def test_feishus_signature_is_that_of_its_documentation() -> None:
    """The documentation's time and secret; the value is openssl's."""
    assert feishu.sign("demo", 1599360473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


async def test_wecom_is_told_in_text() -> None:
    with robot() as group:
        assert await sent(WeCom(poster()), group, "?key=k") == Outcome("delivered", 0)
    assert group.paths == ["/robot?key=k"]
    assert group.got == [{"msgtype": "text", "text": {"content": MESSAGE.text}}]
    assert group.headers[0]["content-type"] == "application/json"


async def test_dingtalk_is_signed_in_its_address_with_the_time_in_milliseconds() -> None:
    with robot() as group:
        assert (await sent(DingTalk(poster(), lambda: NOW), group, "?access_token=t", secret="s")).name == "delivered"
    query = parse_qs(urlsplit(group.paths[0]).query)
    milliseconds = str(int(NOW.timestamp()) * 1000)
    expected = hmac.new(b"s", f"{milliseconds}\ns".encode(), hashlib.sha256).digest()
    assert query == {"access_token": ["t"], "timestamp": [milliseconds], "sign": [base64.b64encode(expected).decode()]}
    assert group.got == [{"msgtype": "text", "text": {"content": MESSAGE.text}}]


async def test_feishu_is_signed_in_its_body_with_the_time_in_seconds() -> None:
    with robot() as group:
        assert (await sent(Feishu(poster(), lambda: NOW), group, secret="s")).name == "delivered"
    seconds = int(NOW.timestamp())
    assert group.got == [
        {
            "timestamp": str(seconds),
            "sign": feishu.sign("s", seconds),
            "msg_type": "text",
            "content": {"text": MESSAGE.text},
        }
    ]


async def test_a_robot_without_a_secret_is_not_signed_for() -> None:
    with robot() as group:
        await sent(DingTalk(poster()), group, "?access_token=t")
        await sent(Feishu(poster()), group)
    assert group.paths[0] == "/robot?access_token=t"
    assert set(group.got[1]) == {"msg_type", "content"}


@pytest.mark.parametrize(
    ("codes", "answer", "name", "wait", "counts"),
    [
        (wecom.CODES, {"errcode": 0, "errmsg": "ok"}, "delivered", None, True),
        (wecom.CODES, {"errcode": 45009, "errmsg": "api freq out of limit"}, "rate", 60, False),
        (wecom.CODES, {"errcode": 93000, "errmsg": "invalid webhook url"}, "settings", 300, True),
        (wecom.CODES, {"errcode": 40058, "errmsg": "exceed max length 2048"}, "words", None, False),
        (wecom.CODES, {"errcode": -1, "errmsg": "system busy"}, "refused", None, True),
        (
            dingtalk.CODES,
            {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
            "rate",
            600,
            False,
        ),
        (dingtalk.CODES, {"errcode": 410100, "errmsg": "发送速度太快而限流"}, "rate", 600, False),
        (dingtalk.CODES, {"errcode": 310000, "errmsg": "sign not match"}, "settings", 300, True),
        (dingtalk.CODES, {"errcode": 300005, "errmsg": "token is not exist"}, "settings", 300, True),
        (dingtalk.CODES, {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}, "words", None, False),
        (dingtalk.CODES, {"errcode": 430101, "errmsg": "含有不安全的外链"}, "words", None, False),
        (dingtalk.CODES, {"errcode": -1, "errmsg": "系统繁忙"}, "refused", None, True),
        (feishu.CODES, {"code": 0, "msg": "success", "StatusCode": 0}, "delivered", None, True),
        (feishu.CODES, {"code": 11232, "msg": "frequency limited psm[…]"}, "rate", 10, False),
        (feishu.CODES, {"code": 9499, "msg": "too many request"}, "rate", 60, False),
        (feishu.CODES, {"code": 9499, "msg": "Bad Request", "data": {}}, "words", None, False),
        (feishu.CODES, {"code": 19021, "msg": "sign match fail or timestamp …"}, "settings", 300, True),
        (feishu.CODES, {"code": 19024, "msg": "Key Words Not Found"}, "settings", 300, True),
        (feishu.CODES, {"code": 31337, "msg": "something new"}, "refused", None, True),
    ],
)
def test_a_robots_answer_is_taken_as_it_is_documented(
    codes: RobotCodes, answer: dict[str, Any], name: str, wait: float | None, counts: bool
) -> None:
    outcome = outcome_of(Reply(200, json.dumps(answer).encode(), None), codes)
    assert (outcome.name, outcome.wait, outcome.counts) == (name, wait, counts)
    assert outcome.status == answer.get("errcode", answer.get("code"))
    assert not outcome.final, "what a robot says today it need not say tomorrow"


@pytest.mark.parametrize(
    "content", [b"", b"<html>502</html>", b"[0]", b"null", b'{"errcode":"0"}', b'{"code":0}', b"\xff", b'{"errcode":0']
)
def test_an_answer_without_the_robots_code_delivers_nothing(content: bytes) -> None:
    assert outcome_of(Reply(200, content, None), wecom.CODES) == Outcome("refused", 200)


def test_a_code_of_success_with_a_failing_status_delivers_nothing() -> None:
    assert outcome_of(Reply(502, b'{"errcode":0}', None), wecom.CODES) == Outcome("refused", 502)


def test_a_429_without_a_code_is_too_many_and_says_until_when() -> None:
    assert outcome_of(Reply(429, b"", 7.0), wecom.CODES) == Outcome("rate", 429, wait=7.0, counts=False)
    assert outcome_of(Reply(429, b"", None), wecom.CODES).wait == json_post.BUSY_SECONDS


@pytest.mark.parametrize("channel", [WeCom, DingTalk, Feishu])
def test_a_message_is_as_long_as_its_robot_takes_and_no_longer(channel: type[WeCom | DingTalk | Feishu]) -> None:
    """Counted in bytes of UTF-8: 2,048 of text, 20,000 of body."""
    made = channel(poster())
    longest = next(n for n in range(20_100, 0, -1) if made.fits(receiver(), "x" * n))
    whole = {WeCom: 2048, DingTalk: 20_000, Feishu: 20_000}[channel]
    form = {WeCom: 0, DingTalk: 40, Feishu: 140}[channel]
    assert whole - form - 10 <= longest <= whole
    assert made.fits(receiver(), "盖" * (longest // 3))
    assert not made.fits(receiver(), "盖" * (longest // 3 + 1))
    assert not made.fits(receiver(), '"' * whole) or channel is WeCom


async def test_a_gateway_is_posted_what_the_pack_says_and_believed_when_it_says_so() -> None:
    body = {"phone": "{to}", "params": {"content": "{text}", "url": "{link}"}, "list": ["{id}", 7], "not": "{other}"}
    settings: Any = {
        "to": "13800000000",
        "body": body,
        "headers": {"Authorization": "APPCODE x"},
        "success": {"code": "OK"},
    }
    with robot(lambda _: {"code": "OK", "more": 1}) as gateway:
        assert await sent(sms(poster()), gateway, **settings) == Outcome("delivered", 200)
        gateway.answer = lambda _: {"code": "isv.BUSINESS_LIMIT_CONTROL"}
        assert await sent(sms(poster()), gateway, **settings) == Outcome("refused", 200)
        gateway.answer = lambda _: 429
        assert (await sent(sms(poster()), gateway, **settings)).name == "rate"
    assert gateway.got[0] == {
        "phone": "13800000000",
        "params": {"content": MESSAGE.text, "url": MESSAGE.link},
        "list": ["m1", 7],
        "not": "{other}",
    }
    assert gateway.headers[0]["authorization"] == "APPCODE x"


async def test_a_gateway_of_which_nothing_is_said_gets_id_number_and_text() -> None:
    with robot(lambda _: 204) as gateway:
        assert (await sent(sms(poster()), gateway, to="+31600000000")).name == "delivered"
    assert gateway.got == [{"id": "m1", "to": "+31600000000", "text": MESSAGE.text}]


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert filled("{text}", {"text": "{to}", "to": "13800000000"}) == "{to}"


async def test_a_robot_inside_is_not_called() -> None:
    guarded = Poster(Guard(""), http_client.client())
    with robot() as inside:
        for channel in (WeCom(guarded), DingTalk(guarded), Feishu(guarded), sms(guarded)):
            assert (await sent(channel, inside)).name == "refused_address"
    assert inside.got == []
