"""Sensitive cases (敏感件): marked by anybody who handles the case; the level that must know is told at once.

No word of such a case goes to groups, walls, digests or apps, and who reads it is on the record.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import OPEN, Case
from services.router.domain.case_parts.marks import Sensitive
from services.router.domain.commands.command import (
    DESK,
    DESK_AND_FIELD,
    Actor,
    Command,
    Decision,
    Rule,
    WhyNot,
    required,
)
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.kernel.vocabulary import SENSITIVITIES, Sensitivity, Suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSensitive(Command):
    """``told``: the unit that is told."""

    NAME: ClassVar[str] = "mark_sensitive"
    kind: Sensitivity
    told: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmarkSensitive(Command):
    """It is not sensitive: the mark was a mistake, or the words only sounded so."""

    NAME: ClassVar[str] = "unmark_sensitive"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSensitive(DomainEvent):
    TYPE: ClassVar[str] = "case.marked_sensitive.v1"
    sensitive: Sensitive

    def applied(self, case: Case) -> Case:
        return replace(case, sensitive=self.sensitive, suspected=_others(case), traits=None)

    def tells(self, case: Case) -> list[str]:
        return [self.sensitive.told]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmarkedSensitive(DomainEvent):
    TYPE: ClassVar[str] = "case.unmarked_sensitive.v1"

    def applied(self, case: Case) -> Case:
        return replace(case, sensitive=None, suspected=_others(case))


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveRead(DomainEvent):
    """Somebody read a sensitive case."""

    TYPE: ClassVar[str] = "case.read.v1"
    MOVES: ClassVar[bool] = False

    @property
    def attends(self) -> bool:
        return False


def _others(case: Case) -> tuple[Suspicion, ...]:
    """What is suspected beside that it is sensitive."""
    return tuple(one for one in case.suspected if one not in SENSITIVITIES)


def _mark(case: Case, command: MarkSensitive, actor: Actor, now: datetime) -> Decision:
    sensitive = Sensitive(command.kind, command.told)
    if case.sensitive == sensitive:
        return []
    return [MarkedSensitive(at=now, by=actor.person, by_unit=actor.unit, text=command.text, sensitive=sensitive)]


def _unmark(case: Case, command: UnmarkSensitive, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required: it is an act on the record")
    return [UnmarkedSensitive(at=now, by=actor.person, by_unit=actor.unit, text=reason)]


def _not_to_unmark(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.sensitive is None and not set(case.suspected) & set(SENSITIVITIES):
        return WhyNot("not_sensitive", "It is not marked as sensitive.")
    if case.sensitive is None:
        return None
    told = case.unit if case.sensitive.told in case.recused else case.sensitive.told
    if actor is not None and actor.unit != told:
        return WhyNot("sensitive_above", f"{told} decides whether it is sensitive.")
    return None


RULES = (
    Rule(command=MarkSensitive, decide=_mark, open_in=OPEN, roles=DESK_AND_FIELD, open_to_guests=True),
    Rule(
        command=UnmarkSensitive,
        decide=_unmark,
        open_in=OPEN,
        roles=DESK,
        blocked=_not_to_unmark,
        open_to_guests=True,
    ),
)
