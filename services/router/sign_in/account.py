"""A person's account as it is stored: password hash, one-time-code secret, and the invitation that is open.

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
    """``codes``: the secret of the one-time codes that it offers, sealed."""

    id: str
    made_by: str
    made_at: datetime
    ends: datetime
    codes: bytes


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """``password``: its hash (argon2id). ``codes``: the secret of the one-time codes, sealed; None: none was set up.
    ``last_code``: the time step of the last code that was taken, so that none is taken twice. ``accepted``: id of the
    invitation by which the password was set; accounts of before have none."""

    city: str
    person: str
    password: str | None = None
    codes: bytes | None = None
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
        codes: bytes | None,
        last_code: int,
        address: str,
    ) -> bool:
        """Set password and one-time codes and spend the invitation; False when it is not open any more.

        ``address`` (its hash) is the only one from which the person signed in so far.
        """
        where: Document = {"_id": f"{city}/{person}", "invitation.id": invitation}
        change: Document = {
            "password": password,
            "codes": codes,
            "last_code": last_code,
            "invitation": None,
            "addresses": [address],
            "accepted": invitation,
        }
        return await self._rows.update(where, {"$set": change}) == 1

    async def take_code(self, city: str, person: str, step: int) -> bool:
        """The code of a time step is used; False when it was before, or a newer one was."""
        where: Document = {"_id": f"{city}/{person}", "last_code": {"$lt": step}}
        return await self._rows.update(where, {"$set": {"last_code": step}}) == 1

    async def signed_in_from(self, account: Account, address: str) -> None:
        """Keep that the person signed in from this address (its hash)."""
        if address not in account.addresses:
            kept = [address, *account.addresses][:ADDRESSES_MAX]
            await self._rows.update({"_id": f"{account.city}/{account.person}"}, {"$set": {"addresses": kept}})

    async def set_password(self, account: Account, password: str) -> None:
        """The same password hashed with today's costs; nothing happens when another was set meanwhile."""
        where: Document = {"_id": f"{account.city}/{account.person}", "password": account.password}
        await self._rows.update(where, {"$set": {"password": password}})

    async def keep_only(self, city: str, people: list[str]) -> None:
        """Delete the accounts of those who are not in the city's pack any more: who comes back is invited anew."""
        await self._rows.delete({"city": city, "person": {"$nin": people}})
