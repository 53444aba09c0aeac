"""Which alerts follow from an event: pure, nothing is read or written here.

An event says which notices are due (``domain.recipients``); the pack and the rota say who is on duty for them; a
confidential case reaches only people who may see it. Each of these people gets one alert.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.notifier.alerts.case_words import TEXT_MAX, group_text, text
from services.notifier.alerts.clock_words import deadline_name, next_deadline
from services.notifier.alerts.confidential_recipients import permitted_recipients
from services.notifier.alerts.effect_review import looks_at_effect
from services.notifier.alerts.new_alert import Subject, new_alert
from services.notifier.alerts.recipient_resolution import people_reached
from services.notifier.alerts.ringing import rings_at
from services.notifier.alerts.welfare_pages import paged_by_category, paired_people
from services.notifier.alerts.wording import suspicion_text, unattended_text, unrouted_text, vacant_posts_text
from services.notifier.documents.alert import UNATTENDED, Alert
from services.notifier.documents.silence import Silence
from services.notifier.domain.recipients import AlertTrigger, Notice, notices
from shared.city.pack import Pack
from shared.city.people.rota import RotaChanges
from shared.contracts.cases import CaseEvent, CaseState
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportUnrouted
from shared.kernel.cells import metres_between
from shared.kernel.ids import case_id
from shared.kernel.vocabulary import SENSITIVITIES


def plan_alerts(
    event: Envelope,
    data: CaseEvent,
    pack: Pack,
    rota: RotaChanges,
    silences: Sequence[Silence],
    now: datetime,
    people: Pack | None = None,
) -> list[Alert]:
    """The alerts of a case's event, one for each person whom it reaches.

    Who is on duty is asked as of the event's time, so that an event that is handled again plans the same alerts; of
    what rings later, as of then: whoever is at the desk in the morning.
    ``now`` becomes the alerts' time. ``pack`` is the version that the event names: the case keeps its categories, areas
    and commitments. ``people``: the version in force when it happened, whose people are told; by default ``pack``.
    """
    people = people or pack
    case, language = data.case, pack.city.languages[0]
    at_once = bool(paged_by_category(event, case, pack)) or _is_sensitive(event, case)
    silence = None if at_once else covering_silence(silences, case, pack, event.time)
    paired = paired_people(case, pack, people, event.time, rota) if at_once else ()
    due = [_of_today(notice, pack, people) for notice in notices(trigger_of(event, data, pack, paired))]
    subject = case_subject(event, data, pack)
    alerts = []
    when = event.time if at_once else subject.rings_at or event.time
    for person, (notice, vacant) in permitted_recipients(due, case, people, when, rota).items():
        if notice.kind == "inspect" and person == (data.asked_by or data.by):
            continue
        about = subject_for(notice, subject, case, pack)
        if vacant:
            about = _with(vacant_posts_text(vacant, people), about)
        alerts.append(
            new_alert(
                event,
                about,
                notice,
                person,
                language,
                now,
                at_once=at_once,
                silenced=silence.id if silence is not None and _quiets(silence, notice, people) else None,
            )
        )
    return alerts


def plan_unrouted_alerts(
    event: Envelope, data: ReportUnrouted, pack: Pack, rota: RotaChanges, now: datetime
) -> list[Alert]:
    """Alerts that a report has no case in time, for the desk of the city's root unit: the router may be down."""
    language = pack.city.languages[0]
    subject = Subject(case_id(data.report), 0, "urgent", unrouted_text(data.report, language), data.route_by)
    notice = Notice("unrouted", pack.root.id, "A")
    people = people_reached(notice, pack, event.time, rota)
    return [new_alert(event, subject, notice, person.id, language, now) for person in people]


def case_subject(event: Envelope, data: CaseEvent, pack: Pack) -> Subject:
    """What alerts of a case's event are about. ``due_at``: the earliest running clock of the case, or of the part."""
    case, following = data.case, next_deadline(data)
    return Subject(
        case=case.id,
        case_version=case.version,
        priority=case.priority,
        text=text(event.type, event.time, data, pack),
        due_at=following.due_at if following is not None else None,
        part=next(((p.id, p.unit) for p in case.parts if p.id == data.part), None),
        due_name=deadline_name(data, following, chinese=pack.city.languages[0].startswith("zh")),
        group_text=group_text(case, pack),
        owner=case.unit,
        category=None if case.confidential or case.sensitive else case.category,
        rings_at=rings_at(case, pack, event.time),
    )


