"""What a reporter does with a report later: rates it, adds to it, withdraws it, answers a question.

Each is one guarded update of the report that carries its event, done once for each idempotency key.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.intake.domain.submission import clean_words
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.confidential import added
from services.intake.privacy.sealing import Vault
from services.intake.reports.bodies import AdditionBody, RatingBody, WithdrawBody
from services.intake.reports.progress_record import CaseProgress, ReportStatus
from services.intake.reports.report_events import action_event
from services.intake.reports.report_record import RememberedKey, ReportRecord
from services.intake.reports.report_store import ReportStore
from shared.contracts import reports as contract
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, conflict, invalid, key_reused, not_found, unavailable
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka.outbox_relay import Outbox

ROUNDS_MAX = 5
RATED_STATES = frozenset({"resolved", "closed"})
_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class ActionKey:
    """An idempotency key of one report. ``action``: rating, additions or withdraw, which have keys of their own.

    ``old``: as version 0.1.0 remembered it, where a rating and an addition could have the same; empty: it cannot.
    """

    id: str
    action: str
    old: str = ""

    def fingerprint(self, body: msgspec.Struct, id_: str) -> str:
        """Of action and body, as it is remembered under ``id_``."""
        said = _encoder.encode(body).decode()
        return _short(said if id_ == self.old else f"{self.action}\n{said}")


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """Who wants to do something with which report, and under which key."""

    sender: Principal
    report: str
    key: ActionKey
    trace: str


@dataclass(frozen=True, slots=True)
class RecordedAction:
    """The action is durable since ``at``; ``replayed``: an earlier request with the same key did it."""

    report: str
    at: datetime
    replayed: bool


@dataclass(frozen=True, slots=True)
class Action:
    """What an action makes: the event's type, the case that keys it and its data; and the report with it done."""

    type: str
    case: str
    data: msgspec.Struct
    after: ReportRecord


Read = Callable[[], Awaitable[ReportStatus | None]]
Decide = Callable[[ReportStatus], Action]


def action_key(report: str, path: str, key: str) -> ActionKey:
    """The key of a request to ``path``, the address of the action: ``/v1/reports/{id}/rating``."""
    return ActionKey(_short(f"{report}\n{key}"), path.rpartition("/")[2], _short(f"{path}\n{key}"))


