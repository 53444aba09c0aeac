"""Which decisions a case waits for, of which desks, and whether one is for this officer.

Requests that a level above rules on, pauses and extensions, an offer, an inspection, closing. All in one place, because
each is found by one query; what may be decided is as the commands themselves say.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.router.domain.case import Case, State
from services.router.domain.clock import Ask
from services.router.domain.commands.clock_approvals import asks_whom, grants
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import open_commands
from shared.kernel.vocabulary import ClockKind

Awaits = Literal["return", "rejection", "outcome", "objection", "pause", "extension", "offer", "inspection", "closing"]
_DONE_BY: dict[Awaits, str] = {
    "return": "refuse_return",
    "rejection": "refuse_reject",
    "outcome": "refuse_outcome",
    "objection": "refuse_objection",
    "pause": "refuse_pause",
    "extension": "refuse_extension",
    "offer": "accept",
    "inspection": "inspect",
    "closing": "close",
}
"""The command that is open to whoever may decide; what is asked may always be refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """``units``: whose desks are asked; ``asker``, ``by``: the unit and the person that ask, where anybody does.
    ``until``: the time that is asked for. ``due_at``: when it is too late; None: no clock runs for it."""

    what: Awaits
    units: tuple[str, ...]
    at: datetime | None = None
    due_at: datetime | None = None
    asker: str | None = None
    by: str | None = None
    clock: ClockKind | None = None
    part: str | None = None
    until: datetime | None = None


def awaited(case: Case) -> tuple[Awaited, ...]:
    """Everything that somebody has to decide, of whichever desk."""
    return (*_ruling(case), *(_of_clock(case, ask) for ask in case.asks), *_offer(case), *_ending(case))


def is_for(case: Case, one: Awaited, actor: Actor) -> bool:
    """Whether the actor is at a desk that is asked and may decide it."""
    if actor.unit not in one.units or _DONE_BY[one.what] not in open_commands(case, actor):
        return False
    meant = (one.what, one.clock, one.part)
    return all(grants(case, ask, actor) for ask in case.asks if (ask.what, ask.clock, ask.part) == meant)


def _ruling(case: Case) -> tuple[Awaited, ...]:
    asked = case.ruling
    if asked is None:
        return ()
    due = _due_at(case, "review", None)
    return (Awaited(what=asked.what, units=(asked.to,), at=asked.at, due_at=due, asker=asked.unit, by=asked.asked_by),)


def _of_clock(case: Case, ask: Ask) -> Awaited:
    part = case.part(ask.part)
    own = ask.what == "pause" and ask.approver == "own" and part is None
    return Awaited(
        what=ask.what,
        units=(case.unit if own else asks_whom(case, part),),
        at=ask.at,
        due_at=_due_at(case, ask.clock, ask.part),
        asker=case.unit if part is None else part.unit,
        by=ask.asked_by,
        clock=ask.clock,
        part=ask.part,
        until=ask.until,
    )


def _offer(case: Case) -> tuple[Awaited, ...]:
    if case.offered_to is None:
        return ()
    return (Awaited(what="offer", units=(case.offered_to,), due_at=_next_due(case), asker=case.unit),)


def _ending(case: Case) -> tuple[Awaited, ...]:
    """What is resolved waits for an inspection, by desk or ground, then for its closing; a patrol find for one above
    its finder."""
    if case.state is not State.RESOLVED:
        return ()
    inspected = case.inspected_by is not None
    above = case.inspected_above and not inspected
    desks = (case.level_above,) if above or case.sampled else (case.unit,)
    ground = (case.within,) if case.within is not None and not above and not inspected else ()
    return (
        Awaited(
            what="closing" if inspected else "inspection",
            units=(*desks, *ground),
            due_at=_next_due(case),
            by=case.inspected_by if inspected else case.resolved_by,
        ),
    )


def _due_at(case: Case, kind: ClockKind, part: str | None) -> datetime | None:
    return next((c.due_at for c in case.clocks if c.waits and (c.kind, c.part) == (kind, part)), None)


def _next_due(case: Case) -> datetime | None:
    """Of the case's own clocks, the one that runs out first."""
    own = (clock.due_at for clock in case.clocks if clock.waits and clock.part is None and clock.kind != "review")
    return min(own, default=None)
