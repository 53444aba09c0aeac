"""A person's account as it is stored: hashes of password and PIN, secret of the one-time codes, open invitation.

One document for each person in ``accounts``; ``_id`` is ``city/person``. An invitation is spent and the password set in
one write, so that of two who accept it one succeeds.
"""

from datetime import datetime
from typing import Self

import msgspec

from shared.runtime.storage.mongo import Collection, Database, Document

ADDRESSES_MAX = 10
"""Addresses from which a person signed in, the newest: from these the limit of their address does not apply to him."""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    made_by: str
    made_at: datetime
    ends: datetime


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """``password``, ``pin``: hashes (argon2id). ``codes``: the secret of the one-time codes, sealed; None: none was set
    up. ``offered``: one that was shown to the person, until its first code is given. ``last_code``: the time step of
    the last code that was taken, so that none is taken twice. ``accepted``: id of the invitation, or of the change, by
    which the password was set; accounts of before have none."""

    city: str
    person: str
    password: str | None = None
    pin: str | None = None
    codes: bytes | None = None
    offered: bytes | None = None
    last_code: int = 0
    invitation: Invitation | None = None
    addresses: tuple[str, ...] = ()
    accepted: str = ""

    @classmethod
    def from_row(cls, row: Document) -> Self:
        return msgspec.convert(row, cls)


class Accounts:
    """All methods raise ``MongoError``."""

    def __init__(self, database: Database) -> None:
        self._rows: Collection = database.collection("accounts")

    async def get(self, city: str, person: str) -> Account | None:
        row = await self._rows.find_one({"_id": f"{city}/{person}"})
        return Account.from_row(row) if row is not None else None

    async def invite(self, city: str, person: str, invitation: Invitation) -> None:
        """The invitation is open; one that was open before is not any more. The password stays until it is accepted."""
        change: Document = {
            "city": city,
            "person": person,
            "invitation": msgspec.to_builtins(invitation, builtin_types=(datetime, bytes)),
        }
        await self._rows.update({"_id": f"{city}/{person}"}, {"$set": change}, upsert=True)

    async def accept(
        self,
        city: str,
        person: str,
        invitation: str,
        password: str,
        offered: bytes,
        address: str,
    ) -> bool:
        """Set the password, offer one-time codes and spend the invitation; False when it is not open any more.

        What was before, PIN and one-time codes, is void. ``address`` (its hash) is the only one from which the person
        signed in so far.
        """
        where: Document = {"_id": f"{city}/{person}", "invitation.id": invitation}
        change: Document = {
            "password": password,
            "pin": None,
            "codes": None,
            "offered": offered,
            "last_code": 0,
            "invitation": None,
            "addresses": [address],
            "accepted": invitation,
        }
        return await self._rows.update(where, {"$set": change}) == 1

    async def take_code(self, city: str, person: str, step: int) -> bool:
        """The code of a time step is used; False when it was before, or a newer one was."""
        where: Document = {"_id": f"{city}/{person}", "last_code": {"$lt": step}}
        return await self._rows.update(where, {"$set": {"last_code": step}}) == 1

    async def set_up_codes(self, account: Account, step: int) -> bool:
        """The codes that were offered hold, the one of ``step`` is used; False when others were offered meanwhile."""
        where: Document = {"_id": f"{account.city}/{account.person}", "offered": account.offered}
        change: Document = {"codes": account.offered, "offered": None, "last_code": step}
        return await self._rows.update(where, {"$set": change}) == 1

    async def signed_in_from(self, account: Account, address: str) -> None:
        """Keep that the person signed in from this address (its hash)."""
        if address not in account.addresses:
            kept = [address, *account.addresses][:ADDRESSES_MAX]
            await self._rows.update({"_id": f"{account.city}/{account.person}"}, {"$set": {"addresses": kept}})

    async def set_password(self, account: Account, password: str) -> None:
        """The same password hashed with today's costs; nothing happens when another was set meanwhile."""
        where: Document = {"_id": f"{account.city}/{account.person}", "password": account.password}
        await self._rows.update(where, {"$set": {"password": password}})

    async def change_password(self, account: Account, password: str, change: str) -> bool:
        """Another password; the PIN is void. False when it was set anew meanwhile. ``change``: its id."""
        where: Document = {"_id": f"{account.city}/{account.person}", "password": account.password}
        new: Document = {"password": password, "pin": None, "accepted": change}
        return await self._rows.update(where, {"$set": new}) == 1

    async def set_pin(self, account: Account, pin: str | None) -> bool:
        """None: the person has none any more. False when the password was set anew meanwhile."""
        where: Document = {"_id": f"{account.city}/{account.person}", "password": account.password}
        return await self._rows.update(where, {"$set": {"pin": pin}}) == 1

    async def keep_only(self, city: str, people: list[str]) -> None:
        """Delete the accounts of those who are not in the city's pack any more: who comes back is invited anew."""
        await self._rows.delete({"city": city, "person": {"$nin": people}})
