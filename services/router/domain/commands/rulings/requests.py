"""What the owner of a case asks a level above to rule on: who rules, and the events that every kind of request has.

A request has a ``review`` clock. While it waits the case stays with the owner, whose own clocks run on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case, State
from services.router.domain.case_parts.ruling import Ruling
from services.router.domain.clock import SlaClock
from services.router.domain.clock_operations import met, ruled
from services.router.domain.clock_renewal import CLOCKS_MAX
from services.router.domain.commands.clock_approvals import SUPERIORS
from services.router.domain.commands.command import Actor, WhyNot
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.kernel.vocabulary import ClockKind, RulingKind

PENDING = WhyNot("ruling_pending", "A request on it waits for the level above: wait for the ruling.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingRequested(DomainEvent):
    """The owner asks. ``clock``: the ``review`` clock that starts. Who asks has read the case: it is acknowledged."""

    SAYS_WHY: ClassVar[bool] = True
    ruling: Ruling
    clock: SlaClock

    def applied(self, case: Case) -> Case:
        state = State.ACKNOWLEDGED if case.state in (State.QUEUED, State.REOPENED) else case.state
        asked = replace(
            case,
            state=state,
            ruling=self.ruling,
            offered_to=None,
            clocks=(*case.clocks, self.clock),
            asked_before=(*case.asked_before, (self.ruling.what, case.unit)),
        )
        return met(asked, "acknowledge", at=self.at)

    @property
    def clock_meant(self) -> ClockKind | None:
        return self.clock.kind

    @property
    def due_meant(self) -> datetime | None:
        return self.clock.due_at

    def tells(self, case: Case) -> list[str]:
        return [self.ruling.to]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingGiven(DomainEvent):
    """A request was granted or refused. ``asked_by``: who asked, and hears it; ``asker``: the unit that asked."""

    SAYS_WHY: ClassVar[bool] = True
    asked_by: str | None = None
    asker: str

    @property
    def asked_by_meant(self) -> str | None:
        return self.asked_by

    def tells(self, case: Case) -> list[str]:
        return [self.asker]

    def applied(self, case: Case) -> Case:
        return ruled(case, self.at)


def ruler_of(case: Case) -> str:
    """The unit whose desk rules: the level above the owner that the case is not about. Where there is none, and for
    confidential cases, which nobody above may read, the owner's own desk."""
    return case.unit if case.confidential else case.level_above


def may_rule(case: Case, asked: Ruling, actor: Actor) -> bool:
    """Whether the actor may rule: people of the unit that is asked and of those above it, nobody on his own request.

    Where the owner's own desk rules, one of its superiors does; of a confidential case another handler.
    """
    if actor.person in (asked.asked_by, *asked.barred):
        return False
    if asked.to == case.unit:
        return actor.unit == case.unit and (actor.trusted if case.confidential else actor.role in SUPERIORS)
    ids = [unit.id for unit in case.path]
    return asked.to in ids and actor.unit in ids[: ids.index(asked.to) + 1]


def not_to_rule(what: RulingKind) -> Callable[[Case, Actor | None], WhyNot | None]:
    """A ``Rule.blocked``: why the actor has no request of this kind to rule on."""

    def blocked(case: Case, actor: Actor | None) -> WhyNot | None:
        asked = case.ruling
        if asked is None or asked.what != what:
            return WhyNot("nothing_asked", f"No {what} is asked for.")
        if actor is not None and not may_rule(case, asked, actor):
            return WhyNot("not_yours_to_grant", f"It is for {asked.to} to rule on, and not for who asked.")
        return None

    return blocked


def not_to_ask(case: Case, actor: Actor | None) -> WhyNot | None:
    """Why nothing can be asked for now: the owner's own desk asks, and one thing at a time."""
    if case.ruling is not None:
        return PENDING
    if actor is not None and actor.unit in [unit.id for unit in case.path[:-1]]:
        return WhyNot("owner_asks", f"{case.unit}, which has the case, asks for it.")
    if len(case.clocks) >= CLOCKS_MAX:
        return WhyNot("must_handle", "Its clocks were replaced too often: it must be handled.")
    return None


def ruling_pending(case: Case, actor: Actor | None) -> WhyNot | None:
    """A ``Rule.blocked`` for commands that would take the case away from a request that waits."""
    return None if case.ruling is None else PENDING


def asked_already(case: Case, what: RulingKind) -> bool:
    """Whether the owner asked for the same before, in whichever of its turns with the case."""
    return (what, case.unit) in case.asked_before
