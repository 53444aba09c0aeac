"""An import decided without a store: whatever rows come and whatever happened meanwhile, the same file changes nothing
when it comes again."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert

from services.router.cases.case_access import CaseAccess
from services.router.command_handling.actors import actor_of
from services.router.command_handling.commands_from_bodies import BODIES, to_command
from services.router.command_handling.handler import CommandHandler, CommandRequest, CommandResult
from services.router.command_handling.pack_lookups import Context
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.commands.decide import decide
from services.router.domain.values import replace
from services.router.exchange.answers import RowOutcome
from services.router.exchange.importing import Import, oldest
from services.router.exchange.intake_tickets import IntakeTickets
from services.router.exchange.kept_numbers import KeptNumbers
from services.router.exchange.moving import DealtRows
from services.router.exchange.sheet_files import Table
from services.router.exchange.sheet_rows import Faults, read_rows
from services.router.exchange.words import Texts
from shared.contracts.exchange import TakenReport, TicketReport, WhyNotTaken, WrongField
from shared.kernel.errors import Refusal, unavailable
from shared.runtime.identity.directory import Principal
from tests.kit.made_cases import T0, opened
from tests.packs import SHEYANG, pack_of

PACK = pack_of(SHEYANG)
COUNTY = PACK.bridges["county_platform"]
JIAOTONGLU = (UnitOnPath("sheyang", "county"), UnitOnPath("hede", "town"), UnitOnPath("jiaotonglu", "community"))
CHIEF = Principal(kind="officer", city="sheyang", person="sheyang.supervisor", unit="sheyang", role="supervisor")
DESK = Principal(kind="officer", city="sheyang", person="jiaotonglu.duty1", unit="jiaotonglu", role="duty_officer")
HEADS = [
    "任务号",
    "本系统编号",
    "小类名称",
    "问题描述",
    "责任单位代码",
    "案件状态",
    "状态时间",
    "处置方式",
    "处置结果",
    "原因",
]
WORDS = COUNTY.state_words


class Town:
    """Cases and reports in memory; commands by the domain's own rules, each key once."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.reports: dict[str, TicketReport] = {}
        self.keys: set[tuple[str, str]] = set()
        self.sent: list[dict[str, object]] = []
        self.hidden: set[str] = set()
        self.away = False
        self.kept: dict[str, str] = {}
        self.refuses: dict[str, TakenReport] = {}
        self.now = T0

    def case(self, id_: str, number: str | None = None, *, historic: bool = False) -> Case:
        """A case of a community, of a report with that number."""
        case = replace(opened(path=JIAOTONGLU, historic=historic), id=id_, category="manhole", within=None)
        self.cases[id_] = case
        if number is not None:
            self.reports[number] = TicketReport(report=f"r{id_}", app=COUNTY.app, channel="hotline", case=id_)
        return case

    async def load(self, who: Principal, city: str, id_: str) -> tuple[Principal, Case, dict[str, Any]] | None:
        seen = id_ in self.cases and id_ not in self.hidden
        return (who, self.cases[id_], {"_id": id_}) if seen else None

    async def handle(self, request: CommandRequest) -> CommandResult:
        case = self.cases[request.case]
        key = (request.case, request.key_id)
        if key in self.keys:
            return CommandResult(case, request.by, replayed=True)
        actor = actor_of(request.by, case, PACK, request.name)
        command = to_command(request.name, request.body, Context(case, actor, PACK, self.now))
        happened = decide(case, command, actor, self.now)
        self.keys.add(key)
        self.cases[case.id] = apply_all(case, happened) if happened else case
        return CommandResult(self.cases[case.id], request.by, replayed=False)

    async def has(self, document: dict[str, Any], key: str) -> bool:
        return (document["_id"], key) in self.keys

    async def add(self, case: str, key: str) -> None:
        self.keys.add((case, key))

    async def of(self, city: str, numbers: Sequence[str]) -> dict[str, list[TicketReport]]:
        return {number: [self.reports[number]] for number in numbers if number in self.reports}

    async def cases_of(self, city: str, bridge: str, numbers: Sequence[str]) -> dict[str, str]:
        return {number: self.kept[number] for number in numbers if number in self.kept}

    async def keep(self, city: str, bridge: str, number: str, case: str) -> str:
        return self.kept.setdefault(number, case)

    async def take(self, city: str, bridge: str, reports: Sequence[dict[str, object]]) -> list[TakenReport]:
        if self.away:
            raise unavailable("away")
        taken = []
        for at, report in enumerate(reports):
            number = str(report["outside_number"])
            if number in self.refuses:
                taken.append(self.refuses[number])
                continue
            self.sent.append(report)
            self.case(f"c-{number}", number, historic=report.get("historic") is True)
            taken.append(TakenReport(index=at, status=202, id=f"r-{number}"))
        return taken

    def bring(self, *rows: list[str], by: Principal = CHIEF) -> list[RowOutcome]:
        faults = Faults(COUNTY, Texts("zh"))
        brought = Import(
            cast(CaseAccess, self),
            cast(CommandHandler, self),
            cast(DealtRows, self),
            cast(IntakeTickets, self),
            cast(KeptNumbers, self),
            COUNTY,
            PACK,
            faults,
            by,
            "",
            oldest=oldest(self.now, 7),
            wait=self._waited,
        )
        return asyncio.run(brought.run(read_rows(Table([HEADS, *rows]), COUNTY, PACK, faults)))

    async def _waited(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def press(self, id_: str, name: str, by: Principal = DESK) -> None:
        """A command of the desk, where it is open."""
        bodies: dict[str, Any] = {"reopen": {"reason": "又坏了"}, "release": {"reason": "x"}, "inspect": {"ok": True}}
        bodies |= {"resolve": {"how": "repair", "text": "好了"}, "close": {}, "claim": {}}
        body = convert(bodies[name], BODIES[name])
        case = self.cases[id_]
        actor = actor_of(by, case, PACK, name)
        happened = decide(case, to_command(name, body, Context(case, actor, PACK, self.now)), actor, self.now)
        self.cases[id_] = apply_all(case, happened) if happened else case


def row(number: str = "", state: str = "待处置", **said: str) -> list[str]:
    given = {"任务号": number, "案件状态": state, "问题描述": "井盖松动", "责任单位代码": "320924100001", **said}
    return [given.get(head, "") for head in HEADS]


def outcome(found: list[RowOutcome]) -> list[tuple[str, list[str]]]:
    return [(one.outcome, [problem.code for problem in one.problems]) for one in found]


def test_a_number_that_is_here_is_its_case_and_never_a_second_report() -> None:
    town = Town()
    town.case("c1", "A1")
    assert outcome(town.bring(row("A1", "处置中"))) == [("moved", [])]
    assert (town.cases["c1"].state, town.cases["c1"].claimed_by) == (State.CLAIMED, CHIEF.person)
    assert town.sent == []


def test_a_new_row_is_a_report_of_the_bridge_and_is_moved_to_where_the_platform_has_it() -> None:
    town = Town()
    told = town.bring(row("A1", "待核查", 小类名称="井盖", 处置结果="已加固"), row("A2"))
    assert outcome(told) == [("taken", []), ("taken", [])]
    assert town.cases["c-A1"].state is State.RESOLVED
    body = town.sent[0]
    assert (body["kind"], body["channel"], body["category"]) == ("hazard", "hotline", "manhole")
    assert body["location"] == {"unit": "jiaotonglu"}
    assert len({str(one["idempotency_key"]) for one in town.sent}) == 2


def test_what_the_platform_has_ended_is_taken_as_history_and_moves_nothing() -> None:
    town = Town()
    assert outcome(town.bring(row("A1", "已结案", 处置结果="好了"), row("A2", "不予立案"))) == [("taken", [])] * 2
    assert [one["historic"] for one in town.sent] == [True, True]
    assert {case.state for case in town.cases.values()} == {State.QUEUED}


def test_what_was_reported_long_ago_is_taken_in_quietly() -> None:
    town = Town()
    heads = [*HEADS, "上报时间"]
    faults = Faults(COUNTY, Texts("zh"))
    (old,) = read_rows(Table([heads, [*row("A1"), "2025-01-02 10:00"]]), COUNTY, PACK, faults)
    parts = (
        cast(CaseAccess, town),
        cast(CommandHandler, town),
        cast(DealtRows, town),
        cast(IntakeTickets, town),
        cast(KeptNumbers, town),
        COUNTY,
        PACK,
        faults,
    )
    asyncio.run(Import(*parts, CHIEF, "", oldest=oldest(T0, 7)).run([old]))
    assert town.sent[0]["open"] is True


def test_what_the_officer_may_not_see_is_left_alone_without_a_word() -> None:
    town = Town()
    town.case("c1", "A1")
    town.hidden.add("c1")
    assert outcome(town.bring(row("A1", "处置中"))) == [("unchanged", [])]
    assert outcome(town.bring(row(本系统编号="c1"))) == [("wrong", ["id_unknown"])]
    assert town.sent == []
    assert town.cases["c1"].state is State.QUEUED


def test_two_numbers_of_two_cases_are_wrong() -> None:
    town = Town()
    town.case("c1", "A1")
    town.case("c2")
    assert outcome(town.bring(row("A1", "处置中", 本系统编号="c2"))) == [("wrong", ["id_differs"])]
    assert outcome(town.bring(row("A9", "处置中", 本系统编号="c2"))) == [("moved", [])]


def test_a_case_that_is_further_here_is_left_alone() -> None:
    town = Town()
    town.case("c1", "A1")
    for name in ("claim", "resolve"):
        town.press("c1", name)
    assert outcome(town.bring(row("A1", "处置中"))) == [("unchanged", [])]
    assert town.cases["c1"].state is State.RESOLVED


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"state": "已并案"}, "state_by_hand"),
        ({"state": "不予立案"}, "reason_missing"),
        ({"state": "不予立案", "原因": "不想办"}, "reason_unknown"),
        ({"state": "待核查"}, "result_missing"),
        ({"state": "待核查", "处置方式": "祈祷", "处置结果": "x"}, "how_unknown"),
    ],
)
def test_what_a_sheet_cannot_do_is_said_with_what_to_do(said: dict[str, str], code: str) -> None:
    town = Town()
    town.case("c1", "A1")
    assert outcome(town.bring(row("A1", **said))) == [("wrong", [code])]
    assert town.cases["c1"].state is State.QUEUED


