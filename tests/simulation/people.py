"""Riders and officers of one seed: they repeat under the same key until they are answered, as apps do."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from shared.kernel.ids import case_id
from shared.runtime.identity.directory import Principal
from tests.simulation.world import Unreachable, World

APPS = (
    Principal(kind="rider_app", city="harbour", app="rider-app-1"),
    Principal(kind="rider_app", city="harbour", app="rider-app-2"),
)
DESKS = {
    unit: Principal(kind="officer", city="harbour", person=person, unit=unit, role="duty_officer", post="A")
    for unit, person in (("quayside", "qs-desk"), ("millfield", "mf-desk"), ("oosterhaven", "oh-desk"))
}
DESKS["works"] = Principal(
    kind="officer", city="harbour", person="hw-desk", unit="works", role="department_officer", post="A"
)
SECOND = Principal(kind="officer", city="harbour", person="qs-night", unit="quayside", role="duty_officer", post="A")

HAZARDS: tuple[dict[str, Any], ...] = (
    {"description": "flood in the street", "location": {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}},
    {"description": "the street light is out", "location": {"lon": 4.33, "lat": 52.13, "crs": "wgs84"}},
    {"description": "a burst pipe", "location": {"lon": 4.38, "lat": 52.13, "crs": "wgs84"}},
    {"description": "the street light is out", "location": {"address": "Fish Quay 12"}},
)
Plan = tuple[tuple[str, str, dict[str, Any]], ...]
"""Desk, command and body of each step."""
PAUSE = 1.5
GIVE_UP = 120
"""So many tries; more than any seed's faults last."""

PLANS: tuple[Plan, ...] = (
    (),
    (),
    (("quayside", "acknowledge", {}),),
    (("quayside", "claim", {}), ("quayside", "resolve", {"how": "repair", "text": "done"})),
    (("quayside", "transfer", {"to": "millfield", "reason": "theirs"}), ("millfield", "accept", {})),
    (("quayside", "transfer", {"to": "millfield", "reason": "theirs"}), ("millfield", "refuse", {"reason": "no"})),
    (("quayside", "reject", {"reason": "not_covered"}), ("oosterhaven", "approve_reject", {})),
    (("quayside", "reject", {"reason": "not_covered"}), ("oosterhaven", "refuse_reject", {"reason": "it is ours"})),
    (
        ("quayside", "return", {"reason": "not_our_area", "basis": "over the bridge", "suggest": "millfield"}),
        ("oosterhaven", "approve_return", {}),
        ("millfield", "claim", {}),
    ),
    (
        ("quayside", "return", {"reason": "not_our_duty", "basis": "too big"}),
        ("oosterhaven", "refuse_return", {"reason": "it is yours"}),
        ("quayside", "claim", {}),
    ),
    (("quayside", "return", {"reason": "not_our_duty", "basis": "nobody rules"}),),
    (
        ("quayside", "claim", {}),
        ("quayside", "resolve", {"how": "unfounded", "text": "nothing there"}),
        ("oosterhaven", "approve_outcome", {}),
    ),
    (
        ("quayside", "call_in", {"units": ["works"], "reason": "a crane"}),
        ("works", "report_in", {"part": "p1"}),
        ("works", "finish_part", {"part": "p1", "text": "lifted"}),
    ),
    (("quayside", "call_in", {"units": ["works"], "reason": "a crane"}),),
    (
        ("quayside", "claim", {}),
        ("quayside", "resolve", {"how": "repair", "text": "done"}),
        ("oosterhaven", "inspect", {"ok": True}),
        ("quayside", "close", {}),
    ),
)
"""What officers do with a case, one after the other; nothing: it is neglected."""


@dataclass
class Ledger:
    """Who was told what."""

    accepted: dict[str, str] = field(default_factory=dict)
    """Key → report, as answered."""
    recorded: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Key of a command that was answered 200 → case and command."""
    contradictions: list[str] = field(default_factory=list)


class Crowd:
    """Everybody who does something in a seed."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.ledger = Ledger()
        self.busy: list[asyncio.Task[None]] = []

    def send(self, reports: int) -> None:
        """So many reports, some of them twice at once, each with what officers will do with it."""
        for number in range(reports):
            key = f"k{len(self.busy)}-{number}"
            app, hazard, plan = self._chance.choice(APPS), self._chance.choice(HAZARDS), self._chance.choice(PLANS)
            wait = self._chance.random() * 4
            for _ in range(2 if self._chance.random() < 0.25 else 1):
                self._do(self._report(app, key, {"kind": "hazard", **hazard}, wait + self._chance.random() * 2))
            if plan:
                self._do(self._handle(key, plan))

    def _do(self, what: Any) -> None:
        self.busy.append(self._world.loop.create_task(what))

    async def _report(self, app: Principal, key: str, body: dict[str, Any], wait: float) -> None:
        await asyncio.sleep(wait)
        status, answer = await self._until_answered("intake", ("POST", "/v1/reports"), app, key, body)
        if status != 202:
            self.ledger.contradictions.append(f"{key}: {status} {answer}")
        elif self.ledger.accepted.setdefault(key, answer["id"]) != answer["id"]:
            self.ledger.contradictions.append(f"{key}: another id, {answer['id']}")

    async def _handle(self, key: str, plan: Plan) -> None:
        while key not in self.ledger.accepted:  # noqa: ASYNC110 - the rider tells nobody
            await asyncio.sleep(PAUSE)
        case = case_id(self.ledger.accepted[key])
        for number, (unit, command, body) in enumerate(plan):
            await asyncio.sleep(self._chance.random() * 5)
            route = ("POST", f"/v1/cases/{{id}}/{command}")
            name = f"{case}-{number}"
            status, _ = await self._until_answered("router", route, DESKS[unit], name, body, id=case)
            if status != 200:
                return
            self.ledger.recorded[name] = case, command

    async def _until_answered(
        self, service: str, route: tuple[str, str], who: Principal, key: str, body: object, **path: str
    ) -> tuple[int, Any]:
        """The first answer that settles it. A case that is not there yet is waited for, while there are faults."""
        status, answer = 0, None
        for _ in range(GIVE_UP):
            try:
                status, answer = await self._world.call(service, route, who, key, body, **path)
            except Unreachable:
                status = 0
            self._world.note(f"{who.who} {route[1]} {path.get('id', key)}: {status or 'no answer'}")
            if status not in (0, 404, 429, 503) or (status == 404 and self._world.weather.calm):
                break
            await asyncio.sleep(PAUSE)
        return status, answer
