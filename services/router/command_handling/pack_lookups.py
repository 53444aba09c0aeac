"""Makes commands from HTTP bodies where this needs the city pack: for paths of units, deadlines and clocks, and for
what the pack allows.

Each function makes one command. All raise ``Refusal`` 422 for units, people and codes that the pack lacks or forbids.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from services.router.cases.judgement import not_ours
from services.router.cases.recusal import is_recused, owner_instead
from services.router.cases.routing import fresh_resolve_clock, part_clocks, path_of
from services.router.cases.sensitivity import sensitive_to
from services.router.cases.sla_from_pack import (
    asking,
    call_plan,
    category_priority,
    confirm_clock,
    effect_check,
    pausable,
    promise,
    promise_in,
    review_clock,
)
from services.router.command_handling.bodies import (
    AssignBody,
    CallInBody,
    CategorizeBody,
    CloseBody,
    ConsultBody,
    ExcusePartBody,
    FinishPartBody,
    InspectBody,
    MarkSensitiveBody,
    PauseBody,
    PlanBody,
    QuestionBody,
    Reason,
    RecordCallBody,
    RecuseBody,
    RedirectBody,
    ResolveBody,
    SplitBody,
    TransferBody,
)
from services.router.domain.case import Case
from services.router.domain.clock import SlaClock
from services.router.domain.commands.call_back import RecordCall
from services.router.domain.commands.call_in import Called, CallIn, ExcusePart, FinishPart, due_in_turn, next_in_turn
from services.router.domain.commands.categorize import Categorize
from services.router.domain.commands.command import Actor, Calendars
from services.router.domain.commands.consultation import Consult, Plan, Work
from services.router.domain.commands.field_work import Assign, Resolve
from services.router.domain.commands.inspection import DISSATISFIED, Close, Inspect, Reopen
from services.router.domain.commands.merge import SecondMatter, SplitCase
from services.router.domain.commands.pause import PauseClock
from services.router.domain.commands.recusal import Recuse, parts_of, turn_of
from services.router.domain.commands.redirect import Redirect
from services.router.domain.commands.request_info import RequestInfo
from services.router.domain.commands.sensitivity import MarkSensitive
from services.router.domain.commands.transfer import Accept, Transfer
from shared.city.cooperation import may_be_called, not_admitted
from shared.city.pack import Pack
from shared.city.texts.reporter_steps import done_said
from shared.kernel.durations import parse_duration
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import GRANTED_ABOVE, SHOWN_BY_A_PHOTO
from shared.runtime.http_server.field_types import NoBody

SATISFIED = 3
"""The best score: 满意."""
PLANNED_AHEAD = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class Context:
    """The values from which commands are completed. ``case``: as of ``now``; ``calendars``: those of its clocks."""

    case: Case
    actor: Actor
    pack: Pack
    now: datetime
    calendars: Calendars = field(default_factory=lambda: MappingProxyType({}))


def assign(body: AssignBody, context: Context) -> Assign:
    """Assigns to a person or unit in the owner's subtree, or on the ground where the case lies."""
    pack, owner = context.pack, context.case.unit
    if body.to in pack.people:
        unit = pack.people[body.to].unit
    elif body.to in pack.units:
        unit = body.to
    else:
        raise invalid(FieldError("/to", "is no person or unit of this city"))
    if owner not in pack.units[unit].path:
        raise invalid(FieldError("/to", f"is not inside {owner}; transfer it instead"))
    _not_recused(unit, "/to", context)
    return Assign(to=body.to, text=body.text)


def transfer(body: TransferBody, context: Context) -> Transfer:
    pack = context.pack
    to = admitted(known_unit(body.to, "/to", context), "/to", context)
    return Transfer(to=to, path=path_of(pack, to), promise=promise_in(context.case, pack, to), reason=body.reason)


def accept(body: NoBody, context: Context) -> Accept:
    to = context.case.offered_to
    if to is None:
        return Accept(path=(), promise=None)
    return Accept(path=path_of(context.pack, to), promise=promise_in(context.case, context.pack, to))


