"""Invitations to send: each owed once, and a newer one ends what is still to be sent of an older."""

from datetime import datetime, timedelta
from secrets import token_hex

from services.notifier.invitations.delivery import INDEXES, Invitations
from shared.city.reading import read_pack
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.contracts.people import PersonInvited
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW
from tests.packs import harbour_with_channels

PHONE = {"sms": "${CHANNEL_HARBOUR_PHONE}"}


def invited(number: int, at: datetime, version: str) -> Envelope:
    data = PersonInvited(
        person="qs-desk", invitation=f"i{number}", ends=at + timedelta(days=3), made_by="ops", pack_version=version
    )
    return Envelope(
        id=f"i{number}.1.0",
        type="person.invited.v1",
        topic="people",
        key="harbour",
        subject=f"i{number}",
        city="harbour",
        sequence=1,
        time=at,
        data=encode(data),
    )


async def test_each_is_owed_once_and_a_newer_one_ends_an_older(database: Database) -> None:
    files = harbour_with_channels(city={"sms": {"url": "https://sms.example.com/"}}, people={"qs-desk": PHONE})
    pack, packs = read_pack(files), PackLibrary(database, remote=None)
    await packs.open()
    await packs.store(pack, files)
    invitations = Invitations(database, packs, token_hex)
    await invitations.queue.rows.ensure_indexes(*INDEXES)
    first, second = (invited(n, NOW + timedelta(minutes=n), pack.version) for n in (1, 2))
    for events in ([first], [first], [first, second], [second], [first]):
        await invitations.handle(events)
    rows = await invitations.queue.find({}, sort=[("invitation", 1)], limit=10)
    assert [(row.invitation, row.state) for row in rows] == [("i1", "ended"), ("i2", "pending")]
