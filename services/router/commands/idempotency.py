"""The first answer to an idempotency key, and that one again whenever the key comes again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from services.router.cases.case_store import CaseStore
from services.router.cases.sealed_words import SealedWords
from shared.kernel.errors import Refusal
from shared.runtime.http_server.server import Answer
from shared.runtime.storage.mongo import Document
from shared.runtime.timekeeping.wall_clock import real_now

_encoder = msgspec.json.Encoder()


class FirstAnswers:
    """Keeps and repeats first answers; those about a confidential case are kept sealed."""

    def __init__(self, store: CaseStore, words: SealedWords) -> None:
        self._store = store
        self._words = words

    async def of(self, key: str) -> "First | None":
        """The first answer to ``key``, if there was one."""
        found = await self._store.answered(key)
        return None if found is None else First(found, self._words)

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


@dataclass(frozen=True, slots=True)
class First:
    """A first answer, as it was kept."""

    kept: Document
    words: SealedWords

    def to(self, fingerprint: str) -> bool:
        """Whether this is what came first."""
        return self.kept["fingerprint"] in (self.words.digest(fingerprint), fingerprint)  # 0.1.0 kept it bare

    def repeated(self) -> Answer:
        """The answer. Raises it where it was a ``Refusal``."""
        body = self.words.opened(self.kept["body"]) if self.kept.get("sealed") else self.kept["body"]
        if self.kept["status"] >= 400:
            said = msgspec.json.decode(body)
            raise Refusal(self.kept["status"], said["kind"], said["detail"], extra=said["extra"], replayed=True)
        headers = {**self.kept["headers"], "idempotent-replayed": "true"}
        return Answer(msgspec.Raw(body.encode()), self.kept["status"], headers)


def fingerprint(name: str, body: object) -> str:
    """What "the same body" means: equal after parsing and defaults."""
    return hashlib.sha256(name.encode() + b"\n" + _encoder.encode(body)).hexdigest()
