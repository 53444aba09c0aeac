"""Short codes that stand for addresses in text messages, where an address is a few fixed words and a variable.

A code is twelve letters and digits (71 bits), derived from the alert with the installation's secret: nobody can guess
it, and the same alert always has the same one. Which alert it stands for is stored for two days, a day longer than the
link lasts. Codes of invitations: ``services/notifier/invitations/addresses.py``.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
from starlette.responses import RedirectResponse

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import Alert
from services.notifier.http.one_press_links import OnePressLinks
from shared.runtime.http_server.route import Call, Route, get
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel
from shared.runtime.timekeeping.wall_clock import real_now

LENGTH = 12
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEPT = timedelta(days=2)
INDEXES = (IndexModel([("at", 1)], name="old", expireAfterSeconds=int(KEPT.total_seconds())),)
OtherAddress = Callable[[str], Awaitable[str | None]]
"""From a code to an address that is no alert's."""
_CODE = re.compile(rf"[{LETTERS}]{{{LENGTH}}}")


class ShortLink(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A document of ``short_links``: the code ``id`` stands for the link of an alert; made ``at`` (real time)."""

    id: str
    city: str
    alert: str
    at: datetime


class ShortLinks:
    """Makes codes, and leads from a code to the link."""

    def __init__(
        self,
        secret: str,
        database: Database,
        alerts: AlertStore,
        links: OnePressLinks,
        other: OtherAddress | None = None,
    ) -> None:
        self._key = hmac.digest(secret.encode(), b"short links", "sha256")
        self.rows: Collection = database.collection("short_links")
        self._alerts = alerts
        self._links = links
        self._other = other

    async def code(self, alert: Alert) -> str:
        """The code of an alert's link, which works from now on. Raises ``MongoError``."""
        made = ShortLink(id=self.code_of(alert), city=alert.city, alert=alert.id, at=real_now())
        document: Document = msgspec.to_builtins(made, builtin_types=(datetime,))
        await self.rows.insert(document)
        return made.id

    def code_of(self, alert: Alert) -> str:
        """The code, whether or not it works yet."""
        return code_from(hmac.digest(self._key, f"{alert.city}/{alert.id}".encode(), "sha256"))

    def routes(self) -> list[Route]:
        """The address in text messages."""
        return [get("/s/{code}", self.follow, "A short link", media=("text/html",), answers={303: None})]

    async def follow(self, call: Call) -> RedirectResponse:
        """To the link's page; for a code that is not ours, to the page that says so. Changes nothing."""
        code = call.path["code"]
        address = await self._address(code) if _CODE.fullmatch(code) else None
        return _to(address or "/a/unknown")

    async def _address(self, code: str) -> str | None:
        document = await self.rows.find_one({"_id": code})
        if document is None:
            return await self._other(code) if self._other is not None else None
        found = msgspec.convert(document, ShortLink)
        alert = await self._alerts.get(found.city, found.alert)
        return self._links.make(alert) if alert is not None else None


def code_from(digest: bytes) -> str:
    """Twelve letters and digits (71 bits) of a digest of 256."""
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(LENGTH):
        number, letter = divmod(number, len(LETTERS))
        letters.append(LETTERS[letter])
    return "".join(letters)


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
