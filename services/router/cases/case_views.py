"""Makes what the API shows of a case: the row of a queue, the answer about one case, its history."""

from datetime import datetime

from msgspec import UNSET

from services.router.cases.case_answers import (
    AskedReporter,
    AskView,
    CaseAnswer,
    CaseLocation,
    CaseReport,
    ClockView,
    ConsultationView,
    ExtensionView,
    HistoryEntry,
    PartView,
    PauseView,
    QueueRow,
    RoutingView,
    StatedPlace,
    SupervisionView,
)
from services.router.cases.published_events import SUMMARY_MAX
from services.router.domain.case import REPORTS_KEPT, Case, Consultation, Entry, Part, Report, Supervision
from services.router.domain.clock import Ask, Extension, Pause, SlaClock
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import open_commands


def clock_view(clock: SlaClock) -> ClockView:
    """A clock as the API shows it."""
    return ClockView(
        kind=clock.kind,
        started_at=clock.started_at,
        target=clock.target,
        calendar=clock.calendar,
        due_at=clock.due_at,
        state=clock.state,
        pauses=[_pause_view(pause) for pause in clock.pauses],
        commitment=clock.commitment,
        met_at=clock.met_at,
        extensions=[_extension_view(extension) for extension in clock.extensions],
        superseded_at=clock.superseded_at,
        part=clock.part,
    )


def _pause_view(pause: Pause) -> PauseView:
    return PauseView(
        from_=pause.since,
        until=pause.until,
        reason=pause.reason,
        asked_by=pause.asked_by,
        approved_by=pause.approved_by,
        to=pause.to,
    )


def _extension_view(extension: Extension) -> ExtensionView:
    return ExtensionView(
        at=extension.at,
        was_due_at=extension.was_due_at,
        due_at=extension.due_at,
        reason=extension.reason,
        asked_by=extension.asked_by,
        approved_by=extension.approved_by,
    )


def part_view(case: Case, part: Part) -> PartView:
    """A part as the API shows it, with its own clocks."""
    return PartView(
        id=part.id,
        unit=part.unit,
        work=part.work,
        caller=part.caller,
        called_by=part.called_by,
        called_at=part.called_at,
        state=part.state,
        turn=part.turn,
        due_at=part.due_at,
        reported_in_by=part.reported_in_by,
        reported_in_at=part.reported_in_at,
        ended_by=part.ended_by,
        ended_at=part.ended_at,
        said=part.said,
        clocks=[clock_view(clock) for clock in case.clocks if clock.part == part.id],
    )


def row(case: Case) -> QueueRow:
    """A row of a queue."""
    return QueueRow(
        id=case.id,
        version=case.version,
        state=case.state.value,
        priority=case.priority,
        category=case.category,
        kind=case.kind,
        unit=case.unit,
        within=case.within,
        offered_to=case.offered_to,
        place=case.location.place or case.location.address,
        summary="" if case.confidential else case.description[:SUMMARY_MAX],
        opened_at=case.opened_at,
        due_at=tightest(case),
        clocks=[] if case.historic else [clock_view(clock) for clock in case.clocks],
        report_count=case.report_count,
        assignee=case.assignee,
        confidential=case.confidential,
        supervised_by=case.supervision.by_unit if case.supervision is not None else None,
    )


def tightest(case: Case) -> datetime | None:
    """The earliest deadline of the clocks under which something is still owed; of history nothing is."""
    if case.historic:
        return None
    return min((clock.due_at for clock in case.clocks if clock.waits), default=None)