class ReporterActions:
    """Carries out what reporters do later. Every method raises ``Refusal``."""

    def __init__(self, store: ReportStore, photos: PhotoStore, vault: Vault, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._photos = photos
        self._outbox = outbox
        self._clock = clock

    async def rate(self, request: ActionRequest, body: RatingBody) -> RecordedAction:
        """Once the case is resolved; may reopen it."""
        return await self._requested(request, body, lambda status: _rated(status, body))

    async def add(self, request: ActionRequest, body: AdditionBody) -> RecordedAction:
        """More words or photos, or that it is fixed."""
        if body.text is None and not body.photos and not body.fixed:
            raise invalid(FieldError("", "needs text, photos or fixed"))
        return await self._requested(request, body, lambda status: _added(status, body), body.photos)

    async def withdraw(self, request: ActionRequest, body: WithdrawBody) -> RecordedAction:
        """The report is taken back; its case stays until an officer ends it."""
        return await self._requested(request, body, lambda status: _withdrawn(status, body))

    async def answer(self, report: ReportRecord, text: str, question: str, trace: str) -> RecordedAction:
        """An addition from the answer page, once for each ``question``, however often the button is pressed.

        422 where another text was recorded first.
        """
        body = AdditionBody(text=text)
        key = ActionKey(_short(f"answer {question}"), "additions")

        async def read() -> ReportStatus | None:
            return await self._store.status(report.city, None, report.id)

        return await self._record(read, body, lambda status: _added(status, body), key, trace)

    async def _requested(
        self, request: ActionRequest, body: msgspec.Struct, decide: Decide, photos: list[str] | None = None
    ) -> RecordedAction:
        sender = request.sender

        async def read() -> ReportStatus | None:
            return await self._store.status(sender.city, sender.app, request.report)

        claims = (sender, photos) if photos else None
        return await self._record(read, body, decide, request.key, request.trace, claims)

    async def _record(
        self,
        read: Read,
        body: msgspec.Struct,
        decide: Decide,
        key: ActionKey,
        trace: str,
        claims: tuple[Principal, list[str]] | None = None,
    ) -> RecordedAction:
        for _ in range(ROUNDS_MAX):
            status = await read()
            if status is None:
                raise not_found("report")
            if (replayed := await self._replayed(status.report, body, key)) is not None:
                return replayed
            if claims is not None:
                await self._photos.claim_for_report(*claims, status.report.id)
            action, now = decide(status), self._clock.now()
            entry = RememberedKey(id=key.id, fingerprint=key.fingerprint(body, key.id), at=now)
            if await self._save(status.report, action, entry, trace):
                return RecordedAction(status.report.id, now, replayed=False)
        raise unavailable("The report is changing. Repeat with the same key.", retry_after=1)

    async def _replayed(self, report: ReportRecord, body: msgspec.Struct, key: ActionKey) -> RecordedAction | None:
        """What an earlier request with this key recorded. Raises ``Refusal`` 422 where its body was another."""
        first = await self._store.remembered(report, key.id, key.old)
        if first is None:
            return None
        plain = key.fingerprint(body, first.id)
        if first.fingerprint not in (self._kept(report, plain), plain):  # 0.1.0 kept the plain one
            raise key_reused()
        return RecordedAction(report.id, first.at, replayed=True)

    async def _save(self, report: ReportRecord, action: Action, key: RememberedKey, trace: str) -> bool:
        """False when the report was changed meanwhile."""
        if report.sealed is not None:
            action = self._sealed(report, action, key.at)
        event = action_event(report, action.case, action.type, action.data, key.at, trace)
        kept = msgspec.structs.replace(key, fingerprint=self._kept(report, key.fingerprint))
        if not await self._store.save_action(report, action.after, event, kept):
            return False
        self._outbox.offer(report.id, report.version + 1, [event])
        return True

    def _kept(self, report: ReportRecord, fingerprint: str) -> str:
        """The fingerprint as it is remembered: for a confidential report keyed, so that nobody can try words on it."""
        return fingerprint if report.sealed is None else self._vault.digest(report.id, fingerprint)

    def _sealed(self, report: ReportRecord, action: Action, now: datetime) -> Action:
        """For a confidential report: words and photos are sealed, and the event says only what was done."""
        said = {n: value for n in ("text", "reason", "photos") if (value := getattr(action.data, n, None))}
        empty = {n: type(value)() if n != "text" else None for n, value in said.items()}
        sealed = report.sealed
        if said and sealed is not None:
            sealed = added(report.id, sealed, self._vault, {"at": now, **said})
        after = msgspec.structs.replace(action.after, added_photos=report.added_photos, sealed=sealed)
        return Action(action.type, action.case, msgspec.structs.replace(action.data, **empty), after)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _case_of(status: ReportStatus, act: str) -> CaseProgress:
    if status.case is None:
        raise conflict("not-open", f"The report is not with a community yet; {act} a moment later.", commands=[])
    return status.case


def _words(text: str | None, pointer: str) -> str | None:
    errors: list[FieldError] = []
    cleaned = clean_words(text, pointer, errors) if text is not None else None
    if errors:
        raise invalid(*errors)
    return cleaned


def _rated(status: ReportStatus, body: RatingBody) -> Action:
    case = _case_of(status, "rate it")
    if case.state not in RATED_STATES:
        raise conflict("not-open", "It is rated when it is resolved.", state=case.state)
    text = _words(body.text, "/text")
    data = contract.ReportRated(report=status.report.id, case=case.id, score=body.score, text=text)
    return Action("report.rated.v1", case.id, data, msgspec.structs.replace(status.report, rating=body.score))


def _added(status: ReportStatus, body: AdditionBody) -> Action:
    case = _case_of(status, "add to it")
    data = contract.ReportAdded(
        report=status.report.id,
        case=case.id,
        text=_words(body.text, "/text"),
        photos=body.photos,
        fixed=body.fixed,
    )
    photos = [*status.report.added_photos, *body.photos]
    return Action("report.added.v1", case.id, data, msgspec.structs.replace(status.report, added_photos=photos))


def _withdrawn(status: ReportStatus, body: WithdrawBody) -> Action:
    case = _case_of(status, "withdraw it")
    data = contract.ReportWithdrawn(report=status.report.id, case=case.id, reason=_words(body.reason, "/reason") or "")
    return Action("report.withdrawn.v1", case.id, data, msgspec.structs.replace(status.report, withdrawn=True))