def subject_for(notice: Notice, subject: Subject, case: CaseState, pack: Pack) -> Subject:
    """The subject for one notice: nothing of the case for who may not see it; for who decides what the report's words
    suggest, that first."""
    if notice.kind == UNATTENDED:
        return _without_the_case(subject, case.unit, pack)
    if notice.kind == "judge" and case.suspected:
        return replace(subject, text=f"{suspicion_text(case.suspected, pack)} · {subject.text}"[:TEXT_MAX])
    return subject


def covering_silence(silences: Sequence[Silence], case: CaseState, pack: Pack, at: datetime) -> Silence | None:
    """The silence that covers the alerts of ``case`` at that time; None for danger, which is never silenced."""
    if not silences or case.priority == "danger":
        return None
    ground = pack.units.get(case.within or case.unit)
    path = {*case.path, *(ground.path if ground is not None else ())}
    for silence in silences:
        about = not silence.categories or case.category in silence.categories
        if about and silence.unit in path and silence.holds_at(at) and _is_there(silence, case, pack):
            return silence
    return None


def _is_there(silence: Silence, case: CaseState, pack: Pack) -> bool:
    """Whether a case lies in the place that is muted and came meanwhile; wherever it is for a silence of the ground."""
    there = silence.around
    if there is None:
        return True
    at = _point_of(case, pack) if silence.holds_at(case.opened_at) else None
    return at is not None and metres_between(there.lon, there.lat, *at) <= there.metres


def _point_of(case: CaseState, pack: Pack) -> tuple[float, float] | None:
    """Where it was reported, else where the place is that its words name."""
    if case.lon is not None and case.lat is not None:
        return case.lon, case.lat
    return pack.locate(None, case.place).spot if case.place else None


def _quiets(silence: Silence, notice: Notice, people: Pack) -> bool:
    """Whether a silence is for who is told: a place is muted by a desk for itself and those below it."""
    told = people.units.get(notice.unit)
    return silence.around is None or (told is not None and silence.unit in told.path)


def _is_sensitive(event: Envelope, case: CaseState) -> bool:
    """Whether the event says for the first time that a case is sensitive, or may be: nobody sleeps over that."""
    if event.type == "case.opened.v1":
        return not set(SENSITIVITIES).isdisjoint(case.suspected)
    return event.type == "case.marked_sensitive.v1"


def _of_today(notice: Notice, pack: Pack, people: Pack) -> Notice:
    """``notice`` for a unit that ``people`` still has: of a unit that is gone, the nearest above it."""
    if notice.unit in people.units or notice.unit not in pack.units:
        return notice
    above = reversed(pack.units[notice.unit].path)
    return replace(notice, unit=next((unit for unit in above if unit in people.units), people.root.id))


def trigger_of(event: Envelope, data: CaseEvent, pack: Pack, paired: tuple[str, ...]) -> AlertTrigger:
    """What decides who is alerted of ``event``. ``paired``: people who look after somebody there and are paged."""
    case = data.case
    return AlertTrigger(
        type=event.type,
        unit=case.unit,
        within=case.within,
        offered_to=case.offered_to,
        act=data.act,
        tell=tuple(data.tell),
        judges=tuple(data.judges),
        assignee=case.assignee,
        quiet=case.historic or data.quiet,
        early=data.due_at is not None and event.time < data.due_at,
        part=data.part,
        clock=data.clock,
        by=data.by,
        asked_by=data.asked_by,
        reporter_word=data.reporter_word,
        sample=case.sample,
        danger=case.priority == "danger",
        effect=looks_at_effect(event.type, case, pack),
        paired=paired,
    )


def _with(vacant: str, subject: Subject) -> Subject:
    """``subject`` that says first which posts nobody is on, to a group too."""
    group = None if subject.group_text is None else f"{vacant} · {subject.group_text}"
    return replace(subject, text=f"{vacant} · {subject.text}", group_text=group)


def _without_the_case(subject: Subject, unit: str, pack: Pack) -> Subject:
    """The subject for people who may not see the case: names nothing of it, but the alert ends with the case."""
    said = unattended_text(unit, pack)
    nothing = replace(subject, due_at=None, due_name=None, part=None, group_text=None, owner=None, category=None)
    return replace(nothing, text=said)
