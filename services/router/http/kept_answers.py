"""The first answer to an idempotency key, as it was sent; it is sent again whenever the key comes again."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from services.router.cases.case_store import CaseStore
from services.router.cases.sealed_words import SealedWords
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Answer
from shared.runtime.storage.mongo import Document
from shared.runtime.timekeeping.wall_clock import real_now

_encoder = msgspec.json.Encoder()


class KeptAnswers:
    """The store of first answers; those about a confidential case are sealed."""

    def __init__(self, store: CaseStore, words: SealedWords) -> None:
        self._store = store
        self._words = words

    async def of(self, key: str) -> "KeptAnswer | None":
        """The first answer to ``key``, if there was one."""
        found = await self._store.answered(key)
        return None if found is None else KeptAnswer(found, self._words)

    async def keep(self, key: str, fingerprint: str, answer: Answer, confidential: str | None = None) -> Answer:
        """Stores ``answer`` and returns it as it is to be sent. ``confidential``: the confidential case it is about."""
        body = _encoder.encode(answer.body)
        kept = body.decode() if confidential is None else self._words.seal(confidential, body.decode())
        await self._keep(key, fingerprint, answer.status, kept, answer.headers, sealed=confidential is not None)
        return Answer(msgspec.Raw(body), answer.status, answer.headers)

    async def keep_refusal(self, key: str, fingerprint: str, refusal: Refusal) -> None:
        """Stores a refusal with 409 or 412, which stays the answer to the key. After another one the caller may correct
        the request and send it again under the key."""
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
                # Real time: MongoDB deletes answers by its own clock, not by one that was moved for a test.
                "at": real_now(),
                **({"sealed": True} if sealed else {}),
            }
        )


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A first answer, as it is stored."""

    kept: Document
    words: SealedWords

    def is_for(self, fingerprint: str) -> bool:
        """Whether it is the answer to this command and body."""
        return self.kept["fingerprint"] in (
            self.words.digest(fingerprint),
            fingerprint,
        )  # 0.1.0 kept it without the digest

    def repeated(self) -> Answer:
        """The answer again. Raises it where it was a ``Refusal``."""
        body = self.words.opened(self.kept["body"]) if self.kept.get("sealed") else self.kept["body"]
        if self.kept["status"] >= 400:
            said = msgspec.json.decode(body)
            raise Refusal(self.kept["status"], said["kind"], said["detail"], extra=said["extra"], replayed=True)
        headers = {**self.kept["headers"], "idempotent-replayed": "true"}
        return Answer(msgspec.Raw(body.encode()), self.kept["status"], headers)
