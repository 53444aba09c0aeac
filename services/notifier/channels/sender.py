"""Sends alerts over channels: which alerts go into a message, what the message says, and one attempt at sending it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.channels.channel import Channel, Message, References, UnsetError
from services.notifier.channels.json_post import SETTINGS_SECONDS
from services.notifier.channels.send_lock import SendLock
from services.notifier.channels.template_messages import TemplateMessages
from services.notifier.channels.texts import LIST_MAX, Fits, Item, Texts
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.current_address import current_address
from services.notifier.delivery.dispatcher import OutgoingMessage
from services.notifier.delivery.unsigned_danger import is_unsigned
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.domain.rate_limit import Pace, next_message
from services.notifier.domain.retry import Outcome
from services.notifier.http.alert_views import invites_to
from services.notifier.http.one_press_links import OnePressLinks
from shared.city.model.channels import ChannelKind
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver
from shared.city.people.rota import valid
from shared.kernel.errors import Refusal
from shared.kernel.ids import plain_id
from shared.runtime.observability.log_ids import ids_of
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()

CHANNEL_RETRY_SECONDS = (2, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, *([3600] * 23))
"""Seconds; a day in all. By then the alert's link has expired, and the alert is in the inbox anyway."""
LOCKED_RETRY = timedelta(seconds=1)
ALONE_KINDS = frozenset({"voice"})
"""Kinds that have a message for each event: one key signs for one case."""
ALONE, BARE = "alone", "bare"
"""Forms of a message whose text a receiver refused: first each alert in a message of its own, then without words of
reporters and links."""
_SENT = Counter("whistle_channel_messages_total", "Messages by kind of channel and outcome.", ["kind", "outcome"])
OPEN_CIRCUITS = Gauge(
    "whistle_channel_open_circuits", "Robots, telephones and mailboxes that are left alone because they kept failing."
)

AlertMessage = OutgoingMessage[AlertDelivery, "Draft | Outcome"]
"""A message to one receiver, or the outcome of deliveries that are not sent."""
GONE = Outcome("unknown_receiver", final=True)
"""The pack in force does not have the person or the channel any more, or nobody there is to be told."""
SIGNED = Outcome("settled", ended=True, counts=False)
"""Somebody has signed before the call was made."""


