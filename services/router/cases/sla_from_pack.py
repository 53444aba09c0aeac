"""The pack's rules about time, as domain types: calendars, commitments, reasons for pauses, asking a reporter."""

from collections.abc import Mapping
from datetime import datetime

from services.router.cases.routing import asking_clock, commitment_of, path_of
from services.router.domain.case import Case, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.clock import Rung, SlaClock
from services.router.domain.clock_renewal import Promise, is_owed
from services.router.domain.commands.pause import Pausable
from services.router.domain.commands.request_info import InfoRequestRule
from services.router.domain.commitments import Commitment
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.kernel.durations import parse_duration
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import CASE_CLOCKS, ClockKind, Priority
from shared.kernel.working_time import ALWAYS, Calendar, deadline
from shared.runtime.pack_library import PackLibrary

_BEFORE_THE_GROUND = frozenset({State.QUEUED, State.ACKNOWLEDGED, State.CLAIMED, State.REOPENED})


async def calendars_of(case: Case, packs: PackLibrary) -> Mapping[str, Calendar]:
    """Commitment → calendar, from the pack version that started the clock; clocks on elapsed time have none."""
    worked = [clock for clock in case.clocks if clock.calendar != ALWAYS.id and clock.state in ("running", "paused")]
    found = {}
    for clock in worked:
        pack = await packs.get(case.city, clock.commitment.rpartition("@")[2])
        found[clock.commitment] = pack.calendar(clock.calendar)
    return found


def promise(case: Case, pack: Pack, path: tuple[UnitOnPath, ...], category: str, priority: Priority) -> Promise:
    """The clocks for ``case`` in the unit at the end of ``path``, for that category; each keeps its own start."""
    made = _made(case, pack, category, path, priority)
    started: dict[ClockKind, datetime] = {c.kind: c.started_at for c in case.clocks if c.part is None and is_owed(c)}
    known = {clock.kind for clock in case.clocks}
    if "on_site" not in known and case.state in _BEFORE_THE_GROUND:
        started["on_site"] = case.opened_at
    wanted = [kind for kind in CASE_CLOCKS if kind in started]
    return Promise(
        commitment=made.id,
        clocks=tuple(clock for kind in wanted for clock in made.clocks(started[kind], frozenset({kind}))),
        calendar=made.calendar,
        forgotten_after=made.forgotten_after,
    )


def promise_in(case: Case, pack: Pack, unit: str | None) -> Promise | None:
    """The promise of ``unit`` for ``case``; None if the pack has no such unit."""
    if unit is None or unit not in pack.units or case.category not in pack.categories:
        return None
    return promise(case, pack, path_of(pack, unit), case.category, case.priority)


def category_priority(pack: Pack, category: str | None) -> Priority:
    """Raises ``Refusal`` 422 for a category that the pack does not have."""
    known = pack.categories.get(category or "")
    if known is None:
        raise invalid(FieldError("/category", "is not in the city's list"))
    return known.priority


def pausable(pack: Pack, code: str | None) -> Pausable | None:
    """The reason of that code in the pack's catalogue."""
    reason = pack.pause_reasons.get(code or "")
    if reason is None:
        return None
    return Pausable(reason.code, frozenset(reason.clocks), reason.longest, reason.approved_by)


def asking(pack: Pack) -> InfoRequestRule:
    """The pack's rule for asking a reporter."""
    return InfoRequestRule(pack.city.asking.pauses, pack.city.asking.unanswered, call_plan(pack))


def confirm_clock(case: Case, pack: Pack, now: datetime) -> SlaClock:
    """The clock that runs while a reporter is asked."""
    return asking_clock(_made(case, pack, case.category, case.path, case.priority), pack, now)


def review_clock(case: Case, pack: Pack, now: datetime) -> SlaClock:
    """The clock that runs while a level above has to rule: the commitment's own, else the city's.

    Its ladder is that of the commitment; without a step for it the level above who rules is told of the breach.
    """
    made = _made(case, pack, case.category, case.path, case.priority)
    own = made.clocks(now, frozenset({"review"}))
    if own:
        clock = own[0]
    else:
        target = parse_duration(pack.city.rulings.review)
        due_at = deadline(now, target, ALWAYS)
        warn_at = now + 0.8 * (due_at - now)
        clock = SlaClock("review", now, str(target), ALWAYS.id, due_at, made.id, warn_at=warn_at)
    return clock if clock.rungs else replace(clock, rungs=(Rung(clock.due_at, "tell", "parent"),))


def signing_ends(case: Case, pack: Pack) -> datetime | None:
    """Until when the owner may return the case: its time to sign, from when it got the case; None: nothing is promised.

    The owner's clocks count from the arrival of the report; this right of a unit counts from its own receipt.
    """
    made = _made(case, pack, case.category, case.path, case.priority)
    clocks = made.clocks(case.held_since or case.opened_at, frozenset({"acknowledge"}))
    return clocks[0].due_at if clocks else None


def effect_check(case: Case, pack: Pack, now: datetime) -> datetime | None:
    """When the effect of a case that is closed now is checked; None if its category has no ``effect_check``."""
    category = pack.categories.get(case.category)
    if category is None or category.effect_check is None:
        return None
    return deadline(now, parse_duration(category.effect_check), ALWAYS)


def call_plan(pack: Pack) -> CallPlan | None:
    """When reporters who did not rate are called (回访); None: nobody calls."""
    rule = pack.city.follow_up_calls
    return CallPlan(days=rule.days, tries=rule.tries) if rule.days else None


def _made(case: Case, pack: Pack, category: str, path: tuple[UnitOnPath, ...], priority: Priority) -> Commitment:
    return commitment_of(pack, pack.commitment_for(category, tuple(unit.id for unit in path), priority, case.kind))
