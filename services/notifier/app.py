"""The notifier: alerts to people, one-press links, signed webhooks to apps."""

import asyncio
import os
import secrets
from collections.abc import Sequence

from starlette.applications import Starlette

from services.notifier.alerts import alert_store as alert_module
from services.notifier.alerts import rota_projection as decided_module
from services.notifier.alerts import silences as silences_module
from services.notifier.alerts.alert_store import AlertStore, first_event
from services.notifier.alerts.case_alerts import CaseAlerts
from services.notifier.alerts.rota_projection import Decided
from services.notifier.alerts.silences import Silences
from services.notifier.alerts.visit_alerts import VisitAlerts
from services.notifier.channels import sender as carrier_module
from services.notifier.channels.apprise import Apprise
from services.notifier.channels.channel import Channel, References
from services.notifier.channels.dingtalk import DingTalk
from services.notifier.channels.feishu import Feishu
from services.notifier.channels.send_lock import Turns
from services.notifier.channels.sender import ChannelCarrier
from services.notifier.channels.sms import Sms
from services.notifier.channels.wecom import WeCom
from services.notifier.delivery import alert_deliveries, preferences, webhook_sender
from services.notifier.delivery import held_deliveries as holding_module
from services.notifier.delivery import webhooks as webhook_module
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.dispatcher import Courier
from services.notifier.delivery.held_deliveries import Holding
from services.notifier.delivery.http_post import Poster
from services.notifier.delivery.preferences import AlertRules
from services.notifier.delivery.webhook_sender import WebhookCarrier
from services.notifier.delivery.webhook_signing import Secrets
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.http import delivery_routes
from services.notifier.http.alert_routes import NotifierApi
from services.notifier.http.calendar_feed import CalendarFeeds
from services.notifier.http.one_press_links import Links
from services.notifier.http.preference_routes import MyAlerts
from services.notifier.http.router_client import RouterClient
from services.notifier.http.silence_routes import SilenceRoutes
from services.notifier.http.webhook_routes import WebhookApi
from services.notifier.retention import old_alerts
from shared.city.model.channels import ChannelKind
from shared.contracts import cases, cities, reports, rota, visits
from shared.contracts.envelope import DANGER, LIVE, Envelope
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.single_connection_pools import LoneConnections
from shared.runtime.http_client.ssrf_guard import Guard
from shared.runtime.kafka.consumer import effect, projection
from shared.runtime.kafka.first_events import Births
from shared.runtime.pack_library import PackFollower, PackLibrary, RouterPacks
from shared.runtime.retention import Retention
from shared.runtime.service import Service
from shared.runtime.settings import Settings

PORT = 8803


def build(settings: Settings) -> Starlette:
    """Everything real is chosen here; nothing connects before the application starts."""
    return assemble(settings).application()


