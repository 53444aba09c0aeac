"""Promise: who sees a case is decided once, by the router; photos, reports, alerts and streams look it up."""

from typing import Any, cast

import msgspec
import pytest

from services.intake.http.photo_routes import PhotoRoutes
from services.intake.http.report_access import sees
from services.intake.photos.photo_record import PhotoRecord
from services.intake.reports.progress_record import CaseProgress, ReportStatus, case_from_doc, progress_of, to_doc
from services.notifier.alerts.confidential_recipients import permitted_recipients
from services.notifier.domain.recipients import Notice
from services.router.cases.published_events import to_envelopes
from services.router.cases.visibility import seen_by
from services.router.command_handling.actors import actor_of
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.commands.decide import open_commands
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.sight import as_person
from shared.runtime.identity.directory import Principal
from tests.kit.duty import MORNING, Duty, gardens
from tests.kit.made_reports import TRACE, record

CITY = "gardens"


def officer(id_: str) -> Principal:
    who = gardens().people[id_]
    return Principal(kind="officer", city=CITY, person=who.id, unit=who.unit, role=who.role)


def intake_has(case: Case) -> CaseProgress:
    """The case, as intake stores what the router tells."""
    seeing = seen_by(case, gardens())
    (event,) = to_envelopes(case, [e.Noted(at=MORNING)], TRACE, seen_by=seeing)
    return progress_of(decode(event, CaseEvent))


def called_in() -> Duty:
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "call_in", units=["power"], reason="电线")
    return duty


def consulted() -> Duty:
    duty = Duty.reported("小区没有充电桩，没地方充电")
    duty.does("jingang.duty", "escalate", reason="需镇里会商")
    duty.does("town.duty", "consult", parties=["construction"], question="谁出资？")
    return duty


def assigned(to: str = "branch.member") -> Duty:
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "acknowledge")
    duty.does("jingang.duty", "assign", to=to)
    return duty


@pytest.mark.parametrize(
    ("duty", "sees_it"),
    [(called_in, "power.desk"), (consulted, "construction.desk"), (assigned, "branch.member")],
    ids=["called in", "consulted", "assigned"],
)
def test_whoever_sees_a_case_sees_its_report_and_photos(duty: Any, sees_it: str) -> None:
    case = intake_has(duty().case)
    assert sees(officer(sees_it), [case], gardens())
    assert not sees(officer("urban.desk"), [case], gardens())


def test_who_is_given_the_work_may_do_it_wherever_he_is_placed() -> None:
    duty = assigned()
    assert not actor_of(officer("branch.member"), duty.case, gardens()).guest
    assert duty.does("branch.member", "on_site")["state"] == "on_site"


def test_his_colleagues_do_not_see_what_is_his_alone_and_he_no_longer_when_it_is_anothers() -> None:
    duty = assigned()
    assert as_person("branch.member") in seen_by(duty.case, gardens())
    assert "jingang-branch" not in seen_by(duty.case, gardens())
    duty.does("jingang.duty", "assign", to="jingang-property")
    assert as_person("branch.member") not in seen_by(duty.case, gardens())
    assert "jingang-property" in seen_by(duty.case, gardens())


def test_a_confidential_case_is_its_parties_and_the_persons_who_has_it() -> None:
    duty = called_in()
    duty.does("jingang.duty", "assign", to="branch.member")
    case = replace(duty.case, confidential=True)
    assert seen_by(case, gardens()) == ["@branch.member", "jingang", "power"]


def test_an_event_says_who_sees_the_case_and_who_does_not_any_more() -> None:
    duty = assigned()
    before = duty.case
    noted: list[DomainEvent] = [e.Assigned(at=MORNING, to="jingang-property")]
    after = apply_all(before, noted)
    gone = sorted(set(seen_by(before, gardens())) - set(seen_by(after, gardens())))
    (event,) = to_envelopes(after, noted, TRACE, before, seen_by=seen_by(after, gardens()), was_seen_by=gone)
    data = decode(event, CaseEvent)
    assert (data.case.seen_by, data.was_seen_by) == (seen_by(after, gardens()), ["@branch.member"])


def test_what_an_older_router_told_is_seen_as_it_was() -> None:
    case = assigned("jingang-property").case
    told = msgspec.structs.replace(intake_has(case), seen_by=[])
    for who, right in (("jingang.duty", True), ("property.desk", True), ("town.duty", True), ("urban.desk", False)):
        assert sees(officer(who), [told], gardens()) is right
    document = to_doc(told)
    del document["seen_by"]
    stored = case_from_doc({"case": document})
    assert stored is not None
    assert sees(officer("jingang.duty"), [stored], gardens())
    assert not sees(officer("jingang.duty"), [], gardens())


