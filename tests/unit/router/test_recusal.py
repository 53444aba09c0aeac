"""Promise: a report about a unit, its people or its property company goes one level above, and nothing of it reaches
those whom it is about: no event, queue, stream, alert, photo or text."""

from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest

from services.intake.http.report_access import as_seen, sees
from services.intake.reports.progress_record import ReportStatus, progress_of
from services.notifier.alerts.alert_plan import plan_alerts
from services.notifier.alerts.case_words import group_text
from services.router.cases.case_answers import CaseAnswer
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from services.router.cases.sealed_words import SealedWords
from services.router.cases.stored.case_document import queues_of
from services.router.cases.stored.case_queries import seen_with
from services.router.cases.visibility import seen_by
from services.router.command_handling.commands_from_bodies import BODIES
from services.router.command_handling.handler import CommandRequest, CommandResult
from services.router.domain.apply import apply_all
from services.router.domain.case import Case
from services.router.domain.case_parts.work import Consultation, Part
from services.router.domain.events import Noted
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from services.router.http.command_routes import CommandRoutes
from services.router.stream.ring import in_list, listed, raw
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import Place, ReportSubmitted
from shared.contracts.sight import Sight, names_of
from shared.runtime.http_server.route import Answer
from shared.runtime.identity.directory import Principal
from tests.kit.duty import MORNING, Duty, gardens
from tests.kit.made_reports import SECRET, TRACE, record
from tests.packs import GARDENS

WORD = "zebra"
"""Stands in every text of the report; it is looked for wherever something reaches those whom it is about."""
BLIND = ("jingang", "jingang-branch", "jingang-owners", "jingang-property")


def case_of(words: str = f"路灯坏了 {WORD}", pack: Pack | None = None, **fields: Any) -> Case:
    pack = pack or gardens()
    given: dict[str, Any] = {"kind": "hazard", "place": Place(address=f"金港花园3号楼 {WORD}"), **fields}
    report = ReportSubmitted(
        report="r1",
        app="rider-app-1",
        description=words,
        cell="gardens:1:1",
        received_at=MORNING,
        pack_version=pack.version,
        **given,
    )
    return assign(report, "gardens", pack)[0]


@pytest.mark.parametrize(
    "said",
    [{"about_us": True}, {"category": "about_us"}, {"description": "社区主任收钱"}],
    ids=["the reporter's tick", "the category", "words that sort it there"],
)
def test_it_goes_one_level_above_and_says_why(said: dict[str, Any]) -> None:
    words = said.pop("description", "路灯坏了")
    case = case_of(words, **said)
    assert (case.unit, case.recused, case.within, case.traits) == ("town", ("jingang",), None, None)
    assert (case.routing.by, case.routing.flags[-1]) == ("recusal", "recused")
    assert "回避" in case.routing.why[-1]


def test_what_is_about_the_root_goes_to_the_unit_that_the_pack_names() -> None:
    case = case_of(place=Place(unit="county"), about_us=True)
    assert (case.unit, seen_by(case, gardens())) == ("discipline", ["discipline"])


def test_a_pack_that_names_none_for_the_root_is_refused() -> None:
    files = read_folder(GARDENS)
    files["city.yaml"] = files["city.yaml"].replace("about_root: discipline\n", "")
    with pytest.raises(Exception, match="about_root"):
        read_pack(files)


def test_a_pack_without_the_new_lists_keeps_what_is_about_its_root_there() -> None:
    files = read_folder(GARDENS)
    files["city.yaml"] = files["city.yaml"].replace("about_root: discipline\n", "")
    older = files["categories.yaml"].partition("suspicions:")[0].replace(", elsewhere: petition", "")
    lines = [line for line in older.splitlines() if "about_us" not in line]
    pack = read_pack({**files, "categories.yaml": "\n".join(lines)})
    case = case_of(pack=pack, place=Place(unit="county"), about_us=True)
    assert (case.unit, case.recused) == ("county", ())
    assert case_of("网格员不管", pack=pack).suspected == ()
    assert case_of(pack=pack, about_us=True).unit == "town"


def test_words_only_suggest_it_to_the_level_above_and_join_no_other_case() -> None:
    case = case_of("社区不管，路灯坏了")
    assert (case.unit, case.recused, case.suspected, case.traits) == ("jingang", (), ("about_us",), None)
    assert case_of("谢谢网格员，路灯修得快").suspected == ()


