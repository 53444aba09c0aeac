"""A case as its page in the console shows it: all texts in one language, ready for ``case.html``."""

from dataclasses import dataclass

from services.console.case.answers import (
    Choices,
    Explained,
    FullCase,
    FullPart,
    Geometry,
    History,
    NearCases,
    Report,
    Reports,
)
from services.console.case.clock_lines import ClockLine, clock_lines, most_pressing, part_clock_lines
from services.console.case.command_forms import FormView, Group
from services.console.case.situation_map import SituationMap, situation_map
from services.console.case.timeline import Happened, milestones, notes
from services.console.frame.languages import N_
from services.console.frame.service_names import ServiceNames
from services.console.frame.visit import Visit
from shared.case_page.case_answer import CaseSeen
from shared.case_page.look import Look
from shared.case_page.next_steps import Reader
from shared.case_page.view import CaseView, case_view
from shared.kernel.vocabulary import AfterPhoto

CHANNELS = {
    "app": N_("App"),
    "group": N_("Group chat"),
    "window": N_("Window"),
    "phone": N_("Telephone"),
    "visit": N_("Visit"),
    "hotline": N_("Hotline"),
    "patrol": N_("Patrol"),
}
BADGES = {"danger": "danger", "urgent": "urgent", "normal": "", "low": ""}


@dataclass(frozen=True, slots=True)
class Read:
    """What the services told about a case. ``stands``: the sentence that its reporter reads."""

    case: FullCase
    version: str
    reader: Reader
    names: ServiceNames
    told: tuple[str, ...]
    reports: Reports
    history: History
    explained: Explained
    choices: Choices
    geometry: Geometry
    near: NearCases
    stands: str


@dataclass(frozen=True, slots=True)
class PartView:
    unit: str
    state: str
    work: str
    said: str
    clocks: tuple[ClockLine, ...]


@dataclass(frozen=True, slots=True)
class ReportLine:
    """``who``: the reporter, masked; ``how``: the channel, with the number elsewhere."""

    at: str
    how: str
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """``view``: what links show too."""

    id: str
    version: str
    view: CaseView
    badge: str
    left: ClockLine | None
    opened: str
    channel: str
    clocks: tuple[ClockLine, ...]
    parts: tuple[PartView, ...]
    reports: tuple[ReportLine, ...]
    milestones: list[Happened]
    notes: list[Happened]
    map: SituationMap | None
    supervised: str
    question: str
    follow_up: str
    merged_into: str | None
    reply: str
    next: tuple[FormView, ...]
    others: tuple[Group, ...]
    undo: FormView | None


def sheet(
    visit: Visit, read: Read, next_: tuple[FormView, ...], others: tuple[Group, ...], undo: FormView | None
) -> Sheet:
    case, names = read.case, read.names
    clocks = clock_lines(case, read.explained, names, visit)
    pressing = most_pressing(case)
    left = next((one for one in clocks if pressing is not None and one.due_at == pressing.due_at.isoformat()), None)
    lines = read.history.items or case.history
    return Sheet(
        id=case.id,
        version=read.version,
        view=_view(visit, read),
        badge=BADGES.get(case.priority, ""),
        left=left,
        opened=visit.moment(case.opened_at) if case.opened_at is not None else "",
        channel=visit._(CHANNELS[case.channel]) if case.channel in CHANNELS else "",
        clocks=clocks,
        parts=tuple(_part(part, read, visit) for part in case.parts),
        reports=tuple(_report(report, visit) for report in read.reports.items),
        milestones=milestones(lines, names, visit),
        notes=notes(lines, names, visit),
        map=_map(visit, read),
        supervised=_supervised(visit, read),
        question=case.question.text if case.question is not None else "",
        follow_up=visit.moment(case.follow_up) if case.follow_up is not None else "",
        merged_into=case.merged_into,
        reply=read.stands,
        next=next_,
        others=others,
        undo=undo,
    )


def _view(visit: Visit, read: Read) -> CaseView:
    category = read.names.categories.get(read.case.category or "")
    after_photo: AfterPhoto = category.after_photo if category is not None else "asked"
    return case_view(
        Look(
            seen=CaseSeen(read.case, read.version),
            reader=read.reader,
            names=read.names,
            words=visit.case_words,
            now=visit.now,
            zone=visit.zone,
            photo_url=lambda id_: f"/cases/{read.case.id}/photos/{id_}",
            told=read.names.on_post(read.told),
            after_photo=after_photo,
        )
    )


def _map(visit: Visit, read: Read) -> SituationMap | None:
    case, at = read.case, read.case.location
    point = (at.lon, at.lat) if at.lon is not None and at.lat is not None else None
    return situation_map(read.geometry, case.unit, case.within, point, visit.language.code)


def _part(part: FullPart, read: Read, visit: Visit) -> PartView:
    return PartView(
        unit=read.names.unit(part.unit),
        state=visit.case_words(f"part.{part.state}"),
        work=part.work,
        said=part.said or "",
        clocks=part_clock_lines(part, read.explained, read.names, visit),
    )


def _report(report: Report, visit: Visit) -> ReportLine:
    channel = visit._(CHANNELS[report.channel]) if report.channel in CHANNELS else ""
    who = report.reporter
    return ReportLine(
        at=visit.moment(report.received_at),
        how=" ".join(one for one in (channel, report.outside_number or "") if one),
        who=" ".join(one for one in (who.name, who.phone) if one) if who is not None else "",
        words=report.description,
    )


def _supervised(visit: Visit, read: Read) -> str:
    held = read.case.supervision
    if held is None:
        return ""
    unit = read.names.unit(held.by_unit)
    said = visit._("%(unit)s supervises since %(at)s", unit=unit, at=visit.moment(held.at))
    return visit.case_words.of(("：", ": ")).join(one for one in (said, held.reason) if one)
