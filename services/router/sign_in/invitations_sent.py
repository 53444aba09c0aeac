"""Invitations that are sent: the notifier hears of each once and writes to the person, over personal channels alone."""

from datetime import timedelta

from services.router.sign_in.account import Invitation
from shared.city.pack import Pack
from shared.contracts.catalogue import encode
from shared.contracts.envelope import DANGER, Envelope
from shared.contracts.people import TOPIC, PersonInvited
from shared.kernel.ids import event_id
from shared.runtime.kafka.outbox_relay import Outbox, as_pending
from shared.runtime.storage.mongo import Collection, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

KEPT = timedelta(days=30)
INDEXES = (IndexModel([("made_at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),)


class InvitationsSent:
    """The ``invitations`` collection: for each invitation that is sent one document, with its event. No token in it."""

    def __init__(self, rows: Collection, outbox: Outbox) -> None:
        self._rows = rows
        self._outbox = outbox

    async def send(self, pack: Pack, person: str, invitation: Invitation, trace: str) -> list[str]:
        """The kinds of personal channels over which the person is written to; none: nobody is. Raises ``MongoError``.

        A city in shadow mode writes to nobody.
        """
        channels = pack.receivers.personal(person)
        if not channels or pack.city.shadow:
            return []
        event = _event(pack, person, invitation, trace)
        row = {
            "_id": invitation.id,
            "city": pack.city.id,
            "person": person,
            "made_at": real_now(),
            "version": 1,
            "pending": as_pending([event]),
            "outbox": {"lane": DANGER, "since": real_now()},
        }
        if await self._rows.insert(row):
            self._outbox.offer(invitation.id, 1, [event])
        return sorted({receiver.kind for receiver in channels})


def _event(pack: Pack, person: str, invitation: Invitation, trace: str) -> Envelope:
    city = pack.city.id
    data = PersonInvited(
        person=person,
        invitation=invitation.id,
        ends=invitation.ends,
        made_by=invitation.made_by,
        pack_version=pack.version,
    )
    return Envelope(
        id=event_id(invitation.id, 1, 0),
        type="person.invited.v1",
        topic=TOPIC,
        key=city,
        subject=invitation.id,
        city=city,
        sequence=1,
        time=invitation.made_at,
        lane=DANGER,
        trace=trace,
        data=encode(data),
    )
