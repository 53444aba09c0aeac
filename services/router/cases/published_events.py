"""The events of a case as they are published: its bounded state, and an envelope for each new line of history."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.router.domain import events as e
from services.router.domain.attachment import Attached, Confirmed
from services.router.domain.call_backs.call_events import CalledBack
from services.router.domain.case import REPORTS_KEPT, Case
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.case_parts.report import Report
from services.router.domain.clock import SlaClock
from services.router.domain.domain_event import DomainEvent
from services.router.domain.hash_chain import line, linked
from shared.contracts import cases as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import DANGER, HISTORY, LIVE, Envelope
from shared.kernel.clock import rfc3339
from shared.kernel.ids import event_id
from shared.kernel.personal import without_personal_numbers
from shared.kernel.persons_in_text import without_names
from shared.kernel.spelling import as_read
from shared.runtime.sealed_texts import is_sealed

PAUSES_TOLD = 5
SUMMARY_MAX = 120
TOLD_MAX = 120
PHOTOS_TOLD = 10
MOVES_A_DEADLINE = frozenset({"clock.extended", "clock.resumed"})
"""Lines whose ``due_at`` is the deadline before them: who shows the case tells by it what was promised then."""


def to_state(case: Case, seen_by: Sequence[str] = ()) -> contract.CaseState:
    """The bounded public state that every case event carries. ``seen_by``: as ``visibility`` decided it."""
    return contract.CaseState(
        id=case.id,
        city=case.city,
        version=case.version,
        state=case.state.value,
        priority=case.priority,
        category=case.category,
        kind=case.kind,
        unit=case.unit,
        path=[unit.id for unit in case.path],
        pack_version=case.routing.pack_version,
        opened_at=case.opened_at,
        clocks=[] if case.historic else [_clock_state(clock) for clock in case.clocks],
        cell=case.location.cell,
        within=case.within,
        offered_to=case.offered_to,
        place=_place(case),
        lon=None if case.wordless else case.location.lon,
        lat=None if case.wordless else case.location.lat,
        summary=None if case.wordless else case.description[:SUMMARY_MAX],
        assignee=case.assignee,
        reports=[_report_ref(report) for report in case.reports[-REPORTS_KEPT:]],
        report_count=case.report_count,
        steps=[
            contract.HistoryLine(
                at=entry.at,
                what=entry.what,
                unit=entry.unit,
                detail=entry.clock,
                due_at=entry.due_at if entry.what in MOVES_A_DEADLINE else None,
                act=entry.act,
            )
            for entry in case.history[-contract.STEPS_KEPT :]
        ],
        rating=case.rating,
        confidential=case.confidential,
        historic=case.historic,
        parts=[contract.PartState(id=p.id, unit=p.unit, caller=p.caller, state=p.state) for p in case.parts],
        parties=list(case.consultation.parties) if case.consultation is not None else [],
        question=_question(case),
        outcome=_outcome(case),
        supervised_by=case.supervision.by_unit if case.supervision is not None else None,
        routed_by=case.routing.by,
        apps=list(case.apps),
        merged_into=case.merged_into,
        linked_to=case.linked_to,
        seen_by=list(seen_by),
        worked_by=case.worked_by,
        recused=bool(case.recused),
        suspected=list(case.suspected),
        sensitive=case.sensitive.kind if case.sensitive is not None else None,
        discreet=case.discreet,
        channel=case.channel,
        sample=case.found.sample if case.found is not None else None,
    )


def _place(case: Case) -> str | None:
    """Where it is, in words; None where no word may leave the case."""
    if case.sensitive is not None:
        return None
    return case.location.place or (None if case.confidential else case.location.address)


def to_envelopes(
    case: Case,
    happened: list[DomainEvent],
    trace: str,
    before: Case | None = None,
    *,
    seen_by: Sequence[str] = (),
    was_seen_by: Sequence[str] = (),
) -> tuple[Envelope, ...]:
    """The change's events as sent to Kafka; all carry the state after the change, and each its hash in the chain.

    The last one's ``head`` becomes the case's. ``was_seen_by``: who saw ``before`` and does not see ``case``.
    """
    state = to_state(case, seen_by)
    head = before.head if before is not None else ""
    envelopes = []
    for n, (event, entry) in enumerate(zip(happened, _lines(case, len(happened)), strict=True)):
        id_, data = (
            event_id(case.id, case.version, n),
            encode(_case_event(state, case, event, before, entry, was_seen_by)),
        )
        head = linked(head, id_, event.TYPE, rfc3339(event.at), data)
        envelopes.append(
            Envelope(
                id=id_,
                type=event.TYPE,
                topic=contract.TOPIC,
                key=case.id,
                subject=case.id,
                city=case.city,
                sequence=case.version,
                time=event.at,
                lane=lane_of(case, event.at),
                trace=trace,
                data=data,
                head=head,
            )
        )
    return tuple(envelopes)


def lane_of(case: Case, at: datetime) -> int:
    """History by the case's flag ``historic``, and for what an imported open item brings with it (``at``: when it
    happened): nobody is alerted of history, and live queues do not stream it. Danger by its current priority.

    When a case was raised to danger, its earlier events may arrive later: projections compare versions, and alerts
    take the newest state into account.
    """
    if case.historic or (case.quiet_until is not None and at <= case.quiet_until):
        return HISTORY
    return DANGER if case.priority == "danger" else LIVE


def _lines(case: Case, count: int) -> list[Entry | None]:
    """The history lines of the newest ``count`` events; None for lines that the case no longer keeps."""
    lines = list(case.history[-count:])
    return [*([None] * (count - len(lines))), *lines]


def _case_event(
    state: contract.CaseState,
    case: Case,
    event: DomainEvent,
    before: Case | None,
    entry: Entry | None,
    was_seen_by: Sequence[str],
) -> contract.CaseEvent:
    moved = before is not None and before.unit != state.unit
    return contract.CaseEvent(
        case=state,
        was_path=[unit.id for unit in before.path] if before is not None and moved else [],
        was_offered_to=before.offered_to if before is not None and before.offered_to != state.offered_to else None,
        was_called=[unit for unit in before.called if unit not in case.called] if before is not None else [],
        was_seen_by=list(was_seen_by),
        by=event.by,
        by_unit=event.by_unit,
        tell=[] if event.quiet else event.tells(case),
        judges=list(event.to_judge) if isinstance(event, e.Opened) else [],
        quiet=event.quiet,
        act=event.act_meant,
        clock=event.clock_meant,
        due_at=event.due_meant,
        part=event.part_meant,
        fired_at=event.at if event.clock_meant else None,
        reason=state.outcome.words if isinstance(event, e.Rejected) and state.outcome is not None else None,
        score=_score(event),
        attached=_attached(event),
        from_case=event.from_case if isinstance(event, Attached) else None,
        told=_told(event, case),
        asked_by=event.asked_by_meant,
        until=event.until_meant,
        reporter_word=event.reporter_word_meant,
        line=line(entry) if entry is not None else None,
    )


def _score(event: DomainEvent) -> int | None:
    match event:
        case e.Rated(score=score):
            return score
        case CalledBack(satisfied=answer):
            return answer
    return None


def _told(event: DomainEvent, case: Case) -> str | None:
    """The officer's words for those who are told, without personal numbers and cut."""
    words = None if case.wordless else event.told(case)
    return without_personal_numbers(as_read(words))[:TOLD_MAX] if words else None


