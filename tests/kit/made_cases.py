"""Cases, actors and commands that the tests of the router's domain start from."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.marks import NotOurs
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.report import Location, Report, Routing
from services.router.domain.clock import Rung, SlaClock
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.call_in import Called, PartCommand
from services.router.domain.commands.command import Actor, Command
from services.router.domain.commands.consultation import Work
from services.router.domain.commands.decide import decide
from services.router.domain.commands.pause import Pausable
from services.router.domain.commands.registry import RULES
from services.router.domain.commands.request_info import InfoRequestRule
from services.router.domain.opening import Opening, open_case
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.kernel.vocabulary import ClockKind
from shared.kernel.working_time import ALWAYS

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
COUNTY, TOWN, COMMUNITY, OTHER = "sheyang", "hede", "xingfu", "jianhua"
PATH = (UnitOnPath(COUNTY, "county"), UnitOnPath(TOWN, "town"), UnitOnPath(COMMUNITY, "community"))
OTHER_PATH = (*PATH[:2], UnitOnPath(OTHER, "community"))

DESK = Actor("desk", COMMUNITY, "duty_officer", "A")
SECOND = Actor("second", COMMUNITY, "duty_officer", "A")
WALKER = Actor("walker", COMMUNITY, "grid_member", "B")
TOWN_DESK = Actor("town-desk", TOWN, "duty_officer", "A", consults=True)
COUNTY_DESK = Actor("county-desk", COUNTY, "supervisor", consults=True)
OTHER_DESK = Actor("other-desk", OTHER, "duty_officer", "A")
INSPECTOR = Actor("inspector", COUNTY, "inspector")
POWER, TEAM = "power", "xingfu-team"
POWER_PATH = (PATH[0], UnitOnPath(POWER, "department"))
TEAM_PATH = (*PATH, UnitOnPath(TEAM, "team"))
POWER_DESK = Actor("power-desk", POWER, "department_officer", "A", guest=True, path=(COUNTY, POWER))
TEAM_MEMBER = Actor("member", TEAM, "member", guest=True, path=(COUNTY, TOWN, COMMUNITY, TEAM))
ACTORS = (DESK, SECOND, WALKER, TOWN_DESK, COUNTY_DESK, OTHER_DESK, INSPECTOR, POWER_DESK, TEAM_MEMBER)

LADDER = (("tell", "own"), ("supervise", "parent"), ("move_to", "town"))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def clock(
    kind: ClockKind,
    due_in: float,
    *,
    warn_in: float | None = None,
    rungs: tuple[Rung, ...] = (),
    started_at: datetime = T0,
) -> SlaClock:
    """A clock whose deadline is ``due_in`` minutes after it started."""
    return SlaClock(
        kind=kind,
        started_at=started_at,
        target=f"PT{due_in:g}M",
        calendar="always",
        due_at=started_at + minutes(due_in),
        commitment="default/*@v1",
        warn_at=None if warn_in is None else started_at + minutes(warn_in),
        rungs=rungs,
    )


def rung(after: float, act: Any, to: str) -> Rung:
    return Rung(T0 + minutes(after), act, to)


CLOCKS = (
    clock(
        "acknowledge",
        10,
        warn_in=8,
        rungs=(rung(8, "tell", "own"), rung(15, "tell", "parent"), rung(20, "move_to", "town")),
    ),
    clock("on_site", 30, warn_in=24),
    clock("resolve", 240, warn_in=192, rungs=(rung(250, "supervise", "parent"), rung(300, "tell", "county"))),
)


def opened(
    *,
    clocks: tuple[SlaClock, ...] = CLOCKS,
    path: tuple[UnitOnPath, ...] = PATH,
    historic: bool = False,
    quiet_until: datetime | None = None,
    description: str = "井盖缺失",
    forgotten_after: int | None = None,
    at: datetime = T0,
) -> Case:
    """A queued case of the community, opened ``at`` then, its clocks with it."""
    clocks = tuple(_later(clock, at - T0) for clock in clocks)
    case, _ = open_case(
        Opening(
            case="c1",
            city="sheyang",
            report=Report("r1", "app", at, "p1"),
            kind="hazard",
            category="manhole",
            priority="urgent",
            path=path,
            within="grid-7",
            routing=Routing(by="area", pack_version="v1", commitment="default/*@v1", why=("the area covers it",)),
            location=Location("sheyang:12026:3377", 120.26, 33.77, "建华园2号楼", "建华园"),
            description=description,
            photos=("f1",),
            clocks=clocks,
            confidential=False,
            historic=historic,
            quiet_until=quiet_until,
            opened_at=at,
            forgotten_after=forgotten_after,
        )
    )
    return case


def _later(clock: SlaClock, by: timedelta) -> SlaClock:
    """The clock, started so much later."""
    moved = replace(clock, started_at=clock.started_at + by, due_at=clock.due_at + by)
    rungs = tuple(replace(rung, at=rung.at + by) for rung in clock.rungs)
    return replace(moved, warn_at=None if clock.warn_at is None else clock.warn_at + by, rungs=rungs)


def do(case: Case, name: str, actor: Actor = DESK, now: datetime = T0, **fields: Any) -> Case:
    """The case after a command that is taken."""
    happened = decide(case, full(name, **fields), actor, now)
    return apply_all(case, happened) if happened else case


def fired(case: Case, at: datetime) -> Case:
    """The case after its clocks were looked at."""
    happened = due(case, at)
    return apply_all(case, happened) if happened else case


def full(name: str, **fields: Any) -> Command:
    """A command with every field that it needs; ``fields`` say otherwise, and those of other commands are left out."""
    if unknown := fields.keys() - EVERY_FIELD:
        raise TypeError(f"no command has {', '.join(sorted(unknown))}")
    command: type[Command] = RULES[name].command
    part = {"part": "p1"} if issubclass(command, PartCommand) else {}
    given = {**SAMPLES, **part, **fields}
    return command(**{field.name: given[field.name] for field in dataclasses.fields(command) if field.name in given})


EVERY_FIELD = {field.name for rule in RULES.values() for field in dataclasses.fields(rule.command)}


def called(path: tuple[UnitOnPath, ...], at: datetime = T0, *, rungs: tuple[Rung, ...] = ()) -> Called:
    """A unit that is called in at ``at``: there in half an hour, done in two."""
    clocks = (clock("report_in", 30, warn_in=24, rungs=rungs, started_at=at), clock("finish_part", 120, started_at=at))
    return Called(unit=path[-1].id, path=path, clocks=clocks)


def work(path: tuple[UnitOnPath, ...], due_in: float = 600) -> Work:
    """A part of a works plan, due so many minutes after ``T0``."""
    return Work(unit=path[-1].id, path=path, work="its part", due=T0 + minutes(due_in))


def confirm(at: datetime) -> SlaClock:
    """The clock of a reporter who is asked at ``at``: five days."""
    return clock("confirm", 5 * 24 * 60, started_at=at)


def review_by(at: datetime) -> SlaClock:
    """The clock of who is asked at ``at`` to rule: two hours."""
    return clock("review", 120, warn_in=96, rungs=(Rung(at + minutes(120), "tell", "parent"),), started_at=at)


def fresh(at: datetime) -> SlaClock:
    """The resolve clock of a case that is opened again at ``at``."""
    return clock("resolve", 240, warn_in=192, started_at=at)


SAMPLES: dict[str, Any] = {
    "text": "because",
    "reason": "because",
    "question": "because",
    "to": OTHER,
    "path": OTHER_PATH,
    "how": "repair",
    "ok": True,
    "clock": "resolve",
    "until": T0 + minutes(300),
    "category": "lamp",
    "priority": "normal",
    "promise": Promise("lamps/*@v1", (), ALWAYS),
    "pausable": Pausable("part_ordered", frozenset({"on_site", "resolve"}), "P3D"),
    "asking": InfoRequestRule(("on_site", "resolve")),
    "confirm_clock": confirm(T0),
    "calendars": {},
    "called": (called(POWER_PATH),),
    "parties": (POWER,),
    "works": (work(POWER_PATH),),
    "not_ours": NotOurs("petition", "信访局", "请到县信访局窗口反映"),
    "kind": "media",
    "told": COUNTY,
    "about": COMMUNITY,
    "into": "c0",
    "older": replace(opened(), id="c0"),
    "reports": ("r9",),
    "basis": "井盖在路东",
    "said": "属地不符：井盖在路东",
    "suggest": OTHER,
    "review_clock": review_by(T0),
    "reached": True,
    "satisfied": 3,
    "words": "because",
}
"""A value for each field that a command needs, as it is looked up in a pack."""


def in_state(state: State) -> Case:
    """A case in ``state``, by commands where commands lead there."""
    case = opened()
    match state:
        case State.QUEUED:
            return case
        case State.ACKNOWLEDGED:
            return do(case, "acknowledge")
        case State.CLAIMED:
            return do(case, "claim")
        case State.ON_SITE:
            return do(do(case, "claim"), "on_site")
        case State.IN_PROGRESS:
            return do(do(case, "claim"), "start")
        case State.RESOLVED:
            return do(do(case, "claim"), "resolve")
        case State.CLOSED:
            return do(do(in_state(State.RESOLVED), "inspect", SECOND), "close")
        case State.REJECTED:
            return rejected(case)
        case State.REOPENED:
            return do(in_state(State.RESOLVED), "reopen", fresh_clock=fresh(T0))
        case State.WAITING_REPORTER:
            return do(do(case, "claim"), "request_info")
        case State.MERGED:
            return replace(do(case, "claim"), state=state)


def rejected(case: Case, at: datetime = T0, actor: Actor = DESK) -> Case:
    """The case after its owner asked not to take it on and the county granted that, both at ``at``."""
    return do(do(case, "reject", actor, at, review_clock=review_by(at)), "approve_reject", COUNTY_DESK, at)


def kinds(case: Case) -> list[tuple[str, str]]:
    """Kind and state of each clock."""
    return [(c.kind, c.state) for c in case.clocks]


def with_called_units(*paths: tuple[UnitOnPath, ...], at: float = 0) -> Case:
    """A claimed case for which its community called in the units at the ends of ``paths``."""
    now = T0 + minutes(at)
    units = tuple(called(path, now) for path in paths or (POWER_PATH, TEAM_PATH))
    return do(in_state(State.CLAIMED), "call_in", DESK, now, called=units)
