"""``/ops``: health and lag of every part, how long a backlog will take, pack versions, and what `doctor` would say."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from services.console.frame import problem_pages
from services.console.frame.languages import N_, NN_
from services.console.frame.navigation import NavLink
from services.console.frame.page import Page
from services.console.frame.visit import OpenVisit, Visit
from services.console.operations.calls import CityEntry, OperationsCalls
from services.console.operations.words import lasting, service_name, wrong
from services.console.pages.ops.office import TABS, check_ops
from services.console.router_client import Ready
from shared.kernel.errors import Refusal, unauthorized
from shared.operations.answers import SERVICES, ServiceName
from shared.operations.undone import DUE, Values, Waiting, is_history, is_late, undone
from shared.runtime.http_server.route import Route

SERVERS = (("Kafka", "whistle_kafka_up"), ("MongoDB", "whistle_store_up"))
BEHIND = NN_("%(group)s: %(count)s record waits", "%(group)s: %(count)s records wait")
RECORDS = NN_("%(count)s record", "%(count)s records")
Counted = Mapping[ServiceName, Values | None]


@dataclass(frozen=True, slots=True)
class Alarm:
    """``leads``: to the page where it is mended; empty: none."""

    said: str
    do: str
    leads: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """``well``: None where nobody can say."""

    name: str
    well: bool | None
    said: str


@dataclass(frozen=True, slots=True)
class Backlog:
    group: str
    records: str
    pace: str
    late: bool


class Health(Page):
    links = (NavLink("/ops", N_("Operations"), 80, offices=frozenset({"ops"})),)

    def routes(self) -> list[Route]:
        return [self.open_get("/ops", self.show, "Health of every part")]

    async def show(self, visit: OpenVisit) -> Response:
        """Where nobody can be known because a part is away, it says which, as the console's own `/readyz` does."""
        try:
            if not visit.token:
                raise unauthorized()
            visit = known = await Visit.of(self.site, visit.call, visit.form)
            check_ops(known)
            return await self._shown(known)
        except Refusal as refusal:
            if refusal.status < 500:
                return problem_pages.answer(visit, refusal)
            states = await self.services.states()
            return _page(visit, 503, parts=[_part(visit, name, states[name]) for name in SERVICES])

    async def _shown(self, visit: Visit) -> Response:
        calls = OperationsCalls(self.services)
        states, counted, cities = await asyncio.gather(
            self.services.states(), calls.counted(), calls.cities(visit.token)
        )
        backlogs = [
            _backlog(visit, group, waiting)
            for name in SERVICES
            for group, waiting in sorted(states[name].behind.items())
            if waiting.records
        ]
        return _page(
            visit,
            parts=[*(_part(visit, name, states[name]) for name in SERVICES), *_servers(visit, counted)],
            alarms=list(_alarms(visit, states, counted)),
            backlogs=backlogs,
            packs=[_pack(visit, city, states) for city in cities],
            due=int((counted["router"] or {}).get(DUE, 0)),
            looked=True,
        )


def _page(visit: OpenVisit, status: int = 200, *, parts: Sequence[Part], **more: Any) -> Response:
    empty: dict[str, Any] = {"alarms": [], "backlogs": [], "packs": [], "due": 0, "looked": False}
    return visit.page("ops_health.html", status, part="health", tabs=TABS, parts=parts, **{**empty, **more})


def _part(visit: OpenVisit, name: ServiceName, state: Ready) -> Part:
    return Part(service_name(visit, name), not state.why, state.why)


def _servers(visit: Visit, counted: Counted) -> Iterator[Part]:
    """As the services see them."""
    for server, up in SERVERS:
        seen = [values[up] for values in counted.values() if values is not None and up in values]
        well = all(seen) if seen else None
        yield Part(server, well, "" if well is not False else visit._("does not answer the services"))


def _alarms(visit: Visit, states: Mapping[ServiceName, Ready], counted: Counted) -> Iterator[Alarm]:
    for name in SERVICES:
        values, service = counted[name], service_name(visit, name)
        if values is None:
            said = visit._("%(service)s does not answer", service=service)
            yield Alarm(said, visit._("See its log, start it again."))
            continue
        for one in undone(values):
            yield Alarm(*wrong(visit, name, one))
        for group, waiting in states[name].behind.items():
            if waiting.records and is_late(group, waiting):
                said = visit.counted(BEHIND, waiting.records, group=group)
                yield Alarm(said, visit._("Nothing is lost. If it grows, start another process of this service."))


def _backlog(visit: Visit, group: str, waiting: Waiting) -> Backlog:
    if waiting.seconds is None:
        pace = visit._("nothing is handled at the moment")
    else:
        pace = visit._("done in about %(span)s", span=lasting(visit, waiting.seconds))
    if is_history(group):
        pace = visit._("%(pace)s; an import, nothing live waits for it", pace=pace)
    return Backlog(group, visit.counted(RECORDS, waiting.records), pace, is_late(group, waiting))


def _pack(visit: Visit, city: CityEntry, states: Mapping[ServiceName, Ready]) -> dict[str, object]:
    """``others``: services that hold another version."""
    held = {name: states[name].cities.get(city.city) for name in SERVICES}
    others = [service_name(visit, name) for name, version in held.items() if version not in (None, city.version)]
    return {"city": city, "others": others}
