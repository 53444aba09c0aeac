"""The address of an invitation or of a login link, and the short code that stands for it in text messages by template.

Neither is stored: an address is made of the invitation with the installation's secret, a code is derived in the same
way, and only the code's hash is kept, with the invitation that it leads to.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

import msgspec

from services.notifier.http.short_links import code_from
from services.notifier.invitations.delivery import InvitationDelivery, Opens
from shared.runtime.http_server.invitation_links import LOGIN_LINKS, InvitationLinks
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

KEPT = timedelta(days=5)
"""Longer than an invitation is open."""
INDEXES = (IndexModel([("at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),)


class CodedInvitation(msgspec.Struct, frozen=True, kw_only=True, rename={"hashed": "_id"}):
    """A document of ``invitation_codes``. ``hashed``: of the code; ``at``: real time."""

    hashed: str
    city: str
    person: str
    invitation: str
    ends: datetime
    at: datetime
    what: Opens = "invitation"


class InvitationAddresses:
    """Makes addresses and codes. ``public_url``: the console's address."""

    def __init__(self, secret: str, database: Database, public_url: str) -> None:
        self._key = hmac.digest(secret.encode(), b"codes of invitations", "sha256")
        self._links = {"invitation": InvitationLinks(secret), "login_link": InvitationLinks(secret, LOGIN_LINKS)}
        self._public_url = public_url.rstrip("/")
        self.rows: Collection = database.collection("invitation_codes")

    def address(self, invited: InvitationDelivery | CodedInvitation) -> str:
        """Where the person sets a password, or says that it is he who signs in."""
        token = self._links[invited.what].token(invited.city, invited.person, invited.invitation, invited.ends)
        return f"{self._public_url}/{'i' if invited.what == 'invitation' else 'l'}/{token}"

    async def code(self, delivery: InvitationDelivery) -> str:
        """Twelve letters and digits that lead to the address from now on. Raises ``MongoError``."""
        of = f"{delivery.city}/{delivery.person}/{delivery.invitation}"
        code = code_from(hmac.digest(self._key, of.encode(), "sha256"))
        made = CodedInvitation(
            hashed=_hashed(code),
            city=delivery.city,
            person=delivery.person,
            invitation=delivery.invitation,
            ends=delivery.ends,
            at=real_now(),
            what=delivery.what,
        )
        document: Document = msgspec.to_builtins(made, builtin_types=(datetime,))
        await self.rows.insert(document)
        return code

    async def behind(self, code: str) -> str | None:
        """The address to which a code leads; None for one of no invitation. Raises ``MongoError``."""
        document = await self.rows.find_one({"_id": _hashed(code)})
        return self.address(msgspec.convert(document, CodedInvitation)) if document is not None else None


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
