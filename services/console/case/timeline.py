"""The history of a case, folded: what moved it stands, what else happened is behind each of these lines."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.console.case.answers import HistoryLine
from services.console.frame.languages import N_
from services.console.frame.service_names import ServiceNames
from services.console.frame.visit import Visit
from shared.case_page.words import WORDS

WHAT = {
    "case.opened": N_("Reported"),
    "case.acknowledged": N_("Acknowledged"),
    "case.claimed": N_("Claimed"),
    "case.released": N_("Claim given back"),
    "case.assigned": N_("Assigned"),
    "case.offered": N_("Offered to another unit"),
    "case.moved": N_("Moved"),
    "case.placed": N_("Place cleared up"),
    "case.refused": N_("Declined"),
    "case.return_requested": N_("Return asked for"),
    "case.returned": N_("Returned: another unit has it"),
    "case.return_refused": N_("Return refused"),
    "case.on_site": N_("On site now"),
    "case.started": N_("Work begun"),
    "case.noted": N_("Note"),
    "case.escalated": N_("Moved up the ladder"),
    "case.supervised": N_("Supervised"),
    "case.recused": N_("Recused"),
    "case.recusal_lifted": N_("No recusal"),
    "case.marked_sensitive": N_("Marked as sensitive"),
    "case.unmarked_sensitive": N_("Not sensitive"),
    "case.forgotten": N_("Nobody did anything for long"),
    "case.read": N_("Read"),
    "case.categorized": N_("Category changed"),
    "case.info_requested": N_("Reporter asked"),
    "case.info_given": N_("Reporter answered"),
    "case.info_missing": N_("No answer of the reporter"),
    "case.called_in": N_("Units called in"),
    "case.reported_in": N_("Reported in"),
    "case.part_finished": N_("Part finished"),
    "case.part_excused": N_("Part not needed any more"),
    "case.part_started": N_("Part begun"),
    "case.consulted": N_("Consultation"),
    "case.concluded": N_("Consultation concluded"),
    "case.planned": N_("Plan made"),
    "case.follow_up": N_("Day to look again"),
    "case.outcome_requested": N_("Ending asked for"),
    "case.outcome_refused": N_("Ending refused"),
    "case.resolved": N_("Work done"),
    "case.inspected": N_("Inspected"),
    "case.closed": N_("Closed"),
    "case.redirected": N_("Sent elsewhere"),
    "case.reopened": N_("Opened again"),
    "case.rejection_requested": N_("Rejection asked for"),
    "case.rejection_refused": N_("Rejection refused"),
    "case.rejected": N_("Not taken on"),
    "case.objected": N_("Reporter objects"),
    "case.objection_refused": N_("Rejection upheld"),
    "case.rated": N_("Rated"),
    "case.call_due": N_("Reporter to be called"),
    "case.called_back": N_("Reporter called"),
    "case.report_attached": N_("Another report of it"),
    "case.confirmed": N_("Reported again"),
    "case.priority_raised": N_("Priority raised"),
    "case.merged": N_("Merged"),
    "case.split": N_("Split"),
    "case.unmasked": N_("Looked who reported"),
    "case.unsealed": N_("Read the confidential words"),
    "case.visit_planned": N_("Visit planned"),
    "case.visit_held": N_("Visit held"),
    "case.visit_cancelled": N_("Visit called off"),
    "clock.warned": N_("Nearly over time"),
    "clock.breached": N_("Over time"),
    "clock.pause_requested": N_("Pause asked for"),
    "clock.pause_refused": N_("Pause refused"),
    "clock.paused": N_("Paused"),
    "clock.resumed": N_("Time runs again"),
    "clock.extension_requested": N_("More time asked for"),
    "clock.extension_refused": N_("More time refused"),
    "clock.extended": N_("More time granted"),
}
MILESTONES = frozenset(
    {
        "case.opened",
        "case.acknowledged",
        "case.claimed",
        "case.moved",
        "case.returned",
        "case.on_site",
        "case.started",
        "case.supervised",
        "case.called_in",
        "case.resolved",
        "case.inspected",
        "case.closed",
        "case.redirected",
        "case.reopened",
        "case.rejected",
        "case.objected",
        "case.rated",
        "case.called_back",
        "case.merged",
        "clock.breached",
    }
)
LATE = frozenset({"clock.breached", "case.forgotten"})


@dataclass(frozen=True, slots=True)
class Happened:
    """``at``: in words, ``iso`` as it is; ``by``: person and unit; ``text``: what somebody wrote."""

    at: str
    iso: str
    what: str
    by: str = ""
    text: str = ""
    late: bool = False
    photos: tuple[str, ...] = ()
    between: list["Happened"] = field(default_factory=list)


def milestones(lines: Iterable[HistoryLine], names: ServiceNames, visit: Visit) -> list[Happened]:
    """Newest first. ``between``: what happened after a milestone, before the next."""
    found: list[Happened] = []
    for line in lines:
        if line.at is None:
            continue
        happened = _happened(line, names, visit)
        if line.what in MILESTONES or not found:
            found.append(happened)
        else:
            found[-1].between.append(happened)
    return found[::-1]


def notes(lines: Iterable[HistoryLine], names: ServiceNames, visit: Visit) -> list[Happened]:
    """What people wrote down, newest first."""
    wrote = [line for line in lines if line.what == "case.noted" and line.text and line.at is not None]
    return [_happened(line, names, visit) for line in reversed(wrote)]


def _happened(line: HistoryLine, names: ServiceNames, visit: Visit) -> Happened:
    assert line.at is not None  # noqa: S101 - others are left out
    what = visit._(WHAT[line.what]) if line.what in WHAT else line.what
    clock = WORDS.get(f"clock.{line.clock}") if line.clock else None
    if clock is not None:
        what = f"{what} · {visit.case_words.of(clock)}"
    who = [names.person(line.by)] if line.by else []
    unit = line.by_unit if line.by else line.unit
    return Happened(
        at=visit.moment(line.at),
        iso=line.at.isoformat(),
        what=what,
        by=" · ".join([*([names.unit(unit)] if unit else []), *who]),
        text=line.text or "",
        late=line.what in LATE,
        photos=line.photos,
    )
