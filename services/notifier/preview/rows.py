"""Previews what officers are told: of each event who, by which way, in which words, and what can be pressed."""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from datetime import date, datetime

import msgspec

from services.notifier.alerts.alert_plan import case_subject, subject_for, trigger_of
from services.notifier.alerts.duty_words import appointment_text, swap_text
from services.notifier.alerts.new_alert import Subject, new_alert
from services.notifier.alerts.recipient_resolution import VacantPost
from services.notifier.alerts.visit_alerts import visit_subject
from services.notifier.alerts.wording import (
    recused_text,
    test_text,
    title,
    unattended_text,
    unrouted_text,
    vacant_posts_text,
)
from services.notifier.channels.channel import TemplateMessage
from services.notifier.channels.templates import TEMPLATES, call_message, text_message
from services.notifier.channels.texts import Item, Texts
from services.notifier.delivery.unsigned_danger import asks_to_sign_danger
from services.notifier.documents.alert import Alert, AlertState
from services.notifier.domain.recipients import Kind, Notice, notices
from services.notifier.http.alert_views import invites_to
from services.notifier.preview.example_case import (
    ASKER,
    ASSIGNEE,
    AT,
    Sample,
    about_people,
    at,
    case_event,
    example_units,
)
from services.notifier.preview.samples import SAMPLES
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.contracts.envelope import Envelope
from shared.contracts.visits import VisitEvent

LINK = "https://…/a/…"
SIGN_IN = "https://…/me"
DOMAIN, CODE = "…", "…"
_VISITS: tuple[tuple[str, Kind, tuple[str, str]], ...] = (
    ("visit.planned.v1", "joint_enforcement", ("联合执法", "joint enforcement is planned")),
    ("visit.planned.v1", "patrol", ("联合巡查", "a patrol is planned")),
    ("visit.planned.v1", "campaign", ("专项整治", "a campaign is planned")),
    ("visit.planned.v1", "service", ("服务清单", "a service is published")),
    ("visit.reminded.v1", "visit_today", ("活动当日", "the day of a visit")),
    ("visit.cancelled.v1", "visit_off", ("活动取消", "a visit is called off")),
)


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is told of an event, in one language.

    ``type``: the event; ``when``: in words. ``title`` and ``text`` stand in the inbox. ``person``: the message over a
    person's channels; ``group``: that in the unit's group. ``sms``: the text message where only registered templates
    are sent; ``call``: the call if the case is a danger and nobody signs, None: nobody is called. Both are Chinese, or
    their meaning in English. ``press``: the command of the link; None: it only shows.
    """

    type: str
    kind: str
    language: str
    when: str
    who: str
    title: str
    text: str
    person: str
    group: str
    sms: str
    call: str | None
    press: str | None


def preview_alerts(pack: Pack) -> list[AlertRow]:
    """Every alert in every language of the city, in the order of a case's life."""
    return [row for language in pack.city.languages for row in _Preview(_in_language(pack, language)).rows()]


def _in_language(pack: Pack, language: str) -> Pack:
    """``pack`` as if ``language`` were its city's first: alerts are written in that one."""
    if pack.city.languages[0] == language:
        return pack
    others = tuple(one for one in pack.city.languages if one != language)
    seen = copy(pack)
    seen.city = msgspec.structs.replace(pack.city, languages=(language, *others))
    return seen