def test_a_confidential_report_goes_to_its_handlers_whatever_is_ticked() -> None:
    case = case_of(about_us=True, confidential=True, sealed=True, place=Place(), category="other")
    assert (case.recused, case.suspected) == ((), ())


def everything_done(case: Case) -> Case:
    """The case with every way in which a unit could come to see it, all leading to those whom it is about."""
    pack = gardens()
    path = tuple(replace(case.path[-1], id=unit) for unit in pack.units["jingang-property"].path)
    part = Part("p1", "jingang-property", path, "work", "town", "town.duty", MORNING)
    asked = Consultation(unit="town", parties=("jingang", "power"), question="?", by="town.duty", at=MORNING)
    return replace(
        case, parts=(part,), consultation=asked, offered_to="jingang", assignee="property.desk", within="jingang"
    )


def test_no_way_into_the_access_list_leads_to_those_whom_it_is_about() -> None:
    seeing = set(seen_by(everything_done(case_of(about_us=True)), gardens()))
    assert seeing == {"county", "town", "power"}
    assert not seeing & {*BLIND, "@property.desk"}


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("assign", {"to": "jingang.duty"}, "/to"),
        ("transfer", {"to": "jingang", "reason": "?"}, "/to"),
        ("call_in", {"units": ["power", "jingang-property"], "reason": "?"}, "/units/1"),
        ("consult", {"parties": ["jingang-owners"], "question": "?"}, "/parties/0"),
    ],
)
def test_nobody_can_hand_it_to_those_whom_it_is_about(command: str, body: dict[str, Any], field: str) -> None:
    duty = Duty.reported("路灯坏了", about_us=True)
    with pytest.raises(Exception) as refused:
        duty.does("town.duty", command, **body)
    assert [error.pointer for error in refused.value.errors] == [field]  # type: ignore[attr-defined]


def happened() -> list[Envelope]:
    """All events of a case that is recused in the middle: reported with words in every field, noted, climbed, ended."""
    duty = Duty.reported(f"路灯坏了 {WORD}", place=f"金港花园3号楼 {WORD}")
    duty.does("jingang.duty", "recuse", reason=f"说的是我 {WORD}")
    events: list[Envelope] = []
    becomes = duty.becomes

    def kept(change: Any) -> None:
        events.extend(change.envelopes)
        becomes(change)

    duty.becomes = kept  # type: ignore[method-assign]
    duty.does("town.duty", "claim")
    duty.does("town.duty", "note", text=WORD)
    duty.does("town.duty", "escalate", reason=WORD)
    duty.does("town.duty", "call_in", units=["power"], reason=WORD)
    duty.does("power.desk", "finish_part", part=duty.part("power").id, text=WORD)
    duty.does("town.duty", "request_info", text=f"{WORD}?")
    duty.waits("P9D")
    duty.does("town.duty", "resolve", how="repair", text=WORD)
    duty.does("county.duty", "inspect", ok=True)
    duty.does("town.duty", "close")
    return events


def test_nothing_of_any_event_reaches_those_whom_it_is_about() -> None:
    pack, events = gardens(), happened()
    assert len({event.type for event in events}) > 12
    blind = [person for person in pack.people.values() if person.unit in BLIND]
    for event in events:
        data = decode(event, CaseEvent)
        alerts = plan_alerts(event, data, pack, NO_CHANGES, (), MORNING)
        assert not {alert.recipient for alert in alerts} & {person.id for person in blind}, event.type
        assert all(WORD not in (alert.group_text or WORD) for alert in alerts), "groups read no word of it"
        record = raw(MORNING, 0, 0, [("ce_city", b"gardens")], event.data.encode())
        for person in blind:
            who = Principal(kind="officer", city="gardens", person=person.id, unit=person.unit, role=person.role)
            assert not sees(who, [progress_of(data)], pack)
            assert who.sight is not None
            for unit in pack.units:
                shown = record.is_for(in_list(unit), subtree=True, sight=listed(who.sight))
                assert shown is None, (event.type, unit)


def test_the_queues_it_leaves_are_told_that_it_left_and_no_word() -> None:
    before = Duty.reported(f"路灯坏了 {WORD}").case
    duty = Duty(before)
    told: list[Envelope] = []
    becomes = duty.becomes

    def kept(change: Any) -> None:
        told.extend(change.envelopes)
        becomes(change)

    duty.becomes = kept  # type: ignore[method-assign]
    duty.does("jingang.duty", "recuse", reason="说的是我")
    record = raw(MORNING, 0, 0, [("ce_city", b"gardens")], told[-1].data.encode())
    sight = listed(Sight(names_of("jingang", "jingang.duty")))
    assert record.is_for(in_list("jingang"), subtree=False, sight=sight) == "left"
    assert WORD.encode() not in (record.data("left") or b"")
    assert "jingang" not in queues_of(duty.case)


