"""Idempotency keys for routes whose effect is not one document that could store the key itself.

The first request with a key stores the key and a fingerprint of its body, with a lease, and then does the work. The
same key with another body is refused (422). Repeats that come meanwhile wait for the first answer; later ones get the
stored answer. If the process dies with the key claimed, the next repeat after the lease does the work again: only a
crash can make it happen twice.
"""

import asyncio
import hmac
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from shared.kernel.errors import Refusal, key_reused, unavailable
from shared.kernel.ids import Ids, plain_id
from shared.runtime.http_server.route import READ_ON_LOOP_MAX, Answer, Call, Handler, ReplayAnswer, Route
from shared.runtime.storage.mongo import Collection, Document, IndexModel, MongoError
from shared.runtime.timekeeping.wall_clock import real_now

KEPT_SECONDS = 400 * 24 * 3600
LEASE = timedelta(seconds=60)
"""Longer than any of these requests takes: the slowest, loading a city's pack, takes a few seconds."""
WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.05
FOR_GOOD = frozenset({409, 412})
"""Refusals that are stored as the key's answer. After any other the key is free, and the request can be corrected."""
INDEXES = (IndexModel([("at", 1)], name="forgotten", expireAfterSeconds=KEPT_SECONDS),)
_encoder = msgspec.json.Encoder(order="sorted")


class IdempotentRequests:
    """The collection ``asked`` of a service: key → fingerprint of the request, and its first answer."""

    def __init__(self, rows: Collection, secret: str, ids: Ids) -> None:
        self._rows = rows
        self._ids = ids
        self._secret = hmac.digest(secret.encode(), b"fingerprints of requests", "sha256")

    def bound(self, route: Route) -> Route:
        """``route`` with an idempotent handler, if it declares ``idempotent_as``; else unchanged."""
        if not route.idempotent_as:
            return route

        async def handler(call: Call) -> Answer:
            return await self._answer(route, call)

        return replace(route, handler=handler)

    async def _answer(self, route: Route, call: Call) -> Answer:
        """The answer of the route's handler, or the stored first answer. Raises ``Refusal``."""
        who = call.principal
        id_ = plain_id("o", who.city, who.kind, who.who, route.idempotent_as, call.path.get("id", ""), call.key)
        body = call.raw if route.raw_max else call.body
        said = await asyncio.to_thread(self._fingerprint, route, body) if len(call.raw) > READ_ON_LOOP_MAX else None
        mark, first = await self._claimed(id_, said or self._fingerprint(route, body))
        if first is not None:
            return await _repeated(first, call, route.replay_answer)
        try:
            answer = await _answered(route.handler, call)
        except Refusal as refusal:
            if refusal.status in FOR_GOOD:
                kept = {"kind": refusal.kind, "detail": refusal.detail, "extra": refusal.extra}
                await self._settle(id_, mark, refusal.status, kept)
            else:
                await self._rows.delete({"_id": id_, "mark": mark})
            raise
        except BaseException:
            with suppress(MongoError):  # end the lease, so that a repeat need not wait for it
                await self._rows.update({"_id": id_, "mark": mark}, {"$set": {"lease_until": real_now()}})
            raise
        await self._settle(id_, mark, answer.status, answer.body if answer.stored_body is None else answer.stored_body)
        return answer

    async def _claimed(self, id_: str, said: str) -> tuple[str, Document | None]:
        """The mark under which the key is the caller's, or the first answer."""
        mark, ends = self._ids(16), time.monotonic() + WAIT_SECONDS
        while True:
            now = real_now()
            row = {"_id": id_, "fingerprint": said, "mark": mark, "lease_until": now + LEASE, "at": now}
            if await self._rows.insert(row):
                return mark, None
            found = await self._rows.find_one({"_id": id_})
            if found is not None and found["fingerprint"] != said:
                raise key_reused()
            if found is not None and "status" in found:
                return mark, found
            if found is not None and found["lease_until"] <= now:
                mine = {"mark": mark, "lease_until": now + LEASE}
                if await self._rows.update({"_id": id_, "mark": found["mark"], "status": None}, {"$set": mine}):
                    return mark, None
            if time.monotonic() > ends:
                raise unavailable("This request is being carried out. Repeat with the same key.")
            await asyncio.sleep(LOOK_SECONDS)

    async def _settle(self, id_: str, mark: str, status: int, body: object) -> None:
        answer = {"status": status, "body": _encoder.encode(body).decode()}
        await self._rows.update({"_id": id_, "mark": mark}, {"$set": answer})

    def _fingerprint(self, route: Route, body: Any) -> str:
        """Equal for bodies that are equal after parsing and defaults. It is an HMAC, so that nobody who reads the
        database can guess names and numbers in it by hashing candidates."""
        sent = body if isinstance(body, bytes) else _encoder.encode(body)
        said = f"{route.method} {route.path}\n".encode() + sent
        return hmac.digest(self._secret, said, "sha256").hex()


async def _answered(handler: Handler, call: Call) -> Answer:
    answer = await handler(call)
    assert isinstance(answer, Answer)  # noqa: S101 - what is kept is JSON
    return answer


async def _repeated(first: Document, call: Call, replay_answer: ReplayAnswer | None) -> Answer:
    headers = {"idempotent-replayed": "true"}
    if first["status"] < 400 and replay_answer is None:
        return Answer(msgspec.Raw(first["body"].encode()), first["status"], headers)
    body: Any = msgspec.json.decode(first["body"])
    if first["status"] >= 400:
        raise Refusal(first["status"], body["kind"], body["detail"], extra=body["extra"], replayed=True)
    assert replay_answer is not None  # noqa: S101 - see above
    return Answer((await replay_answer(call, body)).body, first["status"], headers)
