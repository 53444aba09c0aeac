"""Messages of an app of WeCom (企业微信) or of its edition for governments (政务微信) to one member.

https://developer.work.weixin.qq.com/document/path/90236: a card has a title of 128 bytes, 512 bytes of text and a link;
a text has 2,048 bytes; 30 messages a minute to one member.
Token: https://developer.work.weixin.qq.com/document/path/91039
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from services.notifier.channels.channel import Message
from services.notifier.channels.json_post import BUSY_SECONDS, SETTINGS_SECONDS, answer_of, post_json
from services.notifier.channels.robots import RobotCodes, outcome_of
from services.notifier.delivery.http_post import SECONDS_MAX, Poster, Reply, UnreachableError
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.http_client.ssrf_guard import AddressRefusedError
from shared.runtime.timekeeping.wall_clock import real_now

PUBLIC = "https://qyapi.weixin.qq.com"
TITLE_BYTES, TEXT_BYTES, LINK_BYTES = 128, 512, 2048
STALE = frozenset({40014, 42001})
"""Codes of a token that is not valid any more."""
MARGIN = timedelta(minutes=5)
TOKENS_MAX = 200
SECONDS = 2 * SECONDS_MAX
_App = tuple[str, str, int | None, str]
"""Server, corporation, app and secret: whatever a token is for."""
CODES = RobotCodes(
    name="errcode",
    rate={45009: BUSY_SECONDS, 45033: 5.0},
    settings=frozenset({40001, 40013, 40014, 40056, 40091, 42001, 48002, 60011, 60020, 60111, 81013, 301002}),
    words=frozenset({40058, 44004, 45002}),
)
"""40001 secret, 40013 corporation, 40056 app, 60020 network, 60111, 81013 no such member or not the app's; the others
as of robots."""


class AppMessages:
    """Sends as the app; keeps its token until it ends or is refused. ``now``: the real time."""

    def __init__(self, poster: Poster, now: Callable[[], datetime] = real_now) -> None:
        self._poster = poster
        self._now = now
        self._tokens: dict[_App, tuple[str, datetime]] = {}
        self._asking: dict[_App, asyncio.Lock] = {}

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        """One attempt, done within ``SECONDS``; with a fresh token a second time if the kept one is refused."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._attempt(receiver, message)
        except TimeoutError:
            return Outcome("unreachable")

    async def _attempt(self, receiver: Receiver, message: Message) -> Outcome:
        token = await self._token(receiver)
        if isinstance(token, Outcome):
            return token
        outcome = await self._sent(receiver, message, token)
        if outcome.status not in STALE:
            return outcome
        self._tokens.pop(_app(receiver), None)
        token = await self._token(receiver)
        return token if isinstance(token, Outcome) else await self._sent(receiver, message, token)

    async def _sent(self, receiver: Receiver, message: Message, token: str) -> Outcome:
        url = f"{_server(receiver)}/cgi-bin/message/send?{urlencode({'access_token': token})}"
        return await post_json(self._poster, url, _body(receiver, message), _outcome_of)

    async def _token(self, receiver: Receiver) -> str | Outcome:
        """The app's token, kept or asked for; or why there is none."""
        async with self._asking.setdefault(_app(receiver), asyncio.Lock()):
            kept = self._tokens.get(_app(receiver))
            if kept is not None and self._now() < kept[1]:
                return kept[0]
            query = urlencode({"corpid": receiver.corp, "corpsecret": receiver.secret})
            try:
                reply = await self._poster.get(f"{_server(receiver)}/cgi-bin/gettoken?{query}")
            except AddressRefusedError:
                return Outcome("refused_address", wait=SETTINGS_SECONDS)
            except UnreachableError:
                return Outcome("unreachable")
            outcome, answer = outcome_of(reply, CODES), answer_of(reply)
            token, seconds = answer.get("access_token"), answer.get("expires_in")
            if outcome.name != "delivered":
                return outcome
            if not isinstance(token, str) or not isinstance(seconds, int):
                return Outcome("refused", reply.status)
            if len(self._tokens) >= TOKENS_MAX:
                self._tokens.clear()
                self._asking.clear()
            self._tokens[_app(receiver)] = token, self._now() + timedelta(seconds=seconds) - MARGIN
            return token


def _server(receiver: Receiver) -> str:
    return (receiver.url or PUBLIC).rstrip("/")


def _app(receiver: Receiver) -> _App:
    return _server(receiver), receiver.corp, receiver.agent, receiver.secret


def _body(receiver: Receiver, message: Message) -> dict[str, Any]:
    """A card where there is one link to press, else the text. The same message is not shown twice."""
    shown: dict[str, Any] = {"msgtype": "text", "text": {"content": message.text}}
    if message.link and len(message.link.encode()) <= LINK_BYTES:
        words = "\n".join(message.text.split("\n")[1:]).replace(message.link, "").rstrip(" ：:\n")
        title, text = _cut(message.title, TITLE_BYTES), _cut(words or message.title, TEXT_BYTES)
        card = {"title": title, "description": text, "url": message.link}
        shown = {"msgtype": "textcard", "textcard": card}
    return {
        "touser": receiver.to,
        "agentid": receiver.agent,
        **shown,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 1800,
    }


def _cut(text: str, most: int) -> str:
    """``text`` with at most so many bytes of UTF-8, whole characters."""
    return text.encode()[:most].decode(errors="ignore")


def _outcome_of(reply: Reply) -> Outcome:
    """A member whom the app does not reach is named in an answer that is 0 otherwise."""
    outcome = outcome_of(reply, CODES)
    if outcome.name == "delivered" and answer_of(reply).get("invaliduser"):
        return Outcome("settings", outcome.status, wait=SETTINGS_SECONDS)
    return outcome
