"""Commitments: what is promised for a category, and the clocks that the promise starts."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from services.router.domain.clock import Rung, SlaClock
from shared.kernel.durations import Duration
from shared.kernel.vocabulary import Act, ClockKind
from shared.kernel.working_time import Calendar, counts_from, fraction_points

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LadderStep:
    """A step of a commitment's ladder: at a fraction of the target, or a delay of elapsed time after the breach."""

    act: Act
    to: str
    fraction: float | None = None
    delay: Duration | None = None
    clocks: frozenset[ClockKind] = frozenset({"acknowledge", "resolve"})


@dataclass(frozen=True)
class Commitment:
    """A commitment of the pack. ``targets``: only the clocks that it starts."""

    id: str
    targets: tuple[tuple[ClockKind, Duration], ...]
    calendar: Calendar
    warn_at: float | None
    ladder: tuple[LadderStep, ...]
    forgotten_after: int | None = None
    """Seconds of elapsed time."""

    def clocks(self, started_at: datetime, kinds: frozenset[ClockKind] | None = None) -> tuple[SlaClock, ...]:
        """The clocks that start at ``started_at`` (the first report's arrival, not its routing)."""
        return tuple(
            self._clock(kind, target, started_at) for kind, target in self.targets if kinds is None or kind in kinds
        )

    def until(self, kind: ClockKind, started_at: datetime, due_at: datetime) -> SlaClock:
        """A clock whose deadline was agreed on, in elapsed time; warning and ladder are those of its kind."""
        agreed = Duration(seconds=max(1.0, (due_at - started_at).total_seconds()))
        return replace(self, calendar=Calendar("always"))._worked_out(kind, agreed, started_at)

    @cached_property
    def _from_epoch(self) -> dict[ClockKind, SlaClock]:
        """Clocks started at the epoch. On elapsed time every clock of a kind is this one, shifted."""
        return (
            {}
            if self.calendar.hours
            else {kind: self._worked_out(kind, target, EPOCH) for kind, target in self.targets}
        )

    def _clock(self, kind: ClockKind, target: Duration, started_at: datetime) -> SlaClock:
        like = self._from_epoch.get(kind)
        if like is None:
            return self._worked_out(kind, target, started_at)
        by = counts_from(started_at, self.calendar) - EPOCH
        return SlaClock(
            kind=kind,
            started_at=started_at,
            target=like.target,
            calendar=like.calendar,
            due_at=like.due_at + by,
            commitment=like.commitment,
            warn_at=like.warn_at + by if like.warn_at is not None else None,
            rungs=tuple([Rung(rung.at + by, rung.act, rung.to) for rung in like.rungs]),
        )

    def _worked_out(self, kind: ClockKind, target: Duration, started_at: datetime) -> SlaClock:
        steps = [step for step in self.ladder if kind in step.clocks]
        fractions = [_fraction(step) for step in steps if step.delay is None]
        warnings = [] if self.warn_at is None else [self.warn_at]
        moments = iter(fraction_points(started_at, target, self.calendar, (1.0, *warnings, *fractions)))
        due_at = next(moments)
        warn_at = next(moments) if warnings else None
        rungs = [
            Rung(next(moments) if step.delay is None else due_at + step.delay.plain(), step.act, step.to)
            for step in steps
        ]
        return SlaClock(
            kind=kind,
            started_at=started_at,
            target=str(target),
            calendar=self.calendar.id,
            due_at=due_at,
            commitment=self.id,
            warn_at=warn_at if warn_at is not None and warn_at < due_at else None,
            rungs=tuple(sorted(rungs, key=lambda rung: rung.at)),
        )


def _fraction(step: LadderStep) -> float:
    return step.fraction if step.fraction is not None else 1.0