def answer(case: Case, actor: Actor | None) -> CaseAnswer:
    """The case as ``GET /v1/cases/{id}`` answers it."""
    own = row(case)
    return CaseAnswer(
        **{name: getattr(own, name) for name in QueueRow.__struct_fields__},
        path=[unit.id for unit in case.path],
        location=CaseLocation(
            lon=case.location.lon, lat=case.location.lat, address=case.location.address, place=case.location.place
        ),
        description=case.description if shows_words(case, actor) else "",
        photos=list(case.photos),
        routing=_routing_view(case),
        reports=[report_view(r, confidential=case.confidential) for r in reversed(case.reports[-REPORTS_KEPT:])],
        parts=[part_view(case, part) for part in case.parts],
        consultation=_consultation_view(case.consultation) if case.consultation is not None else None,
        follow_up=case.follow_up,
        history=[history_view(entry, words=shows_words(case, actor)) for entry in case.history],
        claimed_by=case.claimed_by,
        resolved_by=case.resolved_by,
        resolved_how=case.resolved_how,
        inspected_by=case.inspected_by,
        rating=case.rating,
        asks=[_ask_view(ask) for ask in case.asks],
        supervision=_supervision_view(case.supervision) if case.supervision is not None else None,
        question=_question_view(case),
        historic=case.historic,
        merged_into=case.merged_into,
        linked_to=case.linked_to,
        commands=open_commands(case, actor),
    )


def _routing_view(case: Case) -> RoutingView:
    return RoutingView(
        by=case.routing.by,
        pack_version=case.routing.pack_version,
        near_border=case.routing.near_border,
        flags=list(case.routing.flags),
        category_by=case.routing.category_by,
        rule=case.routing.rule,
        commitment=case.routing.commitment,
        why=list(case.routing.why),
    )


def _consultation_view(asked: Consultation) -> ConsultationView:
    return ConsultationView(
        unit=asked.unit,
        parties=list(asked.parties),
        question=asked.question,
        by=asked.by,
        at=asked.at,
        conclusion=asked.conclusion,
        concluded_by=asked.concluded_by,
        concluded_at=asked.concluded_at,
    )


def _ask_view(ask: Ask) -> AskView:
    return AskView(
        what=ask.what,
        clock=ask.clock,
        at=ask.at,
        reason=ask.reason,
        asked_by=ask.asked_by,
        until=ask.until,
        longest=ask.longest,
        approver=ask.approver,
        part=ask.part,
    )


def _supervision_view(supervision: Supervision) -> SupervisionView:
    by = UNSET if supervision.by is None else supervision.by
    return SupervisionView(at=supervision.at, by=by, by_unit=supervision.by_unit, reason=supervision.reason)


def _question_view(case: Case) -> AskedReporter | None:
    asked = case.question
    if asked is None:
        return None
    return AskedReporter(at=asked.at, text=asked.text, asked_by=asked.asked_by, until=asked.until)


def report_view(report: Report, *, confidential: bool) -> CaseReport:
    """A report on the case: who sent it stays with intake, a confidential one shows no reporter at all."""
    if confidential:
        return CaseReport(id=report.id, received_at=report.received_at)
    return CaseReport(
        id=report.id,
        received_at=report.received_at,
        app=report.app,
        entered_by=report.entered_by,
        answers=dict(report.answers),
    )


def shows_words(case: Case, actor: Actor | None) -> bool:
    """Whether this officer may read the texts of the case: those of a confidential case only its handlers."""
    return not case.confidential or (actor is not None and actor.trusted)


def history_view(entry: Entry, *, words: bool = True) -> HistoryEntry:
    """A line of the history; without ``words`` also without what somebody wrote, stated or photographed."""
    return HistoryEntry(
        at=entry.at,
        version=entry.version,
        what=entry.what,
        by=entry.by,
        by_unit=entry.by_unit,
        unit=entry.unit,
        clock=entry.clock,
        due_at=entry.due_at,
        act=entry.act,
        part=entry.part,
        text=entry.text if words else None,
        said_at=entry.said_at if words else None,
        photos=list(entry.photos) if words else [],
        location=StatedPlace(*entry.where) if words and entry.where is not None else None,
    )


def etag(case: Case) -> str:
    """The ETag. It changes with commands, clocks and moves of the case only."""
    return f'"{case.officer_moves}"'