@dataclass(frozen=True, slots=True)
class Group:
    """Deliveries of one event to one receiver, in the same form, each with its alert; never empty."""

    pairs: list[tuple[AlertDelivery, Alert]]

    @property
    def deliveries(self) -> list[AlertDelivery]:
        return [delivery for delivery, _ in self.pairs]

    @property
    def lane(self) -> int:
        return self.pairs[0][0].lane

    @property
    def digest(self) -> bool:
        """Whether its deliveries were held for a digest, and are listed together with others that were."""
        return self.pairs[0][0].digest

    @property
    def form(self) -> str:
        return self.pairs[0][0].form


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about ``alerts`` and its receiver. ``form``: ``list``, ``alone`` or ``bare``, which decides the next
    form if the text is refused."""

    receiver: Receiver
    message: Message
    form: str
    city: str
    alerts: tuple[Alert, ...] = ()


class ChannelSender:
    """What the dispatcher needs to send alerts over every kind of channel."""

    schedule: Sequence[float] = CHANNEL_RETRY_SECONDS
    at_once = 1

    def __init__(
        self,
        kinds: Mapping[ChannelKind, Channel],
        locks: SendLock,
        alerts: AlertStore,
        deliveries: AlertDeliveries,
        links: OnePressLinks,
        packs: PackLibrary,
        templates: TemplateMessages,
        references: References,
        sign_in: str = "",
    ) -> None:
        """``sign_in``: where messages to groups send their readers; empty: nowhere."""
        self._kinds = kinds
        self._locks = locks
        self._alerts = alerts
        self._deliveries = deliveries
        self._links = links
        self._packs = packs
        self._templates = templates
        self._references = references
        self._sign_in = sign_in

    async def messages(
        self, receiver: str, due: Sequence[AlertDelivery], now: datetime
    ) -> Sequence[AlertMessage] | datetime:
        """The next message, or when to ask again. ``due`` is in order: danger first, then oldest first.

        The pack in force decides where each delivery goes; one whose receiver has changed waits there from now on.
        """
        pack = await self._pack(due[0])
        groups = await self._groups(due)
        if not groups:
            return [OutgoingMessage(due, GONE)]
        if unsent := _not_sent(pack, groups, now):
            return [unsent]
        if changed := _readdressed(pack, groups):
            await self._deliveries.readdress(changed)
            return now
        settings = pack.receivers.get(receiver)
        if settings is None:
            return [OutgoingMessage(due, GONE)]
        groups = groups[:1] if settings.kind in ALONE_KINDS else groups
        channel = self._kinds[settings.kind]
        sent = await self._locks.acquire(receiver, now, channel.seconds)
        if sent is None:
            return now + LOCKED_RETRY
        texts = Texts(pack.city.languages[0], pack.city.timezone, self._sign_in, pack.notice() or "")

        def fits(text: str) -> bool:
            return channel.fits(settings, text)

        first = groups[0]
        alike = [g for g in groups if (g.lane, g.form, g.digest) == (first.lane, "", first.digest)]
        items = [self._item(pack, group, now) for group in alike[:LIST_MAX]]
        listed, count = texts.several(items, fits) if not first.form else ("", 0)
        pace = Pace(settings.per_minute, channel.pace.apart) if settings.per_minute else channel.pace
        choice = next_message(
            pace,
            sent,
            now,
            danger=first.lane == 0,
            waiting=len(alike) if listed else 1,
            fills=count < len(alike),
        )
        if isinstance(choice, datetime):
            return choice
        if first.digest and len(alike) > 1:
            return [_outgoing(settings, alike, texts.digest(items, len(alike), fits), "list")]
        if choice == "list" and count > 1:
            return [_outgoing(settings, alike[:count], listed, "list")]
        return [self._one(settings, self._item(pack, first, now), texts, first, fits)]

    def _one(self, settings: Receiver, item: Item, texts: Texts, group: Group, fits: Fits) -> AlertMessage:
        form = group.form
        text = texts.bare(item) if form == BARE else texts.one(item, fits)
        link = item.links[0][1] if len(item.links) == 1 and form != BARE else ""
        return _outgoing(settings, [group], text, form or ALONE, link)

    async def send(self, receiver: str, message: AlertMessage, now: datetime) -> Outcome:
        """One attempt. If the text is refused, the next attempt has each alert alone, the one after that no words."""
        draft = message.content
        if isinstance(draft, Outcome):
            return draft
        outcome = await self._attempt(await self._by_template(message, draft), now)
        _SENT.labels(draft.receiver.kind, outcome.name).inc()
        sent = message.deliveries
        ids = {**ids_of("delivery", [d.id for d in sent]), **ids_of("alert", [d.alert for d in sent])}
        ids |= {**ids_of("case", list({d.case: None for d in sent})), "event_id": sent[0].because}
        what = "channel.delivered" if outcome.name == "delivered" else "channel.failed"
        log.info(what, receiver=receiver, outcome=outcome.name, status=outcome.status, **ids)
        if outcome.name != "words":
            return outcome
        if draft.form == BARE:
            return replace(outcome, final=True)
        return replace(outcome, form=ALONE if draft.form == "list" else BARE)

    async def _attempt(self, draft: Draft, now: datetime) -> Outcome:
        try:
            settings = self._references.resolved(draft.receiver, draft.city)
        except UnsetError as unset:
            log.warning("channel.secret_unset", variable=str(unset))
            return Outcome("secret_unset", wait=SETTINGS_SECONDS)
        await self._locks.record_message(settings.id, now)
        return await self._kinds[settings.kind].send(settings, draft.message)

    async def _by_template(self, message: AlertMessage, draft: Draft) -> Draft:
        """The draft, for a receiver that is sent templates only with the template that says it."""
        if draft.receiver.gateway is None:
            return draft
        pack = await self._pack(message.deliveries[0])
        filled = await self._templates.of(draft.receiver, draft.alerts, pack)
        return replace(draft, message=replace(draft.message, by_template=filled))

    async def _pack(self, delivery: AlertDelivery) -> Pack:
        """The current pack; the delivery's own while this process has none yet."""
        try:
            return self._packs.current(delivery.city)
        except Refusal:
            return await self._packs.get(delivery.city, delivery.pack_version)

    async def _groups(self, due: Sequence[AlertDelivery]) -> list[Group]:
        alerts = await self._alerts.by_id(list({delivery.alert for delivery in due}))
        groups: dict[tuple[str, str], Group] = {}
        for delivery in due:
            if delivery.alert in alerts:
                group = groups.setdefault((delivery.because, delivery.form), Group([]))
                group.pairs.append((delivery, alerts[delivery.alert]))
        return list(groups.values())

    def _item(self, pack: Pack, group: Group, now: datetime) -> Item:
        delivery, alert = group.pairs[0]
        in_a_group = any(d.to == "unit" for d, _ in group.pairs)
        people = {a.recipient: pack.people.get(a.recipient) for _, a in group.pairs}
        names = {id_: person.name if person is not None else id_ for id_, person in people.items()}
        return Item(
            title=alert.title,
            words=alert.group_text or alert.text if in_a_group else alert.text,
            due_at=alert.due_at,
            state=alert.state,
            danger=alert.priority == "danger",
            recipients=tuple(names[a.recipient] for d, a in group.pairs if d.to == "unit"),
            links=tuple((names[a.recipient], self._links.make(a)) for d, a in group.pairs if d.to == "person"),
            due_name=alert.due_name,
            as_of=alert.at + (now - delivery.made_at),  # the alert's clock may be a moved one, the queue's is real
            presses=invites_to(alert),
        )


