"""Reading protected data: who sent a report, and the content of a confidential report. Each access is recorded.

The commands only record the access; the data comes from intake (``services/router/command_handling/unmasking.py``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import Case, State
from services.router.domain.commands.command import DESK_AND_FIELD, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.domain_event import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmask(Command):
    NAME: ClassVar[str] = "unmask"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseal(Command):
    NAME: ClassVar[str] = "unseal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmasked(DomainEvent):
    """Somebody was shown who sent a report; ``text`` is the reason."""

    TYPE: ClassVar[str] = "case.unmasked.v1"
    MOVES: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed(DomainEvent):
    """A handler read a confidential report."""

    TYPE: ClassVar[str] = "case.unsealed.v1"
    MOVES: ClassVar[bool] = False


def _unmask(case: Case, command: Unmask, actor: Actor, now: datetime) -> Decision:
    reason = required(command.reason, "/reason", "is required: it is an act on the record")
    return [Unmasked(at=now, by=actor.person, by_unit=actor.unit, text=reason)]


def _unseal(case: Case, command: Unseal, actor: Actor, now: datetime) -> Decision:
    return [Unsealed(at=now, by=actor.person, by_unit=actor.unit)]


def _not_confidential(case: Case, actor: Actor | None) -> WhyNot | None:
    return (
        None if case.confidential else WhyNot("not_confidential", "It is not confidential: its words are on the case.")
    )


_ALWAYS = frozenset(State)

RULES = (
    Rule(command=Unmask, decide=_unmask, open_in=_ALWAYS, roles=DESK_AND_FIELD, trusted_only=True),
    Rule(
        command=Unseal,
        decide=_unseal,
        open_in=_ALWAYS,
        roles=DESK_AND_FIELD,
        blocked=_not_confidential,
        trusted_only=True,
    ),
)