class _Preview:
    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._units = example_units(pack)
        self._language = pack.city.languages[0]
        self._chinese = self._language.startswith("zh")
        self._texts = Texts(self._language, pack.city.timezone, SIGN_IN)

    def rows(self) -> Iterator[AlertRow]:
        people = about_people(self._pack)
        for sample in SAMPLES:
            yield from self._of_case(sample)
        if people is not None:
            helped = Sample("case.opened.v1", ("关于人的工单", "a case about people"), case={"category": people})
            yield from self._of_case(helped)
        sealed = Sample("case.opened.v1", ("隐名上报", "a confidential report"), case={"confidential": True})
        yield from self._of_case(sealed)
        yield from self._of_no_case()

    def _of_case(self, sample: Sample) -> Iterator[AlertRow]:
        data = case_event(sample, self._pack, self._units)
        event = _envelope(sample.type, at(sample), self._pack)
        category = self._pack.categories.get(data.case.category)
        pages = category.pages if category is not None and sample.type == "case.opened.v1" else ()
        seen = set()
        for notice in notices(trigger_of(event, data, self._pack, pages)):
            who = self._who(notice, pages)
            if (notice.kind, who) in seen:
                continue
            seen.add((notice.kind, who))
            person = notice.person or "officer"
            about = subject_for(notice, case_subject(event, data, self._pack), data.case, self._pack)
            alert = new_alert(event, about, notice, person, self._language, event.time)
            yield self._row(alert, sample.when, who)

    def _of_no_case(self) -> Iterator[AlertRow]:
        """Alerts that follow from no event of a case, or tell nothing of it."""
        pack, units = self._pack, self._units
        desk, above, person = ("值班员", "the desk"), ("上级值班", "the desk above"), ("本人", "the person")
        owner = self._example_person()
        yield self._plain("report.unrouted.v2", "unrouted", ("上报未派单", "a report has no case in time"), desk,
                          unrouted_text("r0000000001", self._language))  # fmt: skip
        vacant = vacant_posts_text([VacantPost(units.owner, "A")], pack)
        yield self._plain("case.opened.v1", "unstaffed", ("岗位无人", "nobody is on a post"), above, vacant)
        yield self._plain("case.opened.v1", "unattended", ("隐名事项无人办理", "no handler is there"), above,
                          unattended_text(units.owner, pack))  # fmt: skip
        who = ("曾收到提醒的人", "who was alerted of it")
        yield self._plain("case.recused.v1", "recused", ("回避后的已发提醒", "recused: earlier alerts"), who,
                          recused_text(pack), state="over")  # fmt: skip
        yield self._plain("case.closed.v1", "over", ("办结", "the case ends"), who, "…", state="over")
        if owner is not None:
            taken = swap_text(owner, owner, date(2026, 3, 4), pack, NO_CHANGES)
            yield self._plain("rota.shift_swapped.v1", "duty", ("换班", "a swap"), ("接班人", "who takes it"), taken)
            post = appointment_text(owner, pack, AT.date())
            yield self._plain("city.loaded.v1", "appointed", ("任职", "appointed by a pack"), person, post)
        invited = ("受邀单位值班", "the invited desks")
        for type_, kind, when in _VISITS:
            yield self._about(visit_subject(self._visit(), pack), type_, kind, when, invited)
        yield self._plain("alert.test.v1", "test", ("测试", "a test"), person, test_text(self._language), state="test")

    def _plain(
        self,
        type_: str,
        kind: Kind,
        when: tuple[str, str],
        who: tuple[str, str],
        text: str,
        state: AlertState = "sent",
    ) -> AlertRow:
        return self._about(Subject("c0000000001", 1, "normal", text, None), type_, kind, when, who, state)

    def _about(
        self,
        subject: Subject,
        type_: str,
        kind: Kind,
        when: tuple[str, str],
        who: tuple[str, str],
        state: AlertState = "sent",
    ) -> AlertRow:
        event = _envelope(type_, AT, self._pack)
        notice = Notice(kind, self._units.owner)
        alert = new_alert(event, subject, notice, "officer", self._language, AT, state=state)
        return self._row(alert, when, who[not self._chinese])

    def _row(self, alert: Alert, when: tuple[str, str], who: str) -> AlertRow:
        name = "值班员甲" if self._chinese else "Officer one"
        item = Item(
            title=alert.title,
            words=alert.text,
            due_at=alert.due_at,
            state=alert.state,
            danger=alert.priority == "danger",
            due_name=alert.due_name,
            as_of=alert.at,
            presses=invites_to(alert),
        )
        mine = replace(item, links=((name, LINK),))
        ours = replace(item, words=alert.group_text or alert.text, recipients=(name,))
        return AlertRow(
            type=alert.event_type,
            kind=alert.kind,
            language=self._language,
            when=when[not self._chinese],
            who=who,
            title=title(alert.kind, alert.priority, self._language),
            text=alert.text,
            person=self._texts.one(mine, _fits),
            group=self._texts.one(ours, _fits),
            sms=self._by_template(text_message([alert], self._pack, CODE)),
            call=self._call(alert),
            press=invites_to(alert) if alert.state == "sent" else None,
        )

    def _call(self, alert: Alert) -> str | None:
        danger = msgspec.structs.replace(alert, priority="danger")
        return self._by_template(call_message(danger, self._pack)) if asks_to_sign_danger(danger) else None

    def _by_template(self, message: TemplateMessage) -> str:
        registered = TEMPLATES[message.template]
        return registered.filled(dict(message.values), DOMAIN, meaning=not self._chinese)

    def _who(self, notice: Notice, paired: tuple[str, ...]) -> str:
        """社区值班（A岗）, 网格（B岗）, 申请人, in words."""
        chinese = self._chinese
        if notice.person is not None:
            named = {ASKER: ("申请人", "who asked"), ASSIGNEE: ("被指派人", "the assignee")}
            named |= dict.fromkeys(paired, ("结对照护人", "who looks after somebody there"))
            return named.get(notice.person, ("本人", "the person"))[not chinese]
        if notice.role is not None:
            return ("核查员（没有时为另一值班员）", "an inspector, else another of the desk")[not chinese]
        post = notice.post or "A"
        units: dict[str, tuple[str, str]] = {
            self._units.other: ("对方单位", "the other unit"),
            self._units.above: ("上级", "the level above"),
            self._units.ground: ("网格", "the grid"),
            self._units.owner: ("承办单位", "the owner"),
        }
        name = units.get(notice.unit, ("承办单位", "the owner"))[not chinese]
        return f"{name}{post}岗" if chinese else f"{name}, post {post}"

    def _example_person(self) -> Person | None:
        """Somebody of the example's owner, else of any unit."""
        people = sorted(self._pack.people.values(), key=lambda person: person.unit != self._units.owner)
        return people[0] if people else None

    def _visit(self) -> VisitEvent:
        return VisitEvent(
            visit="v1",
            city=self._pack.city.id,
            version=1,
            kind="patrol",
            state="planned",
            unit=self._units.above,
            place=self._units.owner,
            at=AT,
            invited=[self._units.owner],
            pack_version=self._pack.version,
        )


def _envelope(type_: str, when: datetime, pack: Pack) -> Envelope:
    return Envelope(
        id="c0000000001.2.0",
        type=type_,
        topic="cases",
        key="c0000000001",
        subject="c0000000001",
        city=pack.city.id,
        sequence=2,
        time=when,
        data="{}",
    )


def _fits(_: str) -> bool:
    return True
