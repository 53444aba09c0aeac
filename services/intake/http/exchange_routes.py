"""Internal routes for the sheets of county platforms: which reports a ticket elsewhere has, and new rows as reports.

The router reads the sheet; who may bring one in is decided there.
"""

import asyncio
from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import UNSET

from services.intake.http.batch_routes import BATCH_BYTES_MAX, BATCH_MAX, BatchAnswer, BatchRoutes
from services.intake.reports.bodies import OutsideNumber
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_store import ReportStore
from shared.contracts.exchange import TicketReport, TicketReports
from shared.kernel.errors import FieldError, invalid, not_found
from shared.kernel.spelling import stored_spelling
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary

SERVICE = frozenset({"service"})
NUMBERS_MAX = 200
OF_ONE_MAX = 20
"""Reports of one ticket that are looked at, the newest ones."""
AT_ONCE = 16


class TicketsBody(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident
    numbers: Annotated[list[OutsideNumber], msgspec.Meta(max_length=NUMBERS_MAX)]


class BridgedBody(msgspec.Struct, forbid_unknown_fields=True):
    """New rows of a sheet of ``bridge``, an id in ``bridges.yaml``: each as in ``POST /v1/reports:batch``."""

    city: Ident
    bridge: Ident
    reports: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=BATCH_MAX)]


class ExchangeRoutes:
    """Handlers of what the router asks for when a sheet comes back."""

    def __init__(self, store: ReportStore, batch: BatchRoutes, packs: PackLibrary) -> None:
        self._store = store
        self._batch = batch
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/reports:of-tickets",
                self.of_tickets,
                "The reports of tickets elsewhere, with their cases",
                roles=SERVICE,
                body=TicketsBody,
                answers={200: TicketReports},
            ),
            post(
                "/v1/reports:bridged",
                self.bridged,
                "New rows of a county platform's sheet, as its importer sends them",
                roles=SERVICE,
                body=BridgedBody,
                json_max=BATCH_BYTES_MAX,
                answers={200: BatchAnswer},
            ),
        ]

    async def of_tickets(self, call: Call) -> Answer:
        """Those of confidential reports are sealed, and not found."""
        body, gate = call.body_as(TicketsBody), asyncio.Semaphore(AT_ONCE)

        async def of_one(number: str) -> tuple[str, list[TicketReport]]:
            async with gate:
                found = await self._store.with_outside_number(body.city, None, stored_spelling(number), {}, OF_ONE_MAX)
            return number, [_ticket(status) for status in found]

        known = await asyncio.gather(*(of_one(number) for number in dict.fromkeys(body.numbers)))
        return Answer(TicketReports({number: reports for number, reports in known if reports}))

    async def bridged(self, call: Call) -> Answer:
        """Each row is answered for itself. Raises ``Refusal`` 422 for a bridge that the city's pack does not have."""
        body = call.body_as(BridgedBody)
        if body.city not in self._packs.cities:
            raise not_found("city")
        bridge = self._packs.current(body.city).bridges.get(body.bridge)
        if bridge is None:
            raise invalid(FieldError("/bridge", "is not in the city's bridges.yaml"))
        importer = Principal(kind="importer", city=body.city, app=bridge.app)
        return await self._batch.submit_batch(replace(call, principal=importer, body=body.reports))


def _ticket(status: ReportStatus) -> TicketReport:
    report, case = status.report, status.case
    return TicketReport(
        report=report.id, app=report.app, channel=report.channel, case=UNSET if case is None else case.id
    )
