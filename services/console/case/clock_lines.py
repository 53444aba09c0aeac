"""The clocks of a case and of its parts, each by its name: time left, how far it is, and who hears of it next."""

from dataclasses import dataclass
from datetime import datetime

from services.console.case.answers import Explained, ExplainedClock, FullCase, FullClock, FullPart
from services.console.frame.languages import N_
from services.console.frame.service_names import ServiceNames
from services.console.frame.visit import Visit
from shared.case_page.words import WORDS

ACTS = {"tell": N_("%(unit)s is told"), "supervise": N_("%(unit)s supervises"), "move_to": N_("it moves to %(unit)s")}
SOON = 0.75
"""From this part of its time on a clock without a warning of its own looks pressing."""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """``due_at``: ISO 8601, while it runs; ``done``: of a hundred; ``look``: nothing, ``soon``, ``late`` or ``good``.
    ``next``: the next step of its ladder, ``later``: those after it."""

    name: str
    said: str
    look: str
    due: str = ""
    due_at: str = ""
    done: int = 0
    next: str = ""
    later: tuple[str, ...] = ()


def clock_lines(case: FullCase, told: Explained, names: ServiceNames, visit: Visit) -> tuple[ClockLine, ...]:
    """Of the case itself, those that count."""
    return tuple(_line(one, None, told, names, visit) for one in case.clocks if _counts(one))


def part_clock_lines(part: FullPart, told: Explained, names: ServiceNames, visit: Visit) -> tuple[ClockLine, ...]:
    return tuple(_line(one, part.id, told, names, visit) for one in part.clocks if _counts(one))


def most_pressing(case: FullCase) -> FullClock | None:
    """The clock of the case under which something is owed longest, as in the queue: it runs, or is over and unmet."""
    owed = [one for one in case.clocks if _counts(one) and one.met_at is None and one.state in ("running", "breached")]
    return min(owed, key=lambda one: one.due_at, default=None)


def _counts(clock: FullClock) -> bool:
    return clock.superseded_at is None and clock.state != "void"


def _line(clock: FullClock, part: str | None, told: Explained, names: ServiceNames, visit: Visit) -> ClockLine:
    words = visit.case_words
    known = WORDS.get(f"clock.{clock.kind}")
    name = words.of(known) if known is not None else clock.kind
    if clock.state == "paused":
        return ClockLine(name, words("paused"), "", due=words("due", visit.moment(clock.due_at)))
    if clock.met_at is not None:
        late = clock.state == "breached"
        said = words("breached" if late else "met")
        return ClockLine(name, said, "late" if late else "good", due=visit.moment(clock.met_at))
    explained = _explained(clock, part, told)
    begun = clock.started_at or (explained.started_at if explained is not None else None)
    left, late = visit.left(clock.due_at)
    done = _done(begun, visit.now, clock.due_at) if begun is not None else 0
    warned = explained is not None and explained.warn_at is not None and visit.now >= explained.warn_at
    soon = warned or done >= SOON * 100
    ahead = _ahead(explained, visit)
    return ClockLine(
        name=name,
        said=left,
        look="late" if late else "soon" if soon else "",
        due=words("due", visit.moment(clock.due_at)),
        due_at=clock.due_at.isoformat(),
        done=100 if late else done,
        next=ahead[0] if ahead else "",
        later=tuple(ahead[1:]),
    )


def _done(begun: datetime, now: datetime, due_at: datetime) -> int:
    """How much of its time is over, of a hundred."""
    whole, gone = (due_at - begun).total_seconds(), (now - begun).total_seconds()
    return max(0, min(100, round(100 * gone / whole))) if whole > 0 else 100


def _explained(clock: FullClock, part: str | None, told: Explained) -> ExplainedClock | None:
    same = [one for one in told.clocks if one.kind == clock.kind and one.part == part and one.due_at == clock.due_at]
    return same[-1] if same else None


def _ahead(clock: ExplainedClock | None, visit: Visit) -> list[str]:
    """The steps of the ladder that have not come yet, in words: 今天15:00告知合德镇."""
    if clock is None:
        return []
    words = visit.case_words
    return [
        f"{visit.moment(rung.at)} "
        + visit._(ACTS[rung.act], unit=words.of((rung.unit.name, rung.unit.name_en or rung.unit.name)))
        for rung in sorted(clock.rungs, key=lambda one: one.at)
        if rung.fired_at is None and rung.unit is not None and rung.act in ACTS
    ]
