"""Promise: the number that a county platform gave to what began here finds it, for those who see it; the number of a
confidential report finds nothing."""

from typing import Any, cast

import httpx
import msgspec
import pytest

from services.intake.http.kept_numbers import KeptNumbers
from services.intake.http.ticket_search import TicketSearch
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_store import ReportStore
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Principal
from shared.runtime.settings import Settings
from tests.kit.made_reports import APP, OTHER_APP, harbour, record

NUMBER = "A2026030200017"
BEGAN = ReportStatus(record())
ID = BEGAN.report.id


class Stored:
    """Intake's reports: with a number of their own, and the others by id."""

    def __init__(self, numbered: list[ReportStatus], others: list[ReportStatus]) -> None:
        self.numbered = numbered
        self.others = {(one.report.city, one.report.app, one.report.id): one for one in others}

    async def with_outside_number(self, *_: object) -> list[ReportStatus]:
        return self.numbered

    async def status(self, city: str, app: str | None, id_: str) -> ReportStatus | None:
        return next((one for key, one in self.others.items() if key == (city, app or key[1], id_)), None)


class Router:
    """Answers which reports a kept number means."""

    def __init__(self, reports: list[str], *, away: bool = False) -> None:
        self.reports = reports
        self.away = away
        self.asked: list[Any] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        self.asked.append((request.url.path, msgspec.json.decode(request.content)))
        return httpx.Response(200, json={"reports": self.reports})


async def found(stored: Stored, router: Router, who: Principal = APP) -> list[str]:
    kept = KeptNumbers(Settings(), cast(Any, None), httpx.MockTransport(router.answer))
    seen = await TicketSearch(cast(ReportStore, stored), kept).seen(who, NUMBER, 20, harbour())
    return [one.report.id for one in seen]


async def test_what_began_here_is_found_by_the_number_that_it_got_there() -> None:
    router = Router([ID])
    assert await found(Stored([], [BEGAN]), router) == [ID]
    assert router.asked == [("/v1/cases:of-number", {"city": "harbour", "number": NUMBER})]


async def test_an_app_finds_nothing_of_another_app_by_it() -> None:
    assert await found(Stored([], [BEGAN]), Router([ID]), OTHER_APP) == []


async def test_a_confidential_report_is_found_by_no_number() -> None:
    sealed = ReportStatus(msgspec.structs.replace(BEGAN.report, confidential=True))
    assert await found(Stored([], [sealed]), Router([ID])) == []


async def test_a_report_is_found_once_by_both_numbers() -> None:
    assert await found(Stored([BEGAN], [BEGAN]), Router([ID])) == [ID]


async def test_while_the_router_is_away_nobody_is_told_that_there_is_none() -> None:
    with pytest.raises(Refusal) as refused:
        await found(Stored([], []), Router([], away=True))
    assert refused.value.status == 503
    assert await found(Stored([BEGAN], []), Router([], away=True)) == [ID]
