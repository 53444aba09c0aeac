"""An invitation is told to the notifier by its id: no token of it is in an event or a document."""

import json
from datetime import timedelta
from typing import Any, cast

from services.router.sign_in.account import Invitation
from services.router.sign_in.invitations_sent import InvitationsSent
from shared.city.pack import Pack
from shared.city.reading import read_pack
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.people import PersonInvited
from shared.runtime.http_server.invitation_links import InvitationLinks
from shared.runtime.kafka.outbox_relay import Outbox
from shared.runtime.storage.mongo import Collection, Document
from tests.kit.made_reports import NOW, SECRET, TRACE
from tests.packs import harbour_with_channels

INVITATION = Invitation(id="0f1e2d3c4b5a6978", made_by="oh-chief", made_at=NOW, ends=NOW + timedelta(days=3))
SMS = {"sms": {"url": "https://sms.example.com/"}}


class Kept:
    """The documents that were inserted and the events that were offered."""

    def __init__(self) -> None:
        self.rows: list[Document] = []
        self.events: list[Envelope] = []

    async def insert(self, row: Document) -> bool:
        self.rows.append(row)
        return True

    def offer(self, _: str, __: int, events: Any) -> None:
        self.events += events


def harbour(**named: Any) -> Pack:
    return read_pack(harbour_with_channels(**named))


async def sent(kept: Kept, pack: Pack) -> list[str]:
    sending = InvitationsSent(cast(Collection, kept), cast(Outbox, kept))
    return await sending.send(pack, "qs-desk", INVITATION, TRACE)


async def test_it_is_sent_over_the_persons_own_channels_and_carries_no_token() -> None:
    kept = Kept()
    pack = harbour(city=SMS, people={"qs-desk": {"sms": "${CHANNEL_HARBOUR_PHONE}"}})
    assert await sent(kept, pack) == ["sms"]
    (event,) = kept.events
    told = decode(event, PersonInvited)
    assert (told.person, told.invitation, told.ends, told.made_by) == (
        "qs-desk",
        INVITATION.id,
        INVITATION.ends,
        "oh-chief",
    )
    token = InvitationLinks(SECRET).token("harbour", "qs-desk", INVITATION.id, INVITATION.ends)
    stored = json.dumps(kept.rows, default=str) + event.data
    assert token not in stored
    assert "/i/" not in stored
    assert "PHONE" not in stored


async def test_without_a_channel_of_ones_own_nothing_is_sent() -> None:
    kept = Kept()
    robot = "${CHANNEL_HARBOUR_ROBOT}"
    for pack in (
        harbour(),
        harbour(units={"quayside": {"feishu": robot}}, people={"qs-desk": {"feishu": robot}}),
        harbour(people={"qs-desk": {"wecom": robot}}),
        harbour(city=SMS, people={name: {"sms": "${CHANNEL_HARBOUR_PHONE}"} for name in ("qs-desk", "qs-walk")}),
    ):
        assert await sent(kept, pack) == []
    assert kept.rows == []