def _attached(event: DomainEvent) -> list[contract.ReportRef]:
    if not isinstance(event, Attached | Confirmed):
        return []
    return [msgspec.structs.replace(_report_ref(one.report), link=one.link, says=one.says) for one in event.arrived]


def _report_ref(report: Report) -> contract.ReportRef:
    return contract.ReportRef(
        id=report.id,
        app=report.app,
        reporter=report.reporter,
        received_at=report.received_at,
        channel=report.channel,
        outside_number=report.outside_number,
    )


def _clock_state(clock: SlaClock) -> contract.ClockState:
    return contract.ClockState(
        kind=clock.kind,
        started_at=clock.started_at,
        target=clock.target,
        calendar=clock.calendar,
        due_at=clock.due_at,
        state=clock.state,
        met_at=clock.met_at,
        part=clock.part,
        pauses=[
            contract.PauseState(from_=p.since, until=p.until, reason=p.reason, to=p.to)
            for p in clock.pauses[-PAUSES_TOLD:]
        ],
        superseded_at=clock.superseded_at,
    )


def _question(case: Case) -> contract.QuestionState | None:
    asked = case.question or case.place_question
    if asked is None:
        return None
    if case.wordless:
        sealed = asked.text if is_sealed(asked.text) else None
        return contract.QuestionState(at=asked.at, until=asked.until, sealed=sealed)
    return contract.QuestionState(at=asked.at, until=asked.until, text=as_read(asked.text))


def _outcome(case: Case) -> contract.OutcomeState | None:
    done, was = case.outcome, case.rejection
    if done is None:
        return None
    may_object = was is not None and not was.objected and not case.historic
    object_by = was.object_by if was is not None and may_object else None
    if case.wordless or done.text is None:
        return contract.OutcomeState(at=done.at, how=done.how, object_by=object_by)
    words = without_names(without_personal_numbers(as_read(done.text)))[: contract.WORDS_MAX]
    photos = list(done.photos[:PHOTOS_TOLD])
    return contract.OutcomeState(at=done.at, how=done.how, words=words, photos=photos, object_by=object_by)
