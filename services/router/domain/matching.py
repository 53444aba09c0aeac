"""To which case a report belongs: one that is there, one that is opened again, or one of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.case import ENDED, State
from services.router.domain.similarity import SameRule, Traits, alike, in_time
from shared.kernel.vocabulary import FeedbackKind


@dataclass(frozen=True, slots=True)
class KnownCase:
    """What of a case a report is compared with. ``reported_at``: its newest report; ``ended_at``: None while open."""

    id: str
    state: State
    traits: Traits
    opened_at: datetime
    reported_at: datetime
    ended_at: datetime | None = None

    @property
    def age(self) -> tuple[datetime, str]:
        """Older is less; a total order, so that everybody agrees which of two cases is the older one."""
        return self.opened_at, self.id


@dataclass(frozen=True, slots=True)
class Match:
    """``case``: where the report belongs, None for a case of its own; that is then ``linked_to`` an earlier one."""

    case: str | None
    linked_to: str | None = None


def belongs(
    traits: Traits, at: datetime, own: str, known: Iterable[KnownCase], rule: SameRule, says: FeedbackKind | None = None
) -> Match:
    """The case that a report of ``at`` belongs to: the oldest open one that it is like, else one to be opened again.

    ``own``: the case that it would open. ``says``: it reports nothing new; that goes to any case that is or was.
    """
    like = sorted((case for case in known if case.id != own and alike(traits, case.traits, rule)), key=_open_first)
    for case in like:
        if _takes(case, at, rule, says):
            return Match(case.id)
    earlier = [case for case in like if case.state is not State.MERGED and case.opened_at <= at]
    return Match(None, max(earlier, key=lambda case: case.age).id if earlier else None)


def _open_first(case: KnownCase) -> tuple[bool, float, datetime, str]:
    """Open ones, the oldest first; then those that ended, the newest first."""
    ended = case.ended_at.timestamp() if case.ended_at is not None else 0.0
    return case.state in ENDED, -ended, case.opened_at, case.id


def _takes(case: KnownCase, at: datetime, rule: SameRule, says: FeedbackKind | None) -> bool:
    if case.state not in ENDED or case.state is State.MERGED:  # that leads on to the older one
        return says is not None or in_time(at, case.opened_at, case.reported_at, rule.window)
    if case.state is not State.CLOSED or case.ended_at is None or at < case.opened_at:
        return False
    return at <= case.ended_at + (max(rule.reopens, rule.linked) if says is not None else rule.reopens)