def test_a_number_that_the_platform_gives_to_what_began_here_is_kept_and_enough_from_then_on() -> None:
    town = Town()
    town.case("c1")
    town.case("c2")
    assert outcome(town.bring(row("B7", 本系统编号="c1"))) == [("unchanged", [])]
    assert outcome(town.bring(row("B7", "处置中"))) == [("moved", [])]
    assert town.cases["c1"].state is State.CLAIMED
    assert outcome(town.bring(row("B7", "处置中", 本系统编号="c2"))) == [("wrong", ["id_differs"])]
    assert (town.sent, town.kept) == ([], {"B7": "c1"})


def test_a_number_of_a_case_that_the_officer_may_not_see_is_neither_told_nor_given_away() -> None:
    town = Town()
    town.case("c1")
    town.case("c2")
    town.kept["B7"] = "c1"
    town.hidden.add("c1")
    assert outcome(town.bring(row("B7", "处置中"))) == [("unchanged", [])]
    assert outcome(town.bring(row("B7", "处置中", 本系统编号="c2"))) == [("wrong", ["id_differs"])]
    assert town.kept == {"B7": "c1"}
    assert {case.state for case in town.cases.values()} == {State.QUEUED}


def test_what_the_platform_does_not_take_on_is_asked_of_the_level_above_with_the_rows_reason() -> None:
    town = Town()
    town.case("c1", "A1")
    refused = row("A1", "不予立案", 原因="属于信访事项", 处置结果="已告知")
    (above,) = town.bring(refused)
    assert (above.outcome, above.problems[0].code) == ("wrong", "refused"), "who has it asks, not the county"
    assert outcome(town.bring(refused, by=DESK)) == [("moved", [])]
    asked = town.cases["c1"].ruling
    assert asked is not None
    assert (asked.what, asked.reason) == ("rejection", "petition")
    assert "已告知" in asked.text
    assert town.cases["c1"].state is State.ACKNOWLEDGED, "nothing ends by a sheet"
    assert outcome(town.bring(refused, by=DESK)) == [("unchanged", [])]


