"""The commands over HTTP: for each its body, and the function that makes the domain's command from it.

A line here gives a command its route, its page in OpenAPI and its idempotency.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypedDict, TypeVar

import msgspec

from services.router.command_handling import bodies as b
from services.router.command_handling import pack_lookups as pack
from services.router.command_handling import ruling_lookups as asked
from services.router.command_handling.pack_lookups import Context
from services.router.domain.commands.call_in import ReportIn
from services.router.domain.commands.command import Command
from services.router.domain.commands.consultation import Conclude
from services.router.domain.commands.extension import ApproveExtension, RefuseExtension, RequestExtension
from services.router.domain.commands.field_work import Acknowledge, Claim, Note, OnSite, Release, Start
from services.router.domain.commands.merge import Merge
from services.router.domain.commands.pause import ApprovePause, RefusePause, ResumeClock
from services.router.domain.commands.recusal import LiftRecusal
from services.router.domain.commands.request_info import AnswerInfo
from services.router.domain.commands.rulings.outcomes import ApproveOutcome, RefuseOutcome
from services.router.domain.commands.rulings.rejection import RefuseReject
from services.router.domain.commands.rulings.returns import RefuseReturn
from services.router.domain.commands.sensitivity import UnmarkSensitive
from services.router.domain.commands.supervise import Supervise
from services.router.domain.commands.transfer import Escalate, Refuse
from services.router.domain.commands.unmask import Unmask, Unseal
from shared.city.place.datum import to_wgs84
from shared.kernel.clock import whole_millis
from shared.kernel.errors import FieldError, invalid
from shared.runtime.http_server.field_types import NoBody

B = TypeVar("B", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class FromBody(Generic[B]):
    """A command's body, and the function that makes the command from it."""

    body: type[B]
    make: Callable[[B, Context], Command]


def _of(body: type[B], make: Callable[[B, Context], Command]) -> FromBody[Any]:
    """An entry of the table. Types are checked here, because the table's entries have type ``FromBody[Any]``."""
    return FromBody(body, make)


