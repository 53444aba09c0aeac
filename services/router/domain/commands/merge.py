"""Two cases of one thing, made one by an officer, and taken apart again. The older one takes the younger."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.router.domain.case import ENDED, OPEN, Case, State
from services.router.domain.commands.call_in import still_open
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule
from services.router.domain.event import Happened
from shared.kernel.errors import FieldError, invalid
from shared.kernel.ids import opening_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(Happened):
    """Its reports hang on the older case from here on."""

    TYPE: ClassVar[str] = "case.merged.v1"
    into: str

    def applied(self, case: Case) -> Case:
        return replace(case, state=State.MERGED, merged_into=self.into)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Happened):
    """``reports`` left it, ``count`` stay. None left where a second case was made of what stays."""

    TYPE: ClassVar[str] = "case.split.v1"
    reports: tuple[str, ...]
    count: int

    def applied(self, case: Case) -> Case:
        stay = tuple(report for report in case.reports if report.id not in self.reports)
        return replace(case, reports=stay, report_count=self.count)


def is_older(one: Case, other: Case) -> bool:
    """A total order: of two cases exactly one is the older."""
    return (one.opened_at, one.id) < (other.opened_at, other.id)


def _merge(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    older = command.older
    if older is None or older.id == case.id:
        raise invalid(FieldError("/into", "is no other case that you see"))
    return [Merged(at=now, by=actor.person, by_unit=actor.unit, into=older.id, text=command.text)]


def _merge_against(case: Case, command: Command, actor: Actor) -> str | None:
    older = command.older
    if older is None or older.id == case.id:
        return None
    if case.confidential or older.confidential:
        return "A confidential report is never merged."
    if older.state in ENDED:
        return f"{older.id} has ended ({older.state}): open it again first."
    if not is_older(older, case):
        return f"{older.id} is the younger one: merge it into this case."
    return None


def _split(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    if command.matter is not None:
        if len(command.reports) != 1:
            raise invalid(FieldError("/reports", "names the one report that holds two matters"))
        return [
            Split(at=now, by=actor.person, by_unit=actor.unit, reports=(), count=case.report_count, text=command.text)
        ]
    if opening_report(case.id) in command.reports:
        at = command.reports.index(opening_report(case.id))
        raise invalid(FieldError(f"/reports/{at}", "opened this case; split the others off"))
    return [
        Split(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            reports=command.reports,
            count=max(1, command.left),
            text=command.text,
        )
    ]


RULES = {
    "merge": Rule(decide=_merge, open_in=OPEN, may=DESK, blocked=still_open, against=_merge_against),
    "split": Rule(decide=_split, open_in=OPEN, may=DESK),
}
