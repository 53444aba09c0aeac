"""Sorting a case anew: another category, and the promise that holds for it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ACTIVE, Case
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, required
from services.router.domain.event import Happened
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorized(Happened):
    """The case is of another category, and what is owed follows the promise for that."""

    TYPE: ClassVar[str] = "case.categorized.v1"
    category: str
    priority: Priority
    promise: Promise

    def applied(self, case: Case) -> Case:
        routing = replace(case.routing, category_by="officer", commitment=self.promise.commitment)
        sorted_ = replace(case, category=self.category, priority=self.priority, routing=routing)
        return self.promise.instead(sorted_, self.at)


def _categorize(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/reason", "is required")
    category = required(command.category, "/category", "is required")
    if category == case.category:
        return []
    if command.promise is None or command.priority is None:
        raise invalid(FieldError("/category", "is not in the city's list"))
    return [
        Categorized(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=text,
            category=category,
            priority=command.priority,
            promise=command.promise,
        )
    ]


RULES = {"categorize": Rule(decide=_categorize, open_in=ACTIVE, may=DESK)}