def categorize(body: CategorizeBody, context: Context) -> Categorize:
    case, pack = context.case, context.pack
    priority = category_priority(pack, body.category)
    return Categorize(
        category=body.category,
        priority=priority,
        promise=promise(case, pack, case.path, body.category, priority),
        reason=body.reason,
        about_us=pack.categories[body.category].about_us,
    )


def pause(body: PauseBody, context: Context) -> PauseClock:
    return PauseClock(
        clock=body.clock,
        part=body.part,
        pausable=pausable(context.pack, body.reason),
        until=body.until,
        calendars=context.calendars,
    )


def request_info(body: QuestionBody, context: Context) -> RequestInfo:
    return RequestInfo(
        question=body.text,
        asking=asking(context.pack),
        confirm_clock=confirm_clock(context.case, context.pack, context.now),
        calendars=context.calendars,
    )


def call_in(body: CallInBody, context: Context) -> CallIn:
    """Only units beside the ladder of levels are called in, such as departments."""
    case, pack = context.case, context.pack
    called = []
    for number, unit in enumerate(body.units):
        pointer = f"/units/{number}"
        if not may_be_called(pack, known_unit(unit, pointer, context)):
            level = pack.units[unit].level
            raise invalid(FieldError(pointer, f"is a {level}: only units beside the ladder are called in"))
        admitted(unit, pointer, context)
        clocks = part_clocks(case, pack, unit, context.now)
        called.append(Called(unit=unit, path=path_of(pack, unit), clocks=clocks))
    return CallIn(called=tuple(called), reason=body.reason)


def finish_part(body: FinishPartBody, context: Context) -> FinishPart:
    clocks = _clocks_of_next_turn(body.part, context)
    return FinishPart(part=body.part, text=body.text, photos=tuple(body.photos), turn_clocks=clocks)


def excuse_part(body: ExcusePartBody, context: Context) -> ExcusePart:
    return ExcusePart(part=body.part, reason=body.reason, turn_clocks=_clocks_of_next_turn(body.part, context))


def consult(body: ConsultBody, context: Context) -> Consult:
    parties = tuple(known_unit(unit, f"/parties/{number}", context) for number, unit in enumerate(body.parties))
    return Consult(parties=parties, question=body.question)


def plan(body: PlanBody, context: Context) -> Plan:
    """Deadlines of a plan are at most five years ahead."""
    case, pack, now = context.case, context.pack, context.now
    works = []
    for number, part in enumerate(body.parts):
        pointer = f"/parts/{number}/body"
        unit = admitted(known_unit(part.body, pointer, context), pointer, context)
        if part.due > now + PLANNED_AHEAD:
            raise invalid(FieldError(f"/parts/{number}/due", f"is more than {PLANNED_AHEAD.days} days ahead"))
        works.append(Work(unit=unit, path=path_of(pack, unit), work=part.work, due=part.due))
    clocks = part_clocks(case, pack, works[0].unit, now, works[0].due)
    return Plan(works=tuple(works), turn_clocks=clocks, text=body.text, calendars=context.calendars)


def resolve(body: ResolveBody, context: Context) -> Resolve:
    """In a way that the pack allows, with a photo of what was done where the category requires one."""
    case, pack = context.case, context.pack
    allowed = pack.outcomes(case.category, case.kind)
    if body.how not in allowed:
        raise invalid(FieldError("/how", f"is none of {', '.join(allowed)}, as this case may end"))
    category = pack.categories.get(case.category)
    required = category is not None and category.after_photo == "required" and body.how in SHOWN_BY_A_PHOTO
    if required and not body.photos:
        raise invalid(FieldError("/photos", "a photo of what was done is required in this category"))
    done = Resolve(how=body.how, text=body.text, photos=tuple(body.photos), follow_up=body.look_again or body.follow_up)
    if body.how not in GRANTED_ABOVE:
        return done
    language = pack.city.languages[0]
    said = done_said(body.how, body.text, language)
    climbs = int(parse_duration(pack.city.rulings.look_again).plain().total_seconds())
    return replace(done, said=said, review_clock=review_clock(case, pack, context.now), climbs_after=climbs)


def inspect(body: InspectBody, context: Context) -> Inspect:
    clock = None if body.ok else _resolve_clock(context)
    return Inspect(ok=body.ok, text=body.text, photos=tuple(body.photos), fresh_clock=clock)