def test_the_unit_that_has_a_reports_other_matter_sees_the_report() -> None:
    case = intake_has(Duty.reported("路灯坏了").case)
    other = msgspec.structs.replace(case, seen_by=["urban-management"])
    assert sees(officer("urban.desk"), ReportStatus(record(), case, also=(other,)).cases, gardens())


def test_who_has_a_confidential_case_in_hand_is_told_of_it() -> None:
    duty = assigned()
    case = replace(duty.case, confidential=True)
    (event,) = to_envelopes(case, [e.Noted(at=MORNING)], TRACE, seen_by=seen_by(case, gardens()))
    state = decode(event, CaseEvent).case
    reached = permitted_recipients([Notice("told", "jingang-branch")], state, gardens(), MORNING, NO_CHANGES)
    assert set(reached) == {"branch.member"}
    old = msgspec.structs.replace(state, seen_by=[])
    assert "jingang.duty" in permitted_recipients([Notice("told", "jingang", "A")], old, gardens(), MORNING, NO_CHANGES)


class Kept:
    """Intake's store: a second matter's case, or one that was merged, and the report where there is one."""

    def __init__(self, report: ReportStatus | None, own: CaseProgress) -> None:
        self.report, self.own = report, own

    async def status(self, *_: Any) -> ReportStatus | None:
        return self.report

    async def case_opened_by(self, _: str) -> CaseProgress:
        return self.own


class Packs:
    def current(self, _: str) -> Pack:
        return gardens()


@pytest.mark.parametrize("merged", [False, True], ids=["a second matter's", "merged into another"])
async def test_a_cases_own_photos_are_seen_by_whoever_sees_the_case(merged: bool) -> None:
    own = intake_has(called_in().case)
    into = msgspec.structs.replace(own, seen_by=["construction"])
    report = ReportStatus(record(), into) if merged else None
    nobody = cast(Any, None)
    photos = PhotoRoutes(nobody, cast(Any, Kept(report, own)), cast(Any, Packs()), nobody, nobody)
    photo = PhotoRecord(
        id="p1",
        city=CITY,
        app="another",
        sha256="",
        media="image/jpeg",
        width=1,
        height=1,
        state="clean",
        attempts=1,
        sent_at=MORNING,
        lease_until=MORNING,
        claimed=True,
        case="c1",
    )
    assert await photos._may_see(photo, officer("power.desk"))
    assert not await photos._may_see(photo, officer("urban.desk"))
    assert await photos._may_see(photo, officer("construction.desk")) is merged
    photos._store = cast(Any, Kept(None, msgspec.structs.replace(own, confidential=True)))
    assert not await photos._may_see(photo, officer("power.desk"))


def test_the_desk_from_which_a_case_was_moved_up_works_on_it_and_decides_nothing() -> None:
    duty = Duty.reported("路灯坏了")
    pack = gardens()
    desk = officer("jingang.duty")
    own = actor_of(desk, duty.case, pack)
    assert {"reject", "transfer", "assign"} <= set(open_commands(duty.case, own))
    above = replace(duty.case, path=duty.case.path[:-1])
    taken = open_commands(above, actor_of(desk, above, pack))
    assert not {"reject", "transfer", "assign", "return", "categorize"} & set(taken)
    assert {"note", "acknowledge"} <= set(taken)
    mended = replace(above, state=State.RESOLVED, resolved_by="somebody", inspected_by="another")
    assert not {"close", "reopen"} & set(open_commands(mended, actor_of(desk, mended, pack)))
    assert {"close", "reopen"} <= set(open_commands(replace(mended, path=duty.case.path), own))
    given = replace(above, assignee=desk.unit)
    assert "assign" in open_commands(given, actor_of(desk, given, pack))


def test_who_sees_only_the_second_case_of_a_report_reads_nothing_of_the_course_of_the_first() -> None:
    first, second = intake_has(called_in().case), intake_has(assigned().case)
    second = msgspec.structs.replace(second, id="csecond", seen_by=[officer("urban.desk").unit or ""], steps=[])
    status = ReportStatus(record(), case=first, attached=True, also=(second,))
    shown = status.only(lambda case: sees(officer("urban.desk"), [case], gardens()))
    assert shown is not None
    assert (shown.case, shown.also, shown.attached) == (second, (), False)
    whole = status.only(lambda _: True)
    assert whole == status
    assert status.only(lambda _: False) is None
