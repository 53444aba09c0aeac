"""The notifier: alerts to people, one-press links, signed webhooks to apps."""

import os
from dataclasses import dataclass
from typing import Unpack

from starlette.applications import Starlette

from services.notifier import consumers
from services.notifier.alerts import alert_store, rota_projection, silences
from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.case_alerts import CaseAlerts
from services.notifier.alerts.duty_alerts import DutyAlerts
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.alerts.silences import Silences
from services.notifier.alerts.visit_alerts import VisitAlerts
from services.notifier.channels import registry, sender
from services.notifier.channels.apprise import Apprise
from services.notifier.channels.callback_words import CallbackWords
from services.notifier.channels.channel import References
from services.notifier.channels.send_lock import SendLock
from services.notifier.channels.sender import ChannelSender
from services.notifier.channels.template_messages import TemplateMessages
from services.notifier.consumers import CaseEvents, PackEvents, RotaEvents
from services.notifier.delivery import alert_deliveries, held_deliveries, preferences, webhook_sender, webhooks
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.dispatcher import Dispatcher
from services.notifier.delivery.held_deliveries import HeldDeliveries
from services.notifier.delivery.http_post import Poster
from services.notifier.delivery.preferences import PreferenceStore
from services.notifier.delivery.webhook_sender import WebhookSender
from services.notifier.delivery.webhook_signing import Secrets
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.http import delivery_routes, short_links
from services.notifier.http.alert_routes import AlertRoutes
from services.notifier.http.calendar_feed import CalendarFeeds
from services.notifier.http.delivery_routes import DeliveryRoutes
from services.notifier.http.key_presses import KeyPresses
from services.notifier.http.link_pages import LinkPages, sign_in_address
from services.notifier.http.one_press_links import OnePressLinks
from services.notifier.http.opened_links import LinkOpener
from services.notifier.http.photo_client import PhotoClient
from services.notifier.http.preference_routes import PreferenceRoutes
from services.notifier.http.router_client import RouterClient
from services.notifier.http.short_links import ShortLinks
from services.notifier.http.silence_routes import SilenceRoutes
from services.notifier.http.told_routes import ToldRoutes
from services.notifier.http.webhook_routes import MESSAGES, WebhookRoutes
from services.notifier.invitations import addresses as invitation_addresses
from services.notifier.invitations import delivery as invitation_delivery
from services.notifier.invitations.addresses import InvitationAddresses
from services.notifier.invitations.delivery import Invitations
from services.notifier.invitations.sender import InvitationSender
from services.notifier.retention import old_alerts
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.single_connection_pools import SingleConnectionPools
from shared.runtime.http_client.ssrf_guard import Guard
from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.pack_library import PackFollower, PackLibrary, RouterPacks
from shared.runtime.retention import Retention
from shared.runtime.service import Service, ServiceOverrides
from shared.runtime.settings import Settings

PORT = 8803


def build(settings: Settings, **given: Unpack[ServiceOverrides]) -> Starlette:
    """The application. Nothing connects before it starts; what is not ``given`` is the real thing."""
    return assemble(settings, **given).application()


def assemble(settings: Settings, **given: Unpack[ServiceOverrides]) -> Service:
    """The service, not yet started."""
    service = Service("notifier", settings, **given)
    packs = PackLibrary(service.database, RouterPacks(settings, service.auth, service.transport))
    stores = _stores(service)
    router = RouterClient(settings, service.auth, service.transport)
    links = OnePressLinks(settings.secret_text, settings.public_url or settings.notifier_url)
    opener = LinkOpener(links, stores.alerts, router, packs, service.directory, service.clock)
    photos = PhotoClient(settings, service.auth, service.transport)
    pages = LinkPages(opener, sign_in_address(settings), stores.alerts, router, photos, packs, service.clock)
    guard = Guard(settings.webhook_allow)
    poster = Poster(guard, http_client.client(transport=service.transport or SingleConnectionPools()))
    invitations = Invitations(service.database, packs, service.ids)
    _consume(service, stores, packs, invitations)
    _answer_http(service, stores, packs, links, router, guard)
    service.routes += pages.routes()
    _send_to_people(service, stores, packs, links, poster, invitations)
    _take_key_presses(service, stores, packs, router)
    _send_to_apps(service, stores.webhooks, poster)
    _forget_what_is_old(service, stores, packs)
    return service


@dataclass(frozen=True, slots=True)
class Stores:
    """What the notifier keeps in MongoDB."""

    rota: RotaProjection
    silences: Silences
    preferences: PreferenceStore
    alerts: AlertStore
    deliveries: AlertDeliveries
    webhooks: Webhooks


def _stores(service: Service) -> Stores:
    """The stores with their indexes; the caches of small collections are filled at the start and then kept fresh."""
    database = service.database
    rules = PreferenceStore(database)
    deliveries = AlertDeliveries(database, service.ids, preferences=rules.of_person)
    alerts = AlertStore(database, deliveries, service.publisher, service.clock)
    stores = Stores(
        RotaProjection(database), Silences(database), rules, alerts, deliveries, Webhooks(database, service.ids)
    )
    service.publishes_first_events_of(FirstEvents(alerts.alerts, alert_store.first_event, about="case"))
    service.deliveries = (deliveries.queue.rows, stores.webhooks.queue.rows)
    service.indexes += [
        (alerts.alerts, alert_store.INDEXES),
        (alerts.shadows, alert_store.INDEXES),
        (deliveries.queue.rows, (*alert_deliveries.INDEXES, *held_deliveries.INDEXES)),
        (stores.webhooks.queue.rows, (*webhooks.INDEXES, *delivery_routes.INDEXES)),
        (stores.webhooks.webhooks, webhooks.WEBHOOK_INDEXES),
        (stores.rota.cache.rows, rota_projection.INDEXES),
        (rules.cache.rows, preferences.INDEXES),
        (stores.silences.cache.rows, silences.INDEXES),
    ]
    service.on_open += [stores.rota.cache.refresh, rules.cache.refresh, stores.silences.cache.refresh]
    service.background("rota", stores.rota.cache.run)
    service.background("alert-rules", rules.cache.run)
    service.background("silences", stores.silences.cache.run)
    return stores