def close(body: CloseBody, context: Context) -> Close:
    checked_at = effect_check(context.case, context.pack, context.now)
    return Close(text=body.text, follow_up=checked_at, call_plan=call_plan(context.pack))


def record_call(body: RecordCallBody, context: Context) -> RecordCall:
    """Whose reporter is not satisfied is opened again, and due by the promise of the level above."""
    case, satisfied = context.case, body.satisfied
    if isinstance(satisfied, bool):
        satisfied = SATISFIED if satisfied else DISSATISFIED
    dissatisfied = satisfied == DISSATISFIED
    clock = fresh_resolve_clock(case, context.pack, context.now, case.one_up) if dissatisfied else None
    return RecordCall(reached=body.reached, satisfied=satisfied, words=body.text, last=body.last, fresh_clock=clock)


def reopen(body: Reason, context: Context) -> Reopen:
    return Reopen(reason=body.reason, fresh_clock=_resolve_clock(context))


def split(body: SplitBody, context: Context) -> SplitCase:
    matter = None
    if (other := body.matter) is not None:
        known = other.category is None or other.category in context.pack.categories
        matter = SecondMatter(words=other.description, category=other.category, known=known)
    return SplitCase(reports=tuple(dict.fromkeys(body.reports)), matter=matter, reason=body.reason)


def recuse(body: RecuseBody, context: Context) -> Recuse:
    """``about``: the owner where nobody else is named."""
    case, pack = context.case, context.pack
    about = body.about or case.unit
    if about not in pack.units:
        raise invalid(FieldError("/about", "is no unit of this city"))
    above = owner_instead(pack, case.unit, (*case.recused, about))
    turn, gone = turn_of(case, about), parts_of(case, about)
    clocks = _clocks_of_next_turn(turn, context, gone) if turn is not None else ()
    path = path_of(pack, above) if above is not None else ()
    return Recuse(about=about, path=path, reason=body.reason, turn_clocks=clocks)


def redirect(body: RedirectBody, context: Context) -> Redirect:
    """``elsewhere``: an id of the pack; what the words suggested where none is named."""
    if body.elsewhere is None and context.case.not_ours is not None:
        return Redirect(not_ours=context.case.not_ours)
    named = not_ours(context.pack, context.pack.elsewhere.get(body.elsewhere or ""))
    if named is None:
        raise invalid(FieldError("/elsewhere", "is required: an id of the city's list of who deals with other matters"))
    return Redirect(not_ours=named)


def mark_sensitive(body: MarkSensitiveBody, context: Context) -> MarkSensitive:
    return MarkSensitive(kind=body.kind, told=sensitive_to(context.pack, context.case.unit), text=body.text)


def known_unit(unit: str, pointer: str, context: Context) -> str:
    """``unit``, if the pack has it and the case is not about it."""
    if unit not in context.pack.units:
        raise invalid(FieldError(pointer, "is no unit of this city"))
    return _not_recused(unit, pointer, context)


def _not_recused(unit: str, pointer: str, context: Context) -> str:
    if is_recused(context.case, unit, context.pack):
        raise invalid(FieldError(pointer, "is recused: the case is about it, or about a unit above it"))
    return unit


def admitted(unit: str, pointer: str, context: Context) -> str:
    """``unit``, unless the entry list forbids the owner or the officer's unit to hand such a case down to it."""
    for sender in dict.fromkeys((context.case.unit, context.actor.unit)):
        if (reason := not_admitted(context.pack, context.case.category, sender, unit)) is not None:
            raise invalid(FieldError(pointer, reason))
    return unit


def _resolve_clock(context: Context) -> SlaClock | None:
    return fresh_resolve_clock(context.case, context.pack, context.now)


def _clocks_of_next_turn(part: str, context: Context, without: frozenset[str] = frozenset()) -> tuple[SlaClock, ...]:
    """The clocks of the planned part that comes after ``part``; none when nothing is planned after it."""
    case, pack, now = context.case, context.pack, context.now
    following, due_at = next_in_turn(case, part, without), due_in_turn(case, part, now, without)
    if following is None or due_at is None or following.unit not in pack.units:
        return ()
    return part_clocks(case, pack, following.unit, now, due_at)