def test_stand_ins_see_nothing_of_it_since_they_may_be_placed_where_it_is_about() -> None:
    case = case_of(about_us=True)
    standing_in = Sight(names_of("jingang", "jingang.duty"), frozenset({"town"}))
    assert not standing_in.sees(seen_by(case, gardens()), closed_to_stand_ins=case.closed_to_stand_ins)
    assert {"recused": {"$in": [None, []]}}.items() <= seen_with(standing_in)["$or"][1].items()
    (event,) = to_envelopes(case, [Noted(at=MORNING)], TRACE, seen_by=seen_by(case, gardens()))
    record = raw(MORNING, 0, 0, [("ce_city", b"gardens")], event.data.encode())
    assert record.is_for(in_list("town"), subtree=False, sight=listed(standing_in)) is None


def test_no_group_reads_a_word_of_it_nor_of_what_is_only_suspected() -> None:
    for case in (case_of(about_us=True), case_of(f"社区不管 {WORD}")):
        (event,) = to_envelopes(case, [Noted(at=MORNING)], TRACE)
        said = group_text(decode(event, CaseEvent).case, gardens())
        assert said is not None
        assert WORD not in said


def test_its_ladder_climbs_only_to_who_may_see_it() -> None:
    case = case_of(about_us=True)
    late = due(case, MORNING + timedelta(days=30))
    after = apply_all(case, late)
    for event in to_envelopes(after, late, TRACE, case, seen_by=seen_by(after, gardens())):
        data = decode(event, CaseEvent)
        alerts = plan_alerts(event, data, gardens(), NO_CHANGES, (), MORNING)
        told = {gardens().people[alert.recipient].unit for alert in alerts}
        assert told <= {"county", "town"}, event.type


def test_a_stored_case_of_an_older_version_is_about_nobody() -> None:
    fields = msgspec.to_builtins(case_of())
    assert {"recused", "suspected"}.isdisjoint(fields), "what has its default is not stored"
    assert msgspec.convert(fields, Case).recused == ()


def test_who_entered_a_report_about_his_own_unit_reads_what_he_entered_and_nothing_of_its_case() -> None:
    who = Principal(kind="officer", city="gardens", person="jingang.duty", unit="jingang", role="duty_officer")
    entered = msgspec.structs.replace(record(description=WORD), city="gardens", entered_by="jingang.duty")
    for about_us, shown in ((True, None), (False, "c")):
        case = case_of(about_us=about_us)
        (event,) = to_envelopes(case, [Noted(at=MORNING)], TRACE, seen_by=seen_by(case, gardens()))
        status = as_seen(ReportStatus(entered, progress_of(decode(event, CaseEvent))), who, gardens())
        assert status is not None
        assert status.report.description == WORD
        assert (status.case is None) == (shown is None)
    another = replace_person(who, "jingang.second")
    assert as_seen(ReportStatus(entered, progress_of(decode(event, CaseEvent))), another, gardens()) is not None


def replace_person(who: Principal, person: str) -> Principal:
    return msgspec.structs.replace(who, person=person)


async def test_who_recuses_his_own_unit_is_answered_without_a_word_of_the_case() -> None:
    case = case_of(about_us=True)
    who = Principal(kind="officer", city="gardens", person="jingang.duty", unit="jingang", role="duty_officer")

    class Router:
        """The handler that has just carried it out, and the store of first answers."""

        async def handle(self, request: Any, *, spent: bool = False) -> CommandResult:
            return CommandResult(case, who, replayed=False)

        async def recorded(self, case: Case, _: Principal) -> Case:
            return case

        async def of(self, _: str) -> None:
            return None

        async def keep(self, key: str, fingerprint: str, answer: Answer, confidential: str | None = None) -> Answer:
            return answer

        def current(self, _: str) -> Pack:
            return gardens()

    router = cast(Any, Router())
    routes = CommandRoutes(router, router, router, SealedWords(SECRET), router, router, router)
    body = BODIES["recuse"](reason=WORD)
    answered = await routes.answer(CommandRequest(name="recuse", case=case.id, body=body, by=who, key="k"))
    assert isinstance(answered.body, CaseAnswer)
    assert answered.body.state == "queued"
    assert WORD not in str(answered.body)
