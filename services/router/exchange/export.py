"""Which cases go out in a platform's sheet, and who reported them.

What is confidential, sensitive (敏感件), kept from somebody (回避), or suspected to be one of these and not decided,
never goes out: nobody knows who reads a sheet.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.router.cases.case_store import CaseStore
from services.router.cases.stored.case_queries import seen_with
from services.router.command_handling.bodies import UnmaskBody
from services.router.command_handling.handler import CommandHandler, CommandRequest
from services.router.command_handling.unmasking import ProtectedData
from services.router.domain.case import Case
from services.router.exchange.case_rows import Item, headings, row_of
from services.router.exchange.kept_numbers import KeptNumbers
from services.router.exchange.sheet_files import ROWS_MAX, Grid
from shared.city.bridges import BridgeLookup
from shared.city.model.bridges import REPORTER_FIELDS
from shared.city.pack import Pack
from shared.contracts.persons import KnownReporter
from shared.kernel.errors import FieldError, invalid
from shared.runtime.identity.directory import Principal

REPORTERS_MAX = 200
"""Cases whose reporters one sheet may show: each look is an act on the record."""
NONE: dict[str, Any] = {"$in": [None, []]}


class Export:
    """Makes the rows of a sheet."""

    def __init__(
        self, store: CaseStore, numbers: KeptNumbers, handler: CommandHandler, protected: ProtectedData
    ) -> None:
        self._store = store
        self._numbers = numbers
        self._handler = handler
        self._protected = protected

    async def rows(
        self,
        bridge: BridgeLookup,
        pack: Pack,
        by: Principal,
        *,
        unit: str,
        span: tuple[datetime, datetime],
        reporters: str | None,
        trace: str,
    ) -> Grid:
        """Headings, and a row for each case of ``unit`` and below that was reported in ``span``, oldest first.

        ``reporters``: a key for looking at who reported them, which is recorded on each case; None: nobody looks.
        Raises ``Refusal``: 422 for more rows than a sheet has, 403 where the officer may not see reporters.
        """
        cases = await self._store.opened_between(_outgoing(pack.city.id, unit, by), *span, ROWS_MAX + 1)
        if len(cases) > ROWS_MAX:
            raise invalid(FieldError("?since", f"more than {ROWS_MAX} cases: ask for fewer days, or for a unit below"))
        wanted = reporters is not None and not REPORTER_FIELDS.isdisjoint(bridge.columns)
        if wanted and len(cases) > REPORTERS_MAX:
            says = f"at most {REPORTERS_MAX} cases in a sheet with reporters; these are {len(cases)}"
            raise invalid(FieldError("?reporters", says))
        numbers = await self._numbers.of_cases(bridge.entry.id, [case.id for case in cases])
        items = [Item(case, number=numbers.get(case.id, "")) for case in cases]
        if reporters is not None and wanted:
            said = [await self._reporter(case, bridge, by, reporters, trace) for case in cases]
            items = [replace(item, reporter=who) for item, who in zip(items, said, strict=True)]
        return [headings(bridge), *(row_of(item, bridge, pack) for item in items)]

    async def _reporter(
        self, case: Case, bridge: BridgeLookup, by: Principal, key: str, trace: str
    ) -> KnownReporter | None:
        """Who sent the first report, shown as by the command ``unmask``. Raises its ``Refusal``."""
        if not case.reports or case.reports[0].reporter is None:
            return None
        body = UnmaskBody(
            report=case.reports[0].id, reason=f"{bridge.entry.name}: {bridge.entry.reporters_because}"[:2000]
        )
        request = CommandRequest(name="unmask", case=case.id, body=body, by=by, key=key, trace=trace)
        await self._protected.check(request)
        await self._handler.handle(request)
        said = (await self._protected.shown(request)).said
        return said if isinstance(said, KnownReporter) else None


def _outgoing(city: str, unit: str, by: Principal) -> dict[str, Any]:
    """The cases that ``unit`` sees and the officer too, and whose words may leave."""
    where: dict[str, Any] = {
        "city": city,
        "seen_by": unit,
        "historic": {"$ne": True},
        "confidential": False,
        "sensitive": None,
        "recused": NONE,
        "suspected": NONE,
    }
    if by.sight is not None:
        where["$and"] = [seen_with(by.sight)]
    return where
