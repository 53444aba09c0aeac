"""An invitation, or a login link, on its way to one personal channel of a person: what is stored, which is not the
address."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from services.notifier.delivery.queue import DeliveryQueue
from services.notifier.documents.delivery import Delivery, DeliveryChange, to_doc
from shared.city.pack import Pack
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.people import PersonInvited, PersonLinkAsked
from shared.kernel.ids import Ids, delivery_id
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Database, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

KEPT = timedelta(days=30)
Opens = Literal["invitation", "login_link"]
INDEXES = (
    IndexModel([("receiver", 1), ("state", 1), ("next_at", 1)], name="due"),
    IndexModel([("city", 1), ("person", 1), ("state", 1)], name="person"),
    IndexModel([("made_at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),
)


class InvitationDelivery(Delivery, frozen=True, kw_only=True, omit_defaults=True, rename={"id": "_id"}):
    """``what``: an invitation, or a login link, whose id is ``invitation`` then. ``ends``: of it, by the installation's
    clock, as ``invited_at`` is. ``case`` is empty."""

    person: str
    invitation: str
    ends: datetime
    invited_at: datetime
    what: Opens = "invitation"


class Invitations:
    """The ``invitation_deliveries`` collection, and the events of which it is made."""

    def __init__(
        self, database: Database, packs: PackLibrary, ids: Ids, now: Callable[[], datetime] = real_now
    ) -> None:
        self._packs = packs
        self._now = now
        self.queue = DeliveryQueue(database.collection("invitation_deliveries"), InvitationDelivery, ids)

    async def handle(self, events: Sequence[Envelope]) -> None:
        """A batch of ``person.invited.v1`` and ``person.link_asked.v1``. What was to be sent of an older one ends: an
        invitation's address is void, and who asked for another link waits for that.

        A batch may be handled again: ids follow from the invitations. Raises ``MongoError``, ``TimeoutError``.
        """
        for event in events:
            data = _told(event)
            pack = await self._packs.get(event.city, data.pack_version)
            await self._end_older(event.city, data, event.time)
            if planned := plan(event, data, pack, self._now()):
                await self.queue.add(planned, "invitation_deliveries")

    async def _end_older(self, city: str, data: PersonInvited | PersonLinkAsked, than: datetime) -> None:
        change = DeliveryChange(state="ended", last_outcome="newer_invitation", last_at=self._now())
        what = None if isinstance(data, PersonInvited) else "login_link"  # as stored: a default is left out
        where = {
            "city": city,
            "person": data.person,
            "what": what,
            "state": "pending",
            "invited_at": {"$lt": than},
        }
        await self.queue.rows.update_all(where, {"$set": to_doc(change)})


def _told(event: Envelope) -> PersonInvited | PersonLinkAsked:
    if event.type == "person.link_asked.v1":
        return decode(event, PersonLinkAsked)
    return decode(event, PersonInvited)


def plan(event: Envelope, data: PersonInvited | PersonLinkAsked, pack: Pack, now: datetime) -> list[InvitationDelivery]:
    """One delivery for each channel that the person alone reads."""
    what: Opens = "invitation" if isinstance(data, PersonInvited) else "login_link"
    return [
        InvitationDelivery(
            id=delivery_id(event.id, receiver.id),
            city=event.city,
            receiver=receiver.id,
            case="",
            state="pending",
            attempts=0,
            next_at=now,
            made_at=now,
            person=data.person,
            invitation=data.invitation if isinstance(data, PersonInvited) else data.link,
            ends=data.ends,
            invited_at=event.time,
            what=what,
        )
        for receiver in pack.receivers.personal(data.person)
    ]
