"""Makes what the API shows of a case: the row of a queue, the answer about one case, its history."""

from datetime import datetime

from msgspec import UNSET

from services.router.cases.case_answers import (
    AskedReporter,
    AskView,
    CallBackView,
    CaseAnswer,
    CaseLocation,
    CaseReport,
    ClockView,
    ConsultationView,
    ExtensionView,
    HistoryEntry,
    NotOursView,
    PartView,
    PauseView,
    QueueRow,
    RejectionView,
    RoutingView,
    RulingView,
    StatedPlace,
    SupervisionView,
    UnitToSendTo,
)
from services.router.cases.published_events import SUMMARY_MAX
from services.router.cases.recusal import is_recused
from services.router.cases.sealed_words import bare
from services.router.domain.case import REPORTS_KEPT, Case
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.case_parts.report import Report
from services.router.domain.case_parts.ruling import Rejection, Ruling
from services.router.domain.case_parts.work import Consultation, Part, Supervision
from services.router.domain.clock import Ask, Extension, Pause, SlaClock
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import open_commands
from shared.city.cooperation import units_to_send_to
from shared.city.pack import Pack
from shared.city.remarks import remark_words

UNITS_SHOWN = 60


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


def _clock_in_a_row(case: Case, clock: SlaClock) -> ClockView:
    """Without what officers wrote where no word leaves the case."""
    return bare(clock_view(clock)) if case.wordless else clock_view(clock)


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
        place=None if case.sensitive is not None else case.location.place or case.location.address,
        summary="" if case.wordless else case.description[:SUMMARY_MAX],
        opened_at=case.opened_at,
        due_at=tightest(case),
        clocks=[] if case.historic else [_clock_in_a_row(case, clock) for clock in case.clocks],
        report_count=case.report_count,
        assignee=case.assignee,
        confidential=case.confidential,
        supervised_by=case.supervision.by_unit if case.supervision is not None else None,
        suspected=list(case.suspected),
        sensitive=case.sensitive.kind if case.sensitive is not None else None,
        channel=UNSET if case.confidential else case.channel,
        sample=case.found.sample if case.found is not None else None,
    )


def tightest(case: Case) -> datetime | None:
    """The earliest deadline of the clocks under which something is still owed; of history nothing is."""
    if case.historic:
        return None
    return min((clock.due_at for clock in case.clocks if clock.waits), default=None)


def answer(case: Case, actor: Actor | None, pack: Pack) -> CaseAnswer:
    """The case as ``GET /v1/cases/{id}`` answers it; lines of the history in the words of ``pack``, which says in
    ``outcomes`` how it may be resolved."""
    own = row(case)
    return CaseAnswer(
        **{name: getattr(own, name) for name in QueueRow.__struct_fields__ if name not in ("place", "clocks")},
        place=case.location.place or case.location.address,
        clocks=[] if case.historic else [clock_view(clock) for clock in case.clocks],
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
        history=[history_view(entry, pack, words=shows_words(case, actor)) for entry in case.history],
        claimed_by=case.claimed_by,
        resolved_by=case.resolved_by,
        resolved_how=case.resolved_how,
        inspected_by=case.inspected_by,
        rating=case.rating,
        asks=[_ask_view(ask) for ask in case.asks],
        ruling=_ruling_view(case.ruling, _may_go_to(case, actor, pack)) if case.ruling is not None else None,
        rejection=_rejection_view(case.rejection) if case.rejection is not None else None,
        supervision=_supervision_view(case.supervision) if case.supervision is not None else None,
        question=_question_view(case),
        historic=case.historic,
        merged_into=case.merged_into,
        linked_to=case.linked_to,
        outcomes=list(pack.outcomes(case.category, case.kind)),
        recused=list(case.recused),
        not_ours=NotOursView(case.not_ours.id, case.not_ours.name) if case.not_ours is not None else None,
        call_back=_call_back_view(case),
        commands=open_commands(case, actor),
    )


def _call_back_view(case: Case) -> CallBackView | None:
    waiting = case.call_back
    if waiting is None:
        return None
    return CallBackView(
        due_at=waiting.due_at,
        unit=waiting.by,
        report=case.reporter_to_call,
        tried=waiting.tried,
        tries=waiting.tries,
        since=waiting.since,
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


def _may_go_to(case: Case, actor: Actor | None, pack: Pack) -> list[UnitToSendTo]:
    """Where a return may be sent by ``actor``, if it is for him to grant."""
    if actor is None or actor.unit not in pack.units or "approve_return" not in open_commands(case, actor):
        return []
    open_ = (id_ for id_ in units_to_send_to(pack, case.category, case.unit, actor.unit))
    found = [pack.units[id_] for id_ in open_ if not is_recused(case, id_, pack)]
    return [UnitToSendTo(unit.id, unit.name, unit.name_en or unit.name) for unit in found[:UNITS_SHOWN]]


def _ruling_view(asked: Ruling, may_go_to: list[UnitToSendTo]) -> RulingView:
    return RulingView(
        what=asked.what,
        at=asked.at,
        reason=asked.reason,
        text=asked.text,
        asked_by=asked.asked_by,
        unit=asked.unit,
        ruler=asked.to,
        suggests=asked.suggests,
        may_go_to=may_go_to,
    )


def _rejection_view(was: Rejection) -> RejectionView:
    return RejectionView(
        reason=was.reason, asked_by=was.asked_by, granted_by=was.granted_by, unit=was.unit, objected=was.objected
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
        channel=report.channel,
        outside_number=report.outside_number,
        answers=dict(report.answers),
    )


def shows_words(case: Case, actor: Actor | None) -> bool:
    """Whether this officer may read the texts of the case: those of a confidential case only its handlers."""
    return not case.confidential or (actor is not None and actor.trusted)


def history_view(entry: Entry, pack: Pack, *, words: bool = True) -> HistoryEntry:
    """A line of the history, what the system says in the city's first language; without ``words`` also without what
    somebody wrote, stated or photographed."""
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
        text=_line_text(entry, pack) if words else None,
        remark=entry.remark if words else None,
        said_at=entry.said_at if words else None,
        photos=list(entry.photos) if words else [],
        location=StatedPlace(*entry.where) if words and entry.where is not None else None,
    )


def _line_text(entry: Entry, pack: Pack) -> str | None:
    return entry.text if entry.remark is None else remark_words(entry.remark, entry.values, entry.text, pack)


def etag(case: Case) -> str:
    """The ETag. It changes with commands, clocks and moves of the case only."""
    return f'"{case.officer_moves}"'
