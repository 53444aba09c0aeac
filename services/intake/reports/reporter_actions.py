"""A reporter's later words: a rating, an addition, a withdrawal. Each is one guarded update that carries its event."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from services.intake.domain.submission import clean_words
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.confidential import added
from services.intake.privacy.sealing import Vault
from services.intake.reports.bodies import AdditionBody, RatingBody, WithdrawBody
from services.intake.reports.report_store import ReportStore
from shared.contracts import reports as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, conflict, invalid, key_reused, not_found, unavailable
from shared.kernel.ids import event_id
from shared.runtime.http_server.server import Answer, Call
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka.outbox_relay import Outbox
from shared.runtime.storage.mongo import Document

ROUNDS_MAX = 5
RATED_STATES = frozenset({"resolved", "closed"})
_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Word:
    """What a reporter's act makes: the event's type and data, and the fields that the report keeps."""

    type: str
    data: msgspec.Struct
    fields: Document


Make = Callable[[Document, Any], Word]


class Reporters:
    """Carries out reporters' later words."""

    def __init__(self, store: ReportStore, photos: PhotoStore, vault: Vault, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._photos = photos
        self._outbox = outbox
        self._clock = clock

    async def rate(self, call: Call) -> Answer:
        return await self._act(call, _rated)

    async def add(self, call: Call) -> Answer:
        body = call.body_as(AdditionBody)
        if body.text is None and not body.photos and not body.fixed:
            raise invalid(FieldError("", "needs text, photos or fixed"))
        return await self._act(call, _added, photos=body.photos)

    async def withdraw(self, call: Call) -> Answer:
        return await self._act(call, _withdrawn)

    async def answer(self, report: Document, text: str, key: str, trace: str) -> None:
        """An addition by a link instead of an app's key: once for each ``key``, however often it is pressed.

        Raises ``Refusal`` 422 where another text came first.
        """

        async def read() -> Document | None:
            return await self._store.get(report["city"], None, report["_id"])

        await self._recorded(read, AdditionBody(text=text), _added, _Key(_short(f"answer {key}")), trace)

    async def _act(self, call: Call, make: Make, photos: list[str] | None = None) -> Answer:
        who = call.principal
        path = call.request.url.path
        key = _Key(_short(f"{call.path['id']}\n{call.key}"), path.rpartition("/")[2], _short(f"{path}\n{call.key}"))

        async def read() -> Document | None:
            return await self._store.get(who.city, who.app, call.path["id"])

        return await self._recorded(read, call.body, make, key, call.trace, (who, photos) if photos else None)

    async def _recorded(
        self,
        read: Callable[[], Awaitable[Document | None]],
        body: Any,
        make: Make,
        key: "_Key",
        trace: str,
        claims: tuple[Principal, list[str]] | None = None,
    ) -> Answer:
        for _ in range(ROUNDS_MAX):
            report = await read()
            if report is None:
                raise not_found("report")
            first = await self._store.keys.came(report, key.id, key.old)
            if first is not None:
                plain = key.fingerprint(body, first["id"])
                if first["fingerprint"] not in (self._kept(report, plain), plain):  # 0.1.0 kept the plain one
                    raise key_reused()
                return Answer(_answer(report["_id"], first["at"]), headers={"idempotent-replayed": "true"})
            if claims is not None:
                await self._photos.claim_for_report(*claims, report["_id"])
            word = make(report, body)
            now = self._clock.now()
            if "sealed" in report:
                word = self._sealed(report, word, now)
            event = _event(report, word, now, trace)
            command = {"id": key.id, "fingerprint": self._kept(report, key.fingerprint(body, key.id)), "at": now}
            if await self._store.act(report, event, command, word.fields):
                self._outbox.offer(report["_id"], report["version"] + 1, [event])
                return Answer(_answer(report["_id"], now))
        raise unavailable("The report is changing. Repeat with the same key.", retry_after=1)

    def _kept(self, report: Document, fingerprint: str) -> str:
        """As it is remembered: of a confidential report nobody can try words against it."""
        return fingerprint if "sealed" not in report else self._vault.digest(report["_id"], fingerprint)

    def _sealed(self, report: Document, word: Word, now: datetime) -> Word:
        """What a confidential report's reporter says later is sealed as well; the event tells that it was said."""
        said = {n: value for n in ("text", "reason", "photos") if (value := getattr(word.data, n, None))}
        without = {n: type(value)() if n != "text" else None for n, value in said.items()}
        fields = {name: value for name, value in word.fields.items() if name != "added_photos"}
        if said:
            fields |= added(report, self._vault, {"at": now, **said})
        return Word(word.type, msgspec.structs.replace(word.data, **without), fields)


@dataclass(frozen=True, slots=True)
class _Key:
    """An idempotency key of one report, and the word that came under it.

    ``old``: as version 0.1.0 remembered it, which let a rating and an addition have the same.
    """

    id: str
    word: str = "additions"
    old: str = ""

    def fingerprint(self, body: Any, id_: str) -> str:
        """Of word and body, as it is remembered under ``id_``."""
        said = _encoder.encode(body).decode()
        return _short(said if id_ == self.old else f"{self.word}\n{said}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _answer(report: str, at: datetime) -> dict[str, Any]:
    return {"id": report, "status": "recorded", "at": at}


def _event(report: Document, word: Word, now: datetime, trace: str) -> Envelope:
    version = report["version"] + 1
    return Envelope(
        id=event_id(report["_id"], version, 0),
        type=word.type,
        topic=contract.TOPIC,
        key=report["case"]["id"],
        subject=report["_id"],
        city=report["city"],
        sequence=version,
        time=now,
        trace=trace,
        data=encode(word.data),
    )


def _case(report: Document, act: str) -> str:
    case = report.get("case")
    if case is None:
        raise conflict("not-open", f"The report is not with a community yet; {act} a moment later.", commands=[])
    return str(case["id"])


def _words(text: str | None, pointer: str) -> str | None:
    errors: list[FieldError] = []
    cleaned = clean_words(text, pointer, errors) if text is not None else None
    if errors:
        raise invalid(*errors)
    return cleaned


def _rated(report: Document, body: RatingBody) -> Word:
    case = _case(report, "rate it")
    if report["case"]["state"] not in RATED_STATES:
        raise conflict("not-open", "It is rated when it is resolved.", state=report["case"]["state"])
    text = _words(body.text, "/text")
    data = contract.ReportRated(report=report["_id"], case=case, score=body.score, text=text)
    return Word("report.rated.v1", data, {"rating": body.score})


def _added(report: Document, body: AdditionBody) -> Word:
    data = contract.ReportAdded(
        report=report["_id"],
        case=_case(report, "add to it"),
        text=_words(body.text, "/text"),
        photos=body.photos,
        fixed=body.fixed,
    )
    return Word("report.added.v1", data, {"added_photos": [*report.get("added_photos", ()), *body.photos]})


def _withdrawn(report: Document, body: WithdrawBody) -> Word:
    reason = _words(body.reason, "/reason") or ""
    data = contract.ReportWithdrawn(report=report["_id"], case=_case(report, "withdraw it"), reason=reason)
    return Word("report.withdrawn.v1", data, {"withdrawn": True})