def _not_sent(pack: Pack, groups: Sequence[Group], now: datetime) -> AlertMessage | None:
    """Deliveries that are not for anybody any more, with what is recorded of them; None if all are to be sent."""
    if obsolete := _without_receiver(pack, groups, now):
        return OutgoingMessage(obsolete, GONE)
    calls = [group for group in groups if group.pairs[0][0].channel == "voice"]
    signed = calls_without_need(calls)
    return OutgoingMessage(signed, SIGNED) if signed else None


def _without_receiver(pack: Pack, groups: Sequence[Group], now: datetime) -> list[AlertDelivery]:
    """Deliveries to people who are not in the pack or not appointed now, and over channels that it does not have any
    more: these are not sent."""
    there = {id_ for id_, person in pack.people.items() if valid(person, pack.day(now))}
    pairs = [pair for group in groups for pair in group.pairs]
    left = [d for d, alert in pairs if d.to == "person" and alert.recipient not in there]
    return left + [d for d, alert in pairs if d not in left and current_address(d, alert, pack) is None]


def _readdressed(pack: Pack, groups: Sequence[Group]) -> list[tuple[AlertDelivery, AlertDelivery]]:
    """Deliveries whose receiver has changed since they were planned, as they are and as they are to be."""
    pairs = [pair for group in groups for pair in group.pairs]
    today = [(d, current_address(d, alert, pack)) for d, alert in pairs]
    return [(d, changed) for d, changed in today if changed is not None and changed is not d]


def calls_without_need(groups: Sequence[Group]) -> list[AlertDelivery]:
    """Of calls that are due those for which somebody has signed meanwhile, also while the line was busy."""
    return [d for group in groups for d, alert in group.pairs if not is_unsigned(alert)]


def _outgoing(settings: Receiver, groups: Sequence[Group], text: str, form: str, link: str = "") -> AlertMessage:
    deliveries = [delivery for group in groups for delivery in group.deliveries]
    id_ = plain_id("m", *sorted(delivery.id for delivery in deliveries))
    alerts = tuple({alert.id: alert for group in groups for _, alert in group.pairs}.values())
    return OutgoingMessage(deliveries, Draft(settings, Message(id_, text, link), form, deliveries[0].city, alerts))