def test_what_the_platform_opens_again_is_opened_here_if_it_ended_before_that() -> None:
    town = Town()
    town.case("c1", "A1")
    again = {"state": "返工", "原因": "又坏了"}
    assert outcome(town.bring(row("A1", **again))) == [("unchanged", [])], "it is being worked on anyway"
    for name in ("claim", "resolve"):
        town.press("c1", name)
    assert outcome(town.bring(row("A1", **again, 问题描述="x"))) == [("wrong", ["since_missing"])]
    assert outcome(town.bring(row("A1", **again, 状态时间="2026-03-02 15:00"))) == [("unchanged", [])]
    later = row("A1", **again, 状态时间="2026-03-02 17:00")
    assert outcome(town.bring(row("A1", "返工", 状态时间="2026-03-02 17:00"))) == [("wrong", ["reason_missing"])]
    assert outcome(town.bring(later)) == [("moved", [])]
    assert (town.cases["c1"].state, town.cases["c1"].history[-1].text) == (State.REOPENED, "又坏了")
    assert outcome(town.bring(later)) == [("unchanged", [])]


def test_a_refusal_of_a_command_is_said_in_the_words_of_the_desk() -> None:
    town = Town()
    town.case("c1", "A1")
    ended = row("A1", "已结案", 处置结果="好了")
    (told,) = town.bring(ended)
    assert (told.outcome, told.problems[0].code) == ("moved", "refused")
    assert "请先由他人核查" in told.problems[0].says
    assert outcome(town.bring(ended)) == [("wrong", ["refused"])]
    town.press("c1", "inspect")
    assert outcome(town.bring(ended)) == [("moved", [])]
    assert town.cases["c1"].state is State.CLOSED