def assemble(settings: Settings) -> Service:
    """The service, not yet started."""
    service = Service("notifier", settings)
    secret = settings.secret_text
    packs = PackLibrary(service.database, RouterPacks(settings, service.auth))
    service.holds = lambda: packs.cities
    follower = PackFollower(packs, service.clock.now)
    rules = AlertRules(service.database)
    owed = AlertDeliveries(service.database, rules=rules.of)
    decided = Decided(service.database)
    silences = Silences(service.database)
    alerts = AlertStore(service.database, owed, service.publisher, service.clock)
    case_alerts = CaseAlerts(alerts, owed, packs, decided, silences, service.clock)
    holding = Holding(owed.queue, alerts.by_id, rules, packs, service.clock)
    feeds = CalendarFeeds(service.database, settings, packs, decided, service.directory, service.clock)
    webhooks = Webhooks(service.database)
    router = RouterClient(settings, service.auth)
    guard = Guard(settings.webhook_allow)
    address = settings.public_url or settings.notifier_url
    links = Links(secret, address, alerts, router, packs, service.directory, service.clock)
    poster = Poster(guard, http_client.client(transport=LoneConnections()))
    api = NotifierApi(alerts, owed, webhooks, links, router, service.clock)
    service.routes = [
        *api.routes(),
        *WebhookApi(webhooks, guard, secret).routes(),
        *delivery_routes.CaseDeliveries(webhooks).routes(),
        *MyAlerts(rules, owed, alerts, packs, service.clock).routes(),
        *SilenceRoutes(silences, packs, service.clock).routes(),
        *feeds.routes(),
    ]
    service.begins_with(Births(alerts.alerts, first_event))
    service.indexes += [
        (alerts.alerts, alert_module.INDEXES),
        (alerts.shadows, alert_module.INDEXES),
        (owed.queue.rows, (*alert_deliveries.INDEXES, *holding_module.INDEXES)),
        (webhooks.queue.rows, (*webhook_module.INDEXES, *delivery_routes.INDEXES)),
        (webhooks.webhooks, webhook_module.WEBHOOK_INDEXES),
        (decided.kept.rows, decided_module.INDEXES),
        (rules.kept.rows, preferences.INDEXES),
        (silences.kept.rows, silences_module.INDEXES),
    ]
    service.on_open += [packs.open, decided.kept.look, rules.kept.look, silences.kept.look]
    service.checks["pack"] = lambda: None if packs.cities else "no city pack is loaded yet"
    _hears(service, packs, follower, case_alerts, webhooks)
    visit_alerts = VisitAlerts(alerts, owed, packs, decided, service.clock)
    service.consumes(effect(visits.TOPIC, "notifier.visits", visit_alerts.handle, service.dead, service.clock))
    service.consumes(effect(rota.TOPIC, "notifier.rota", decided.handle, service.dead, service.clock))
    service.background("rota", decided.kept.run)
    service.background("alert-rules", rules.kept.run)
    service.background("silences", silences.kept.run)
    service.background("holding", holding.run)
    service.background("packs", follower.run)
    service.background("webhook-keys", lambda: webhooks.watch_keys(service.directory))
    _sends_to_apps(service, webhooks, poster)
    _sends_to_people(service, owed, alerts, links, packs, poster)
    retention = Retention(service.database, packs, old_alerts(alerts, owed, webhooks))
    service.routes += retention.routes()
    service.background("retention", retention.run)
    return service


def _hears(
    service: Service, packs: PackLibrary, follower: PackFollower, alerts: CaseAlerts, webhooks: Webhooks
) -> None:
    """Of cases, of reports without one, and of packs."""

    async def city_loaded(_: Sequence[Envelope]) -> None:
        follower.wake()

    async def case_happened(events: Sequence[Envelope]) -> None:
        """In shadow mode apps are told nothing either."""
        shadows = {city for city in packs.cities if packs.current(city).city.shadow}
        to_apps = [event for event in events if event.city not in shadows] if shadows else events
        await asyncio.gather(alerts.handle(events), webhooks.handle(to_apps))

    for lane in (DANGER, LIVE):  # of history nobody is told
        service.consumes(effect(cases.TOPIC, "notifier.cases", case_happened, service.dead, service.clock, lane=lane))
    service.consumes(
        effect(reports.UNROUTED_TOPIC, "notifier.unrouted", alerts.handle_unrouted, service.dead, service.clock)
    )
    service.consumes(projection(cities.TOPIC, "notifier.cities", city_loaded, service.dead, service.clock))


def _sends_to_apps(service: Service, webhooks: Webhooks, poster: Poster) -> None:
    to_apps = Courier(
        "webhooks", webhooks.queue, WebhookCarrier(webhooks, poster, Secrets(service.settings.secret_text))
    )
    webhook_sender.OPEN_CIRCUITS.set_function(lambda: to_apps.left_alone)
    service.background("webhooks", to_apps.run)


def _sends_to_people(
    service: Service, owed: AlertDeliveries, alerts: AlertStore, links: Links, packs: PackLibrary, poster: Poster
) -> None:
    apprise = Apprise(service.settings.webhook_allow)
    service.on_stop.append(apprise.close)
    turns = Turns(service.database, secrets.token_hex(8))
    carrier = ChannelCarrier(_kinds(poster, apprise), turns, alerts, links, packs, References(os.environ))
    to_people = Courier("channels", owed.queue, carrier)
    carrier_module.OPEN_CIRCUITS.set_function(lambda: to_people.left_alone)
    service.background("channels", to_people.run)


def _kinds(poster: Poster, apprise: Apprise) -> dict[ChannelKind, Channel]:
    return {
        "wecom": WeCom(poster),
        "dingtalk": DingTalk(poster),
        "feishu": Feishu(poster),
        "sms": Sms(poster),
        "apprise": apprise,
    }
