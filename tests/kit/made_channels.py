"""The notifier's channels on a database, in a harbour whose pack names robots; time is moved by hand."""

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any

from services.notifier.alerts import alert_store
from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.case_alerts import CaseAlerts
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.alerts.silences import Silences
from services.notifier.channels import registry
from services.notifier.channels.apprise import Apprise
from services.notifier.channels.channel import References
from services.notifier.channels.send_lock import SendLock
from services.notifier.channels.sender import ChannelSender, Draft
from services.notifier.channels.template_messages import TemplateMessages
from services.notifier.city_cache import stamped
from services.notifier.delivery import alert_deliveries, held_deliveries
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.dispatcher import Dispatcher
from services.notifier.delivery.held_deliveries import HeldDeliveries
from services.notifier.delivery.http_post import Poster
from services.notifier.delivery.preferences import PreferenceStore
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.domain.retry import Outcome
from services.notifier.http.one_press_links import OnePressLinks
from services.notifier.http.short_links import ShortLinks
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
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

DANGER = "burst pipe, the street is a flood"
NUMBERED = re.compile(r"number (\d{4})")
"""How a list of alerts names each of them, in its text."""

Process = Dispatcher[AlertDelivery, Draft | Outcome]


@dataclass
class Channels:
    """A notifier's channels. ``dispatcher()`` makes another process of it."""

    alerts: AlertStore
    case_alerts: CaseAlerts
    deliveries: AlertDeliveries
    clock: StoppedClock
    dispatcher: Callable[[], Process]
    pack: Pack
    rules: PreferenceStore
    held: HeldDeliveries
    silences: Silences
    rota: RotaProjection
    packs: PackLibrary

    async def rows(self, **where: Any) -> list[Document]:
        return await self.deliveries.queue.rows.find(where, sort=[("_id", 1)], limit=10_000)

    async def happens(self, *events: Envelope) -> None:
        await self.case_alerts.handle(events)

    async def wishes(self, person: str, **rules: Any) -> None:
        """A person's rules, as ``PUT /v1/me/alert-rules`` stores them."""
        row = stamped({"city": "harbour", "person": person, "rules": rules})
        await self.rules.cache.rows.update({"_id": f"harbour/{person}"}, {"$set": row}, upsert=True)
        await self.rules.cache.refresh()

    def forward(self, seconds: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))

    async def settle(self, dispatcher: Process, seconds: float, step: float = 1.0) -> None:
        """So many seconds of the dispatcher's work, looking each second as it would by itself."""
        for _ in range(int(seconds / step)):
            await self.held.release_due()
            await work(dispatcher)
            self.forward(step)
        await self.held.release_due()
        await work(dispatcher)


async def holds(notifier: Channels, files: Mapping[str, str]) -> None:
    """Another pack holds from now on."""
    pack = read_pack(files)
    await notifier.packs.store(pack, files)
    await notifier.packs.switch("harbour", pack.version, NOW)


async def work(dispatcher: Process) -> None:
    """What can be sent now is sent."""
    while workers := await dispatcher.start_due():
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
    rules = PreferenceStore(database)
    deliveries = AlertDeliveries(database, token_hex, clock.now, rules.of_person)
    silences = Silences(database)
    rota = RotaProjection(database)
    alerts = AlertStore(database, deliveries, Listener(), clock)
    case_alerts = CaseAlerts(alerts, deliveries, packs, rota, silences, clock)
    await alerts.alerts.ensure_indexes(*alert_store.INDEXES)
    await deliveries.queue.rows.ensure_indexes(*alert_deliveries.INDEXES, *held_deliveries.INDEXES)
    links = OnePressLinks(SECRET, "https://whistle.example")
    poster = Poster(Guard("127.0.0.0/8"), http_client.client())
    kinds = registry.channels(poster, Apprise("127.0.0.0/8"), token_hex)
    templates = TemplateMessages(ShortLinks(SECRET, database, alerts, links))

    processes = itertools.count()

    def dispatcher() -> Process:
        locks = SendLock(database, f"process {next(processes)}")
        sender = ChannelSender(
            kinds,
            locks,
            alerts,
            deliveries,
            links,
            packs,
            templates,
            References({f"CHANNEL_HARBOUR_{name}": value for name, value in environment.items()}),
        )
        return Dispatcher("channels", deliveries.queue, sender, clock.now)

    held = HeldDeliveries(deliveries.queue, alerts.by_id, alerts.signed_cases, rules, packs, clock, clock.now)
    return Channels(alerts, case_alerts, deliveries, clock, dispatcher, pack, rules, held, silences, rota, packs)


def opened(number: int, pack: Pack, words: str = "the street light is out", **fields: Any) -> Envelope:
    """A new case of the quayside; its words end in its number."""
    event = submitted(f"key {number}", description=f"{words}, number {number:04}", **fields)
    case, happened = assign(decode(event, ReportSubmitted), "harbour", pack)
    return to_envelopes(case, [happened], TRACE)[0]


def numbers(text: str) -> list[int]:
    """The numbers of the alerts that a text lists."""
    return [int(found) for found in NUMBERED.findall(text)]