def _consume(service: Service, stores: Stores, packs: PackLibrary, invitations: Invitations) -> None:
    follower = PackFollower(packs, service.clock.now)
    service.pack_versions = lambda: packs.cities
    service.on_open.append(packs.open)
    service.checks["pack"] = lambda: None if packs.cities else "no city pack is loaded yet"
    service.background("packs", follower.run)
    alerts, deliveries, rota, clock = stores.alerts, stores.deliveries, stores.rota, service.clock
    case_alerts = CaseAlerts(alerts, deliveries, packs, rota, stores.silences, clock)
    duties = DutyAlerts(alerts, deliveries, packs, rota, clock)
    consumers.subscribe(
        service,
        case_events=CaseEvents(packs, case_alerts, stores.webhooks),
        case_alerts=case_alerts,
        visit_alerts=VisitAlerts(alerts, deliveries, packs, rota, clock),
        rota_events=RotaEvents(rota, duties),
        invitations=invitations,
        pack_events=PackEvents(follower, duties),
    )


def _answer_http(
    service: Service, stores: Stores, packs: PackLibrary, links: OnePressLinks, router: RouterClient, guard: Guard
) -> None:
    settings, clock, alerts, deliveries = service.settings, service.clock, stores.alerts, stores.deliveries
    feeds = CalendarFeeds(service.database, settings, packs, stores.rota, service.directory, clock)
    service.routes = [
        *AlertRoutes(alerts, deliveries, stores.webhooks, links, router, clock).routes(),
        *ToldRoutes(alerts, router).routes(),
        *WebhookRoutes(stores.webhooks, guard, settings.secret_text).routes(),
        *DeliveryRoutes(stores.webhooks, deliveries, packs).routes(),
        *PreferenceRoutes(stores.preferences, deliveries, alerts, packs, clock).routes(),
        *SilenceRoutes(stores.silences, packs, clock).routes(),
        *feeds.routes(),
    ]
    service.webhook_messages = MESSAGES


def _send_to_people(
    service: Service,
    stores: Stores,
    packs: PackLibrary,
    links: OnePressLinks,
    poster: Poster,
    invitations: Invitations,
) -> None:
    apprise = Apprise(service.settings.webhook_allow)
    service.on_stop.append(apprise.close)
    lock = SendLock(service.database, service.ids(8))
    channels = registry.channels(poster, apprise, service.ids)
    secret, url = service.settings.secret_text, service.settings.public_url
    addresses = InvitationAddresses(secret, service.database, url)
    short = ShortLinks(secret, service.database, stores.alerts, links, addresses.behind)
    service.indexes += [(short.rows, short_links.INDEXES), (addresses.rows, invitation_addresses.INDEXES)]
    service.routes += short.routes()
    templates = TemplateMessages(short)
    settings = service.settings
    named = settings.public_url or (settings.console_url if "console_url" in settings.model_fields_set else "")
    sign_in = f"{named.rstrip('/')}/me" if named else ""
    references = References(os.environ)
    to_people = ChannelSender(
        channels, lock, stores.alerts, stores.deliveries, links, packs, templates, references, sign_in
    )
    dispatcher = Dispatcher("channels", stores.deliveries.queue, to_people)
    sender.OPEN_CIRCUITS.set_function(lambda: dispatcher.open_circuits)
    service.background("channels", dispatcher.run)
    alerts = stores.alerts
    held = HeldDeliveries(
        stores.deliveries.queue, alerts.by_id, alerts.signed_cases, stores.preferences, packs, service.clock
    )
    service.background("holding", held.run)
    settings, references = service.settings, References(os.environ)
    letters = InvitationSender(channels, lock, addresses, packs, references, service.clock)
    service.indexes.append((invitations.queue.rows, invitation_delivery.INDEXES))
    service.background("invitations", Dispatcher("invitations", invitations.queue, letters).run)


def _take_key_presses(service: Service, stores: Stores, packs: PackLibrary, router: RouterClient) -> None:
    words = CallbackWords(packs, References(os.environ))
    service.routes += KeyPresses(
        words.city_of, stores.alerts, stores.deliveries, router, service.directory, service.clock
    ).routes()


def _send_to_apps(service: Service, hooks: Webhooks, poster: Poster) -> None:
    to_apps = WebhookSender(hooks, poster, Secrets(service.settings.secret_text))
    dispatcher = Dispatcher("webhooks", hooks.queue, to_apps)
    webhook_sender.OPEN_CIRCUITS.set_function(lambda: dispatcher.open_circuits)
    service.background("webhooks", dispatcher.run)
    service.background("webhook-keys", lambda: hooks.watch_keys(service.directory))


def _forget_what_is_old(service: Service, stores: Stores, packs: PackLibrary) -> None:
    kept = old_alerts(stores.alerts, stores.deliveries, stores.webhooks)
    retention = Retention(service.database, packs, kept)
    service.routes += retention.routes()
    service.background("retention", retention.run)
