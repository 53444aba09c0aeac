"""Which case a report belongs to: an open one, a closed one that is reopened, or a new one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.case import ENDED, State
from services.router.domain.same_hazard.similarity import SameRule, Traits, alike, in_time
from shared.kernel.vocabulary import FeedbackKind


@dataclass(frozen=True, slots=True)
class KnownCase:
    """The fields of a case that reports are compared with. ``reported_at``: arrival of its newest report;
    ``ended_at``: None while open. ``handled``: a patrol find that was handled on the spot and not opened
    again since."""

    id: str
    state: State
    traits: Traits
    opened_at: datetime
    reported_at: datetime
    ended_at: datetime | None = None
    handled: bool = False

    @property
    def age(self) -> tuple[datetime, str]:
        """Sort key, older is less. A total order, so that all processes agree which of two cases is the older one."""
        return self.opened_at, self.id


@dataclass(frozen=True, slots=True)
class Match:
    """``case``: the case to attach the report to; None: it opens a case, which is ``linked_to`` an earlier one."""

    case: str | None
    linked_to: str | None = None


def belongs(
    traits: Traits,
    at: datetime,
    own: str,
    known: Iterable[KnownCase],
    rule: SameRule,
    says: FeedbackKind | None = None,
    *,
    handled: bool = False,
) -> Match:
    """The case that a report of ``at`` belongs to: the oldest open similar one, else a closed one to be reopened.

    ``own``: the case that it would open. ``says``: ``fixed`` or ``thanks``, which may go to an ended case too.
    ``handled``: it is a patrol find that was handled on the spot; it goes to open cases only. Nothing goes to such a
    find while it counts as handled: who reports the same then has a case of his own, linked to it.
    """
    like = sorted((case for case in known if case.id != own and alike(traits, case.traits, rule)), key=_open_first)
    for case in like:
        if not case.handled and not (handled and case.state in ENDED) and _takes(case, at, rule, says):
            return Match(case.id)
    earlier = [case for case in like if case.state is not State.MERGED and case.opened_at <= at]
    return Match(None, max(earlier, key=lambda case: case.age).id if earlier else None)


def _open_first(case: KnownCase) -> tuple[bool, float, datetime, str]:
    """Sort key: open cases first, the oldest first; then ended ones, the newest first."""
    ended = case.ended_at.timestamp() if case.ended_at is not None else 0.0
    return case.state in ENDED, -ended, case.opened_at, case.id


def _takes(case: KnownCase, at: datetime, rule: SameRule, says: FeedbackKind | None) -> bool:
    if case.state not in ENDED or case.state is State.MERGED:  # that leads on to the older one
        return says is not None or in_time(at, case.opened_at, case.reported_at, rule.window)
    if case.state is not State.CLOSED or case.ended_at is None or at < case.opened_at:
        return False
    return at <= case.ended_at + (max(rule.reopens, rule.linked) if says is not None else rule.reopens)
