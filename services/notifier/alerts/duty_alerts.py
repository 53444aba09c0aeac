"""Alerts of duties: who takes a duty by a swap, and who is appointed by a newly loaded pack, is told.

Ids follow from the events, so that a batch that is handled again stores nothing twice.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import structlog

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.duty_words import appointment_text, swap_text
from services.notifier.alerts.new_alert import Subject, new_alert
from services.notifier.alerts.rota_projection import RotaProjection
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery
from services.notifier.domain.recipients import Kind, Notice
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.rota import RotaChanges, valid
from shared.contracts.catalogue import decode
from shared.contracts.cities import CityLoaded
from shared.contracts.envelope import Envelope
from shared.contracts.rota import ShiftSwapped
from shared.kernel.clock import Clock
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()

APPOINTED_MAX = 2_000
"""Of one pack. A pack that appoints more people has replaced the whole organisation, and nobody is told one by one."""


class DutyAlerts:
    """Handles the ``rota`` and ``cities`` topics beside their projections."""

    def __init__(
        self, store: AlertStore, deliveries: AlertDeliveries, packs: PackLibrary, rota: RotaProjection, clock: Clock
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._packs = packs
        self._rota = rota
        self._clock = clock

    async def handle_rota(self, events: Sequence[Envelope]) -> None:
        """A batch of changes of the rota, after the projection has stored them."""
        alerts: list[Alert] = []
        deliveries: dict[str, AlertDelivery] = {}
        for event in events:
            current = self._packs.cities.get(event.city)
            if event.type != "rota.shift_swapped.v1" or current is None:
                continue
            version = self._packs.in_force(event.city, event.time, current, event.time)
            pack = await self._packs.get(event.city, version)
            changes = self._rota.changes(event.city)
            planned = plan_swap_alerts(event, decode(event, ShiftSwapped), pack, changes, self._clock.now())
            if not pack.city.shadow:
                alerts += planned
                deliveries |= self._deliveries.plan(pack, planned)
        await self._store.put(alerts, deliveries)

    async def handle_packs(self, events: Sequence[Envelope]) -> None:
        """The newest pack of each city."""
        alerts: list[Alert] = []
        deliveries: dict[str, AlertDelivery] = {}
        for event in events:
            loaded = decode(event, CityLoaded)
            before = self._packs.before(loaded.city, loaded.version)
            if before is None:
                continue  # the first pack that this service knows: everybody in it is new
            was = await self._packs.get(loaded.city, before)
            pack = await self._packs.get(loaded.city, loaded.version)
            planned = plan_appointment_alerts(event, was, pack, self._clock.now())
            if not pack.city.shadow:
                alerts += planned
                deliveries |= self._deliveries.plan(pack, planned)
        await self._store.put(alerts, deliveries)


class _Taken(NamedTuple):
    """``by`` takes the duty of ``owner`` that begins on the day ``on``."""

    owner: str
    by: str
    on: date


def plan_swap_alerts(event: Envelope, data: ShiftSwapped, pack: Pack, rota: RotaChanges, now: datetime) -> list[Alert]:
    """An alert for each person who has another's duty now, but not for who entered the swap; pure."""
    return [
        _alert(event, "duty", by, swap_text(owner, by, taken.on, pack, rota), pack, now)
        for taken in _taken(data)
        if taken.by != data.made_by
        and (by := pack.people.get(taken.by)) is not None
        and (owner := pack.people.get(taken.owner)) is not None
    ]


def _taken(data: ShiftSwapped) -> Iterator[_Taken]:
    yield _Taken(data.person, data.by, data.on)
    if data.in_return is not None:
        yield _Taken(data.by, data.person, data.in_return)


def plan_appointment_alerts(event: Envelope, was: Pack, pack: Pack, now: datetime) -> list[Alert]:
    """An alert for everybody who is new in ``pack``, or has another unit, role or post there than in ``was``; pure."""
    today = pack.day(event.time)
    fresh = [person for person in pack.people.values() if _is_new(person, was) and not _is_over(person, today)]
    if len(fresh) > APPOINTED_MAX:
        log.warning("duty.too_many_appointed", city=pack.city.id, count=len(fresh), most=APPOINTED_MAX)
        return []
    return [_alert(event, "appointed", person, appointment_text(person, pack, today), pack, now) for person in fresh]


def _is_new(person: Person, was: Pack) -> bool:
    before = was.people.get(person.id)
    return before is None or (before.unit, before.role, before.post) != (person.unit, person.role, person.post)


def _is_over(person: Person, today: date) -> bool:
    return not valid(person, today) and (person.valid_from is None or person.valid_from <= today)


def _alert(event: Envelope, kind: Kind, person: Person, text: str, pack: Pack, now: datetime) -> Alert:
    subject = Subject(event.subject, event.sequence, "normal", text, None)
    return new_alert(event, subject, Notice(kind, person.unit), person.id, pack.city.languages[0], now)
