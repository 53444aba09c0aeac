"""Putting a case into another category: it then has that category's priority and deadlines."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ACTIVE, Case
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.kernel.vocabulary import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorize(Command):
    """``priority`` and ``promise``: what the pack says of the new category; ``about_us``: that its cases are about the
    unit that would have them."""

    NAME: ClassVar[str] = "categorize"
    category: str
    priority: Priority
    promise: Promise
    reason: str
    about_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorized(DomainEvent):
    """The case is in another category, and its clocks follow that category's commitment."""

    TYPE: ClassVar[str] = "case.categorized.v1"
    category: str
    priority: Priority
    promise: Promise

    def applied(self, case: Case) -> Case:
        routing = replace(case.routing, category_by="officer", commitment=self.promise.commitment)
        sorted_ = replace(case, category=self.category, priority=self.priority, routing=routing)
        return self.promise.instead(sorted_, self.at)


def _categorize(case: Case, command: Categorize, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required")
    if command.category == case.category:
        return []
    return [
        Categorized(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=reason,
            category=command.category,
            priority=command.priority,
            promise=command.promise,
        )
    ]


def _still_seen(case: Case, command: Categorize, actor: Actor) -> WhyNot | None:
    """A case in such a category is not for those whom it is about (回避): nobody puts it there while they see it."""
    if command.about_us and not case.recused and not case.confidential:
        return WhyNot("recuse_first", "It is about the unit that has it: recuse that first, then change the category.")
    return None


RULES = (Rule(command=Categorize, decide=_categorize, open_in=ACTIVE, roles=DESK, refused=_still_seen),)
