"""Merging two cases about one hazard, by an officer, and splitting them. The younger case is merged into the older."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ENDED, OPEN, Case, State
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import DESK, UNDECIDED, Actor, Command, Decision, Rule, WhyNot
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.kernel.errors import FieldError, invalid
from shared.kernel.ids import opening_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Command):
    """``into``: the older case's id; ``older``: that case, None where the actor does not see it."""

    NAME: ClassVar[str] = "merge"
    into: str
    older: Case | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondMatter:
    """Another hazard in the same report, described by the officer. ``known``: whether the pack has the category."""

    words: str
    category: str | None = None
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCase(Command):
    """``reports`` get a case of their own. With ``matter`` the one report stays and a second case is made of it.

    ``remaining``: how many reports the case has without them.
    """

    NAME: ClassVar[str] = "split"
    reports: tuple[str, ...]
    remaining: int = 1
    matter: SecondMatter | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(DomainEvent):
    """From here on its reports belong to the older case."""

    TYPE: ClassVar[str] = "case.merged.v1"
    into: str

    def applied(self, case: Case) -> Case:
        return replace(case, state=State.MERGED, merged_into=self.into)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(DomainEvent):
    """``reports`` left the case, ``count`` stay. ``reports`` is empty if a second matter got a case."""

    TYPE: ClassVar[str] = "case.split.v1"
    reports: tuple[str, ...]
    count: int

    def applied(self, case: Case) -> Case:
        stay = tuple(report for report in case.reports if report.id not in self.reports)
        return replace(case, reports=stay, report_count=self.count)


def is_older(one: Case, other: Case) -> bool:
    """Whether ``one`` is the older case; a total order."""
    return (one.opened_at, one.id) < (other.opened_at, other.id)


def _merge(case: Case, command: Merge, actor: Actor, now: datetime) -> Decision:
    older = command.older
    if older is None or older.id == case.id:
        raise invalid(FieldError("/into", "is no other case that you see"))
    return [Merged(at=now, by=actor.person, by_unit=actor.unit, into=older.id, text=command.reason)]


def _not_to_merge(case: Case, command: Merge, actor: Actor) -> WhyNot | None:
    older = command.older
    if older is None or older.id == case.id:
        return None
    if case.confidential or older.confidential:
        return WhyNot("confidential", "A confidential report is never merged.")
    if case.recused or older.recused:
        return WhyNot("recused", "A case from which a unit is recused is never merged.")
    if case.suspected:
        return UNDECIDED
    if case.sensitive is not None and older.sensitive is None:
        return WhyNot("sensitive", "A sensitive case is not merged into one that is not.")
    if older.state in ENDED:
        return WhyNot("older_ended", f"{older.id} has ended ({older.state}): open it again first.")
    if not is_older(older, case):
        return WhyNot("is_younger", f"{older.id} is the younger one: merge it into this case.")
    return None


def _split(case: Case, command: SplitCase, actor: Actor, now: datetime) -> Decision:
    leaving, count = command.reports, max(1, command.remaining)
    if command.matter is not None:
        if len(command.reports) != 1:
            raise invalid(FieldError("/reports", "names the one report that holds two matters"))
        if not command.matter.known:
            raise invalid(FieldError("/matter/category", "is not in the city's list"))
        leaving, count = (), case.report_count
    elif opening_report(case.id) in command.reports:
        at = command.reports.index(opening_report(case.id))
        raise invalid(FieldError(f"/reports/{at}", "opened this case; split the others off"))
    return [
        Split(at=now, by=actor.person, by_unit=actor.unit, reports=leaving, count=count, text=command.reason),
    ]


RULES = (
    Rule(command=Merge, decide=_merge, open_in=OPEN, roles=DESK, blocked=still_open, refused=_not_to_merge),
    Rule(command=SplitCase, decide=_split, open_in=OPEN, roles=DESK),
)
