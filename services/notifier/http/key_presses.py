"""Keys that were pressed in calls, as gateways post them: a 1 signs for the case in the called person's name.

The address holds the city's secret word, and a press counts only for a call that the notifier has made there. Repeats
change nothing: the router knows the key of the command.

Alibaba (VoiceReport, VoiceCallReport): https://help.aliyun.com/zh/vms/voicereport-6
Tencent (voicekey_callback): https://cloud.tencent.com/document/api/1128/51535
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import structlog

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.http.one_press_links import LIFE
from services.notifier.http.router_client import RouterClient
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, not_found, too_many
from shared.kernel.quota import Quota
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import Directory

log = structlog.get_logger()

SIGNS = "1"
BODY_MAX = 256 * 1024
PRESSES_MAX = 100
"""In one post; gateways send some tens of reports together."""
A_SECOND, AT_ONCE = 5.0, 50.0
"""Posts from one address."""


class Taken(msgspec.Struct, frozen=True):
    """Yes, to Alibaba (``code``) and Tencent (``result``) alike; without it they post again."""

    code: int = 0
    msg: str = "OK"
    result: int = 0
    errmsg: str = "OK"


TAKEN = Taken()


class KeyPress(NamedTuple):
    """In the call with the gateway's id ``call`` these keys were pressed."""

    call: str
    keys: str


class KeyPresses:
    """The route. ``city_of``: the city whose secret word it is."""

    def __init__(
        self,
        city_of: Callable[[str], str | None],
        alerts: AlertStore,
        deliveries: AlertDeliveries,
        router: RouterClient,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._city_of = city_of
        self._alerts = alerts
        self._deliveries = deliveries
        self._router = router
        self._directory = directory
        self._clock = clock
        self._posts = Quota()

    def routes(self) -> list[Route]:
        """One address a city, which its gateway is told."""
        media = ("application/json",)
        answers = {200: Taken, 429: None}
        return [post("/k/{word}", self.take, "Keys pressed in calls", raw_max=BODY_MAX, media=media, answers=answers)]

    async def take(self, call: Call) -> Answer:
        """Signs for every call in which a 1 was pressed. 503 when the router is away: the gateway posts again."""
        wait = self._posts.take(call.address, time.monotonic(), A_SECOND, AT_ONCE)
        if wait:
            raise too_many("Too many posts at once; nothing was done.", int(wait) + 1)
        city = self._city_of(call.path["word"])
        if city is None:
            raise not_found("address")
        signing = [press.call for press in presses(call.raw) if press.keys.startswith(SIGNS)]
        for made in dict.fromkeys(signing[:PRESSES_MAX]):
            delivery = await self._deliveries.of_call(city, made)
            if delivery is not None:
                await self._sign(delivery)
        return Answer(TAKEN)

    async def _sign(self, delivery: AlertDelivery) -> None:
        """In the name of the person who was called; nothing where he may not any more or somebody was faster."""
        alert = await self._alerts.get(delivery.city, delivery.alert)
        if alert is None or alert.at + LIFE <= self._clock.now():  # as a link, it is not for what comes later
            return
        if await self._directory.person(alert.city, alert.recipient) is None:
            return
        command = "report_in" if alert.part is not None else "acknowledge"
        try:
            await self._router.command(alert, command, key=f"call-{delivery.id}", person=alert.recipient)
        except Refusal as refusal:
            if refusal.status == 503:
                raise
            log.info("call.refused", delivery=delivery.id, status=refusal.status, reason=refusal.kind)


def presses(raw: bytes) -> list[KeyPress]:
    """The keys in a post of either gateway; none in anything else."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return list(_pressed(body))


def _pressed(body: Any) -> Iterator[KeyPress]:
    if isinstance(body, list):
        for report in body[:PRESSES_MAX]:
            if isinstance(report, dict):
                yield from _press(report.get("call_id"), report.get("dtmf"))
    elif isinstance(body, dict) and isinstance(pressed := body.get("voicekey_callback"), dict):
        yield from _press(pressed.get("callid"), pressed.get("keypress"))


def _press(call: Any, keys: Any) -> Iterator[KeyPress]:
    if isinstance(call, str) and isinstance(keys, str) and 0 < len(call) <= 200:
        yield KeyPress(call, keys)