def test_why_intake_took_a_row_not_is_said_at_its_column() -> None:
    town = Town()
    problem = WhyNotTaken("invalid", "Some fields are wrong.", [WrongField("/description", "is too odd")])
    town.refuses = {
        "A1": TakenReport(index=0, status=422, problem=problem),
        "A2": TakenReport(index=1, status=200),
        "A3": TakenReport(index=2, status=503, problem=WhyNotTaken("unavailable", "later")),
        "A4": TakenReport(index=3, status=422, problem=WhyNotTaken("idempotency-key-reused", "x")),
    }
    told = town.bring(*(row(number) for number in ("A1", "A2", "A3", "A4", "A5")))
    assert outcome(told) == [
        ("wrong", ["not_taken"]),
        ("wrong", ["not_ours"]),
        ("wrong", ["away"]),
        ("unchanged", []),
        ("taken", []),
    ]
    assert told[0].problems[0].column == "问题描述"
    town.away = True
    assert outcome(town.bring(row("A6"), row("A5"))) == [("wrong", ["away"]), ("unchanged", [])]


def test_a_report_whose_case_takes_long_keeps_its_state_for_the_next_import() -> None:
    town = Town()

    async def none_yet(city: str, numbers: Sequence[str]) -> dict[str, list[TicketReport]]:
        return {}

    found, town.of = town.of, none_yet  # type: ignore[method-assign]
    assert outcome(town.bring(row("A1", "处置中"))) == [("taken", ["case_not_there_yet"])]
    town.of = found  # type: ignore[method-assign]
    assert outcome(town.bring(row("A1", "处置中"))) == [("moved", [])]
    assert len(town.sent) == 1


PRESSES = st.lists(st.sampled_from(["claim", "release", "resolve", "inspect", "close", "reopen"]), max_size=6)
STATES = st.sampled_from([*WORDS, "月球上", ""])
ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from(["A1", "A2", "N1", "N2", "N3", ""]),
        STATES,
        处置结果=st.sampled_from(["", "好了"]),
        状态时间=st.sampled_from(["", "2026-03-02 15:00", "2026-03-02 17:00", "昨天"]),
        本系统编号=st.sampled_from(["", "c1", "c9"]),
        原因=st.sampled_from(["", "又坏了", "属于信访事项"]),
    ),
    max_size=6,
)


def pressed(town: Town, presses: list[str]) -> None:
    for name in presses:
        town.now += timedelta(minutes=20)
        try:
            town.press("c1", name)
        except Refusal:
            continue


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, before=PRESSES, between=PRESSES)
def test_the_same_file_again_changes_nothing_whatever_happened_meanwhile(
    rows: list[list[str]], before: list[str], between: list[str]
) -> None:
    """Also where the desk released, reopened or went further between the two."""
    town = Town()
    town.case("c1", "A1")
    town.case("c2", "A2")
    pressed(town, before)
    town.bring(*rows)
    brought = dict(town.cases)
    again = town.bring(*rows)
    assert town.cases == brought, "at once"
    assert {one.outcome for one in again} <= {"unchanged", "wrong"}
    pressed(town, between)
    settled, sent = dict(town.cases), len(town.sent)
    later = town.bring(*rows)
    moved = {one.case for one in later if one.outcome == "moved"}
    done = {one.row for one in again if one.outcome == "unchanged"}
    assert not {one.row for one in later if one.outcome in ("moved", "taken")} & done, "what was done before"
    assert len(town.sent) == sent
    assert {id_ for id_ in settled if town.cases[id_] != settled[id_]} <= moved


def test_what_is_nearly_too_old_for_intake_is_taken_in_quietly_too() -> None:
    assert oldest(datetime.fromisoformat("2026-03-08T00:00:00+00:00"), 7).isoformat() == "2026-03-01T01:00:00+00:00"
