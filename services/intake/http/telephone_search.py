"""Reports by the last four digits of the reporter's telephone: for ops who trace them, and for the router, which shows
an officer those of their cases that he may see.

Somebody rings and says "I reported it with this number". The search goes to the security log, of an officer's the
router's. It names reports only, and never a confidential one: who reported that is nobody's business.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from services.intake.privacy.identities import Identities
from services.intake.privacy.reporter_record import ReporterRecord
from services.intake.reports.report_store import ReportStore
from shared.contracts.persons import ReportsWithPhone
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import EVERY_CITY

NEWEST = 5000
"""Reporters whose numbers are opened: those who were seen last."""
REPORTERS_MAX, REPORTS_MAX = 20, 10
"""Four digits are those of one reporter in ten thousand; of each the newest reports."""


FourDigits = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]


class FindBody(msgspec.Struct, forbid_unknown_fields=True):
    """``city``: for ops of every city, where to look; everywhere without it."""

    phone_last: FourDigits
    city: Ident | None = None


class WithPhoneBody(msgspec.Struct, forbid_unknown_fields=True):
    phone_last: FourDigits
    city: Ident


class FoundReport(msgspec.Struct, kw_only=True):
    report: str
    city: str
    app: str
    received_at: datetime


class FoundReports(msgspec.Struct, kw_only=True):
    """Newest first. ``searched``: how many reporters were looked through."""

    items: list[FoundReport]
    searched: int


class TelephoneSearch:
    def __init__(self, store: ReportStore, identities: Identities) -> None:
        self._store = store
        self._identities = identities

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/reporters:find",
                self.find,
                "Reports of a telephone that ends so, newest first",
                roles=frozenset({"ops"}),
                body=FindBody,
                answers={200: FoundReports},
                logged="personal_data",
            ),
            post(
                "/v1/reports:with-phone",
                self.with_phone,
                "Reports of a telephone that ends so, for the router",
                roles=frozenset({"service"}),
                body=WithPhoneBody,
                answers={200: ReportsWithPhone},
            ),
        ]

    async def find(self, call: Call) -> Answer:
        body = call.body_as(FindBody)
        city = body.city if call.principal.city == EVERY_CITY else call.principal.city
        found, searched = await self._identities.with_telephone(body.phone_last, city, NEWEST)
        return Answer(FoundReports(items=await self._reports_of(found), searched=searched))

    async def with_phone(self, call: Call) -> Answer:
        body = call.body_as(WithPhoneBody)
        found = await self._identities.ending_so(body.city, body.phone_last, REPORTERS_MAX)
        return Answer(ReportsWithPhone([one.report for one in await self._reports_of(found)]))

    async def _reports_of(self, found: Sequence[ReporterRecord]) -> list[FoundReport]:
        """The newest reports of each, none that is confidential."""
        items = [
            FoundReport(report=status.report.id, city=who.city, app=who.app, received_at=status.report.received_at)
            for who in found[:REPORTERS_MAX]
            for status in await self._store.of_reporter(who.city, who.app, who.id, {}, REPORTS_MAX)
            if not status.report.confidential
        ]
        return sorted(items, key=lambda one: one.received_at, reverse=True)