COMMANDS: dict[str, FromBody[Any]] = {
    "acknowledge": _of(NoBody, lambda body, context: Acknowledge()),
    "claim": _of(NoBody, lambda body, context: Claim()),
    "release": _of(b.OptionalReason, lambda body, context: Release(reason=body.reason)),
    "assign": _of(b.AssignBody, pack.assign),
    "transfer": _of(b.TransferBody, pack.transfer),
    "return": _of(b.ReturnBody, asked.returning),
    "approve_return": _of(b.ReturnApprovalBody, asked.approve_return),
    "refuse_return": _of(b.Reason, lambda body, context: RefuseReturn(reason=body.reason)),
    "accept": _of(NoBody, pack.accept),
    "refuse": _of(b.Reason, lambda body, context: Refuse(reason=body.reason)),
    "on_site": _of(b.ThereBody, lambda body, context: OnSite(**_there(body))),
    "start": _of(b.ThereBody, lambda body, context: Start(**_there(body))),
    "note": _of(b.NoteBody, lambda body, context: Note(text=body.text, photos=tuple(body.photos))),
    "escalate": _of(b.Reason, lambda body, context: Escalate(reason=body.reason)),
    "supervise": _of(b.Reason, lambda body, context: Supervise(reason=body.reason)),
    "recuse": _of(b.RecuseBody, pack.recuse),
    "lift_recusal": _of(b.Reason, lambda body, context: LiftRecusal(reason=body.reason)),
    "mark_sensitive": _of(b.MarkSensitiveBody, pack.mark_sensitive),
    "unmark_sensitive": _of(b.Reason, lambda body, context: UnmarkSensitive(reason=body.reason)),
    "categorize": _of(b.CategorizeBody, pack.categorize),
    "pause": _of(b.PauseBody, pack.pause),
    "approve_pause": _of(
        b.ClockBody,
        lambda body, context: ApprovePause(clock=body.clock, part=body.part, calendars=context.calendars),
    ),
    "refuse_pause": _of(
        b.ClockRefusalBody,
        lambda body, context: RefusePause(clock=body.clock, part=body.part, reason=body.reason),
    ),
    "resume": _of(
        b.ClockBody,
        lambda body, context: ResumeClock(
            clock=body.clock, part=body.part, reason=body.reason, calendars=context.calendars
        ),
    ),
    "request_extension": _of(
        b.ExtensionBody,
        lambda body, context: RequestExtension(clock=body.clock, part=body.part, until=body.until, reason=body.reason),
    ),
    "approve_extension": _of(
        b.ExtensionApprovalBody,
        lambda body, context: ApproveExtension(
            clock=body.clock, part=body.part, until=body.until, calendars=context.calendars
        ),
    ),
    "refuse_extension": _of(
        b.ClockRefusalBody,
        lambda body, context: RefuseExtension(clock=body.clock, part=body.part, reason=body.reason),
    ),
    "request_info": _of(b.QuestionBody, pack.request_info),
    "answer_info": _of(
        b.NoteBody,
        lambda body, context: AnswerInfo(text=body.text, photos=tuple(body.photos), calendars=context.calendars),
    ),
    "call_in": _of(b.CallInBody, pack.call_in),
    "report_in": _of(b.PartBody, lambda body, context: ReportIn(part=body.part)),
    "finish_part": _of(b.FinishPartBody, pack.finish_part),
    "excuse_part": _of(b.ExcusePartBody, pack.excuse_part),
    "consult": _of(b.ConsultBody, pack.consult),
    "conclude": _of(b.NoteBody, lambda body, context: Conclude(text=body.text, photos=tuple(body.photos))),
    "plan": _of(b.PlanBody, pack.plan),
    "resolve": _of(b.ResolveBody, pack.resolve),
    "approve_outcome": _of(NoBody, lambda body, context: ApproveOutcome()),
    "refuse_outcome": _of(b.Reason, lambda body, context: RefuseOutcome(reason=body.reason)),
    "inspect": _of(b.InspectBody, pack.inspect),
    "close": _of(b.CloseBody, pack.close),
    "reopen": _of(b.Reason, pack.reopen),
    "record_call": _of(b.RecordCallBody, pack.record_call),
    "redirect": _of(b.RedirectBody, pack.redirect),
    "reject": _of(b.RejectBody, asked.reject),
    "approve_reject": _of(NoBody, asked.approve_reject),
    "refuse_reject": _of(b.Reason, lambda body, context: RefuseReject(reason=body.reason)),
    "approve_objection": _of(b.OptionalReason, asked.approve_objection),
    "refuse_objection": _of(b.Reason, asked.refuse_objection),
    "merge": _of(b.MergeBody, lambda body, context: Merge(into=body.into, reason=body.reason)),
    "split": _of(b.SplitBody, pack.split),
    "unmask": _of(b.UnmaskBody, lambda body, context: Unmask(reason=body.reason)),
    "unseal": _of(b.UnsealBody, lambda body, context: Unseal()),
}
"""In the order of the routes in OpenAPI."""

BODIES: dict[str, type[msgspec.Struct]] = {name: entry.body for name, entry in COMMANDS.items()}


def to_command(name: str, body: msgspec.Struct, context: Context) -> Command:
    """The domain's command, complete. Raises ``Refusal`` 422."""
    entry = COMMANDS[name]
    assert isinstance(body, entry.body)  # noqa: S101 - the route declared it
    return entry.make(body, context)


class _There(TypedDict):
    """Fields in which an officer states when and where he was, as the domain has them."""

    text: str | None
    photos: tuple[str, ...]
    said_at: datetime | None
    where: tuple[float, float] | None


def _there(body: b.ThereBody) -> _There:
    return _There(text=body.text, photos=tuple(body.photos), said_at=_said_at(body), where=_where(body))


def _said_at(body: b.ThereBody) -> datetime | None:
    """In whole milliseconds, as it can be stored. Raises ``Refusal`` 422 for a moment that does not exist in UTC."""
    try:
        return None if body.at is None else whole_millis(body.at)
    except OverflowError as wrong:
        raise invalid(FieldError("/at", "is no moment between the years 1 and 9999 in UTC")) from wrong


def _where(body: b.ThereBody) -> tuple[float, float] | None:
    """Longitude and latitude, WGS-84, to about a decimetre."""
    place = body.location
    if place is None:
        return None
    lon, lat = to_wgs84(place.lon, place.lat, place.crs)
    return round(lon, 6), round(lat, 6)
