"""What a reporter does with a report later: rates it, adds to it, withdraws it, answers a question. For a reporter who
has no app an officer enters it.

Each is one guarded update of the report that carries its event, done once for each idempotency key.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from services.intake.domain.submission import clean_words
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.confidential import added
from services.intake.privacy.sealing import Vault
from services.intake.reports.bodies import AdditionBody, ObjectionBody, RatingBody, WithdrawBody
from services.intake.reports.progress_record import CaseProgress, ReportStatus
from services.intake.reports.report_events import action_event
from services.intake.reports.report_record import OwnStep, RememberedKey, ReportRecord
from services.intake.reports.report_store import ReportStore
from shared.city.texts.reporter_steps import ReporterStep, word
from shared.contracts import reports as contract
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, conflict, invalid, key_reused, not_found, unavailable
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka.outbox_relay import Outbox

ROUNDS_MAX = 5
DISSATISFIED = 1
"""The score of a rating that says 不满意."""
RATED_STATES = frozenset({"resolved", "closed", "rejected"})
_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class ActionKey:
    """An idempotency key of one report. ``action``: rating, objection, additions or withdraw; each has keys of its own.

    ``old``: as version 0.1.0 remembered it, where a rating and an addition could have the same; empty: it cannot.
    """

    id: str
    action: str
    old: str = ""

    def fingerprint(self, body: msgspec.Struct, id_: str) -> str:
        """Of action and body, as it is remembered under ``id_``."""
        said = _encoder.encode(body).decode()
        return _short(said if id_ == self.old else f"{self.action}\n{said}")


Check = Callable[[ReportStatus], None]
"""Raises ``Refusal`` 404 or 403 where the sender may not do it."""


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """Who requests an action on which report, and under which key. ``check``: whether the sender may do it."""

    sender: Principal
    report: str
    key: ActionKey
    trace: str
    check: Check | None = None

    @property
    def entered(self) -> dict[str, str | None]:
        """Of an event: the officer who enters it for the reporter; empty when the reporter's app sends it."""
        person, unit = self.sender.person, self.sender.unit
        return {} if person is None else {"entered_by": person, "entered_unit": unit}


@dataclass(frozen=True, slots=True)
class RecordedAction:
    """The action is durable since ``at``; ``replayed``: an earlier request with the same key did it."""

    report: str
    at: datetime
    replayed: bool


@dataclass(frozen=True, slots=True)
class Action:
    """The result of an action: its event's type, case (the Kafka key) and data, the report after it, and its step."""

    type: str
    case: str
    data: msgspec.Struct
    after: ReportRecord
    step: ReporterStep | None = None


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
        """Rates the report, once its case is resolved or rejected; may reopen the case, or object to the rejection."""
        return await self._requested(request, body, lambda status: _rated(status, body, request))

    async def object(self, request: ActionRequest, body: ObjectionBody) -> RecordedAction:
        """Objects to a rejection, as a rating of 1 does: a higher level rules, once."""
        return await self._requested(request, body, lambda status: _objected(status, body, request))

    async def add(self, request: ActionRequest, body: AdditionBody) -> RecordedAction:
        """Adds text or photos, or that it is fixed."""
        if body.text is None and not body.photos and not body.fixed:
            raise invalid(FieldError("", "needs text, photos or fixed"))
        return await self._requested(request, body, lambda status: _added(status, body, request.entered), body.photos)

    async def withdraw(self, request: ActionRequest, body: WithdrawBody) -> RecordedAction:
        """Withdraws the report; its case stays until an officer ends it."""
        return await self._requested(request, body, lambda status: _withdrawn(status, body, request.entered))

    async def answer(self, report: ReportRecord, text: str, question: str, trace: str) -> RecordedAction:
        """An addition from the answer page, once for each ``question``, however often the button is pressed.

        422 where another text was recorded first.
        """
        body = AdditionBody(text=text)
        key = ActionKey(_short(f"answer {question}"), "additions")

        async def read() -> ReportStatus | None:
            return await self._store.status(report.city, None, report.id)

        return await self._record(read, body, lambda status: _added(status, body, {}), key, trace)

    async def _requested(
        self, request: ActionRequest, body: msgspec.Struct, decide: Decide, photos: list[str] | None = None
    ) -> RecordedAction:
        sender = request.sender

        async def read() -> ReportStatus | None:
            return await self._store.status(sender.city, sender.app, request.report, sender.reporter)

        claims = (sender, photos) if photos else None
        return await self._record(read, body, decide, request.key, request.trace, claims, request.check)

    async def _record(
        self,
        read: Read,
        body: msgspec.Struct,
        decide: Decide,
        key: ActionKey,
        trace: str,
        claims: tuple[Principal, list[str]] | None = None,
        check: Check | None = None,
    ) -> RecordedAction:
        for _ in range(ROUNDS_MAX):
            status = await read()
            if status is None:
                raise not_found("report")
            if (replayed := await self._replayed(status.report, body, key)) is not None:
                return replayed
            if check is not None:
                check(status)
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
        step = OwnStep(at=key.at, what=action.step, text=word(action.step, "zh")) if action.step is not None else None
        if not await self._store.save_action(report, action.after, event, kept, step):
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
        return replace(action, data=msgspec.structs.replace(action.data, **empty), after=after)


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


def _rated(status: ReportStatus, body: RatingBody, request: ActionRequest) -> Action:
    case = _case_of(status, "rate it")
    if case.state not in RATED_STATES:
        raise conflict("not-open", "It is rated once it is resolved, closed or rejected.", state=case.state)
    text = _words(body.text, "/text")
    report, score = status.report, body.score
    data = contract.ReportRated(report=report.id, case=case.id, score=score, text=text, **request.entered)
    after = msgspec.structs.replace(report, rating=score, rating_entered_by=request.sender.person)
    return Action("report.rated.v1", case.id, data, after)


def _objected(status: ReportStatus, body: ObjectionBody, request: ActionRequest) -> Action:
    case = _case_of(status, "object")
    if case.state != "rejected":
        raise conflict("not-open", "One objects to a report that was not taken on.", state=case.state)
    return _rated(status, RatingBody(DISSATISFIED, body.reason), request)


def _added(status: ReportStatus, body: AdditionBody, entered: dict[str, str | None]) -> Action:
    case = _case_of(status, "add to it")
    data = contract.ReportAdded(
        report=status.report.id,
        case=case.id,
        text=_words(body.text, "/text"),
        photos=body.photos,
        fixed=body.fixed,
        **entered,
    )
    photos = [*status.report.added_photos, *body.photos]
    after = msgspec.structs.replace(status.report, added_photos=photos)
    answers = case.state == "waiting_reporter"  # the case itself tells then that it was answered
    return Action("report.added.v1", case.id, data, after, None if answers else "report.added")


def _withdrawn(status: ReportStatus, body: WithdrawBody, entered: dict[str, str | None]) -> Action:
    case = _case_of(status, "withdraw it")
    reason = _words(body.reason, "/reason") or ""
    data = contract.ReportWithdrawn(report=status.report.id, case=case.id, reason=reason, **entered)
    after = msgspec.structs.replace(status.report, withdrawn=True)
    step: ReporterStep | None = None if status.report.withdrawn else "report.withdrawn"
    return Action("report.withdrawn.v1", case.id, data, after, step)
