"""The first answer to an idempotency key, and that one again whenever the key comes again."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from services.router.sealed_words import SealedWords
from services.router.store import CaseStore
from shared.kernel.errors import Refusal, key_reused
from shared.runtime.http_server import Answer
from shared.runtime.relay import real_now

_encoder = msgspec.json.Encoder()


class FirstAnswers:
    """Keeps and repeats first answers; those about a confidential case are kept sealed."""

    def __init__(self, store: CaseStore, words: SealedWords) -> None:
        self._store = store
        self._words = words

    async def replay(self, key: str, fingerprint: str) -> Answer | None:
        """The first answer, or None when there was none. Raises it where it was a ``Refusal``, 422 for another body."""
        first = await self._store.answered(key)
        if first is None:
            return None
        if first["fingerprint"] not in (self._words.digest(fingerprint), fingerprint):  # an older version kept it bare
            raise key_reused()
        return _replayed({**first, "body": self._words.opened(first["body"])} if first.get("sealed") else first)

    async def keep(self, key: str, fingerprint: str, answer: Answer, confidential: str | None = None) -> Answer:
        """Keep ``answer``; as it is to be sent. ``confidential``: the case of that kind which it is about."""
        body = _encoder.encode(answer.body)
        kept = body.decode() if confidential is None else self._words.seal(confidential, body.decode())
        await self._keep(key, fingerprint, answer.status, kept, answer.headers, sealed=confidential is not None)
        return Answer(msgspec.Raw(body), answer.status, answer.headers)

    async def keep_refusal(self, key: str, fingerprint: str, refusal: Refusal) -> None:
        """What stands in the way now is the answer for good: 409 and 412. Others may be put right and sent again."""
        if refusal.status in (409, 412):
            body = _encoder.encode({"kind": refusal.kind, "detail": refusal.detail, "extra": refusal.extra}).decode()
            await self._keep(key, fingerprint, refusal.status, body, {})

    async def _keep(
        self, key: str, fingerprint: str, status: int, body: str, headers: Mapping[str, str], *, sealed: bool = False
    ) -> None:
        await self._store.keep_answer(
            {
                "_id": key,
                "fingerprint": self._words.digest(fingerprint),
                "status": status,
                "body": body,
                "headers": dict(headers),
                # Real time: MongoDB forgets answers by its own clock, which no moved clock moves.
                "at": real_now(),
                **({"sealed": True} if sealed else {}),
            }
        )


def fingerprint(name: str, body: object) -> str:
    """What "the same body" means: equal after parsing and defaults."""
    return hashlib.sha256(name.encode() + b"\n" + _encoder.encode(body)).hexdigest()


def _replayed(first: dict[str, Any]) -> Answer:
    if first["status"] >= 400:
        kept = msgspec.json.decode(first["body"])
        raise Refusal(first["status"], kept["kind"], kept["detail"], extra=kept["extra"], replayed=True)
    headers = {**first["headers"], "idempotent-replayed": "true"}
    return Answer(msgspec.Raw(first["body"].encode()), first["status"], headers)
