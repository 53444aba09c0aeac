"""Internal route: which reports a number means that a county platform gave to a case which began here."""

from typing import Annotated

import msgspec

from services.router.cases.case_store import CaseStore
from services.router.dedup.attached_reports import AttachedReports, AttachedReportsQuery
from services.router.exchange.kept_numbers import KeptNumbers
from shared.contracts.exchange import NumberedReports
from shared.kernel.spelling import stored_spelling
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.pack_library import PackLibrary

OF_A_CASE_MAX = 20
"""Reports of a case that are found by its number, the newest ones."""


class NumberBody(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident
    number: Annotated[str, msgspec.Meta(pattern="^[^\\x00-\\x20\\x7f-\\x9f]{1,60}$")]


class NumberRoutes:
    """The handler. Which of the reports somebody may see is decided at intake, which asks."""

    def __init__(self, numbers: KeptNumbers, cases: CaseStore, attached: AttachedReports, packs: PackLibrary) -> None:
        self._numbers = numbers
        self._cases = cases
        self._attached = attached
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/cases:of-number",
                self.of_number,
                "The reports to whose case a county platform gave a number",
                roles=frozenset({"service"}),
                body=NumberBody,
                answers={200: NumberedReports},
            )
        ]

    async def of_number(self, call: Call) -> Answer:
        """Of every bridge of the city's pack. A confidential case is found by no number."""
        body, found = call.body_as(NumberBody), dict[str, None]()
        bridges = self._packs.current(body.city).bridges if body.city in self._packs.cities else {}
        for bridge in bridges:
            known = await self._numbers.cases_of(body.city, bridge, [stored_spelling(body.number)])
            for case, _ in (await self._cases.load_all(sorted(set(known.values())))).values():
                if not case.confidential:
                    page, _ = await self._attached.page(case, AttachedReportsQuery(limit=OF_A_CASE_MAX))
                    found |= dict.fromkeys(report.id for report in page)
        return Answer(NumberedReports(list(found)))
