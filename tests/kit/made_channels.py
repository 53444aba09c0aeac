"""The notifier's channels on a database, in a harbour whose pack names robots; time is moved by hand."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.notifier.alerts import alert_store
from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.case_alerts import CaseAlerts
from services.notifier.alerts.rota_projection import Decided
from services.notifier.alerts.silences import Silences
from services.notifier.channels.apprise import Apprise
from services.notifier.channels.channel import Channel, References
from services.notifier.channels.dingtalk import DingTalk
from services.notifier.channels.feishu import Feishu
from services.notifier.channels.send_lock import Turns
from services.notifier.channels.sender import ChannelCarrier, Draft
from services.notifier.channels.sms import Sms
from services.notifier.channels.wecom import WeCom
from services.notifier.city_cache import stamped
from services.notifier.delivery import alert_deliveries
from services.notifier.delivery import held_deliveries as holding_module
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.dispatcher import Courier
from services.notifier.delivery.held_deliveries import Holding
from services.notifier.delivery.http_post import Poster
from services.notifier.delivery.preferences import AlertRules
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.http.one_press_links import Links
from services.router.cases.projections import to_envelopes
from services.router.cases.routing import assign
from shared.city.model.channels import ChannelKind
from shared.city.pack import Pack
from shared.city.reading import read_pack
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportSubmitted
from shared.kernel.clock import StoppedClock
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.ssrf_guard import Guard
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Database, Document
from tests.kit.made_reports import NOW, SECRET, TRACE, submitted
from tests.kit.made_services import Listener
from tests.packs import harbour_with_channels


@dataclass
class Channels:
    """A notifier's channels. ``courier()`` makes another process of it."""

    alerts: AlertStore
    case_alerts: CaseAlerts
    owed: AlertDeliveries
    clock: StoppedClock
    courier: Callable[[], Courier[AlertDelivery, Draft | None]]
    pack: Pack
    rules: AlertRules
    holding: Holding
    silences: Silences
    decided: Decided
    packs: PackLibrary

    async def rows(self, **where: Any) -> list[Document]:
        return await self.owed.queue.rows.find(where, sort=[("_id", 1)], limit=10_000)

    async def happens(self, *events: Envelope) -> None:
        await self.case_alerts.handle(events)

    async def wishes(self, person: str, **rules: Any) -> None:
        """A person's rules, as ``PUT /v1/me/alert-rules`` stores them."""
        row = stamped({"city": "harbour", "person": person, "rules": rules})
        await self.rules.kept.rows.update({"_id": f"harbour/{person}"}, {"$set": row}, upsert=True)
        await self.rules.kept.look()

    def forward(self, seconds: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))

    async def settle(self, courier: Courier[AlertDelivery, Draft | None], seconds: float, step: float = 1.0) -> None:
        """So many seconds of the courier's work, looking each second as it would by itself."""
        for _ in range(int(seconds / step)):
            await self.holding.look()
            await work(courier)
            self.forward(step)
        await self.holding.look()
        await work(courier)


async def holds(notifier: Channels, files: Mapping[str, str]) -> None:
    """Another pack holds from now on."""
    pack = read_pack(files)
    await notifier.packs.store(pack, files)
    await notifier.packs.switch("harbour", pack.version, NOW)


async def work(courier: Courier[AlertDelivery, Draft | None]) -> None:
    """What can be sent now is sent."""
    while workers := await courier.look():
        await asyncio.gather(*workers)


async def channels(
    database: Database, environment: Mapping[str, str], changed: Mapping[str, str] = {}, **named: Any
) -> Channels:
    """The harbour's notifier with ``named`` channels (``city``, ``units``, ``people``); ``changed``: files of it."""
    files = {**harbour_with_channels(**named), **changed}
    pack = read_pack(files)
    packs = PackLibrary(database, remote=None)
    await packs.open()
    await packs.store(pack, files)
    await packs.switch("harbour", pack.version, NOW)
    clock = StoppedClock(NOW)
    rules = AlertRules(database)
    owed = AlertDeliveries(database, clock.now, rules.of)
    silences = Silences(database)
    decided = Decided(database)
    alerts = AlertStore(database, owed, Listener(), clock)
    case_alerts = CaseAlerts(alerts, owed, packs, decided, silences, clock)
    await alerts.alerts.ensure_indexes(*alert_store.INDEXES)
    await owed.queue.rows.ensure_indexes(*alert_deliveries.INDEXES, *holding_module.INDEXES)
    links = Links(SECRET, "https://whistle.example", alerts, None, packs, None, clock)  # type: ignore[arg-type]
    poster = Poster(Guard("127.0.0.0/8"), http_client.client())
    kinds: dict[ChannelKind, Channel] = {
        "wecom": WeCom(poster),
        "dingtalk": DingTalk(poster),
        "feishu": Feishu(poster),
        "sms": Sms(poster),
        "apprise": Apprise("127.0.0.0/8"),
    }

    processes = itertools.count()

    def courier() -> Courier[AlertDelivery, Draft | None]:
        turns = Turns(database, f"process {next(processes)}")
        carrier = ChannelCarrier(
            kinds,
            turns,
            alerts,
            links,
            packs,
            References({f"CHANNEL_HARBOUR_{name}": value for name, value in environment.items()}),
        )
        return Courier("channels", owed.queue, carrier, clock.now)

    holding = Holding(owed.queue, alerts.by_id, rules, packs, clock, clock.now)
    return Channels(alerts, case_alerts, owed, clock, courier, pack, rules, holding, silences, decided, packs)


def opened(number: int, pack: Pack, words: str = "the street light is out", **fields: Any) -> Envelope:
    """A new case of the quayside; its words end in its number."""
    event = submitted(f"key {number}", description=f"{words}, number {number:04}", **fields)
    case, happened = assign(decode(event, ReportSubmitted), "harbour", pack)
    return to_envelopes(case, [happened], TRACE)[0]
