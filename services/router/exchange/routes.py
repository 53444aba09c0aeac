"""``/v1/bridges/{id}/sheet``: items out as the county platform's sheet, and its sheet back in."""

from datetime import date, datetime, time, timedelta

import msgspec
from starlette.responses import Response

from services.router.cases.case_access import CaseAccess
from services.router.command_handling.handler import CommandHandler
from services.router.exchange.answers import BridgeEntry, BridgeList, ImportedSheet, RowOutcome
from services.router.exchange.export import Export
from services.router.exchange.importing import Import, oldest
from services.router.exchange.intake_tickets import IntakeTickets
from services.router.exchange.kept_numbers import KeptNumbers
from services.router.exchange.moving import DealtRows
from services.router.exchange.sheet_files import (
    FILE_MAX,
    SheetFormat,
    Table,
    UnreadableSheetError,
    read_table,
    write_sheet,
)
from services.router.exchange.sheet_rows import Faults, read_rows, unreadable
from services.router.exchange.words import NOTHING_CHANGED, OUTCOMES, RESULT_HEADINGS, SUMMARY, Texts
from shared.city.bridges import BridgeLookup
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, forbidden, invalid, not_found
from shared.runtime.confined_process import ConfinedProcess, ProcessEndedError
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import Directory
from shared.runtime.pack_library import PackLibrary

OFFICERS = frozenset({"officer"})
EXCHANGE_ROLES = frozenset({"supervisor"})
"""Who may take a unit's items out and bring a sheet in: whoever answers for the work of many desks."""
SECONDS = 20.0
"""For reading or writing one file. Two thousand rows take about one."""
IDLE_SECONDS = 30.0
DAYS_MAX = 366
MEDIA = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv"}


class OutQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``since`` and ``until``: days in the city's zone on which the items were reported, both included; absent: today.
    ``unit``: with those below it; absent: the own. ``reporters``: with names and numbers, each look on the record."""

    unit: Ident | None = None
    since: date | None = None
    until: date | None = None
    format: SheetFormat = "xlsx"
    reporters: bool = False


class InQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``result``: the outcomes as a file too, in ``result_sheet``."""

    result: SheetFormat | None = None


class SheetRoutes:
    """Handlers; files are read and written in a process of its own."""

    def __init__(
        self,
        export: Export,
        access: CaseAccess,
        handler: CommandHandler,
        dealt: DealtRows,
        tickets: IntakeTickets,
        numbers: KeptNumbers,
        packs: PackLibrary,
        directory: Directory,
        clock: Clock,
        import_days: int,
    ) -> None:
        self._export = export
        self._access = access
        self._handler = handler
        self._dealt = dealt
        self._tickets = tickets
        self._numbers = numbers
        self._packs = packs
        self._directory = directory
        self._clock = clock
        self._import_days = import_days
        self._files = ConfinedProcess(SECONDS, nice=5, idle_seconds=IDLE_SECONDS)

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/bridges",
                self.bridges,
                "The county platforms whose sheets the city exchanges",
                roles=OFFICERS,
                answers={200: BridgeList},
            ),
            get(
                "/v1/bridges/{id}/sheet",
                self.out,
                "A unit's items as the columns of a county platform, Excel or CSV",
                roles=OFFICERS,
                query=OutQuery,
                media=(MEDIA["xlsx"], MEDIA["csv"]),
                logged="personal_data",
            ),
            post(
                "/v1/bridges/{id}/sheet",
                self.bring_in,
                "A county platform's sheet: states move cases, new rows become reports, each row has an outcome",
                roles=OFFICERS,
                query=InQuery,
                raw_max=FILE_MAX,
                media=(MEDIA["xlsx"], MEDIA["csv"]),
                keyed=True,
                idempotent_as="sheets",
                logged="personal_data",
                answers={200: ImportedSheet},
            ),
        ]

    async def bridges(self, call: Call) -> Answer:
        entries = [bridge.entry for bridge in self._packs.current(call.principal.city).bridges.values()]
        return Answer(BridgeList([BridgeEntry(one.id, one.name, one.name_en, one.made_up) for one in entries]))

    def _bridge(self, call: Call) -> tuple[Pack, BridgeLookup]:
        """Raises ``Refusal``: 404 for a bridge that the city has not, 403 for another role."""
        pack = self._packs.current(call.principal.city)
        bridge = pack.bridges.get(call.path["id"])
        if bridge is None:
            raise not_found("bridge")
        if call.principal.role not in EXCHANGE_ROLES:
            raise forbidden("Sheets are exchanged by the supervisors of a unit.", reason="role")
        return pack, bridge

    async def out(self, call: Call) -> Response:
        query = call.query_as(OutQuery)
        pack, bridge = self._bridge(call)
        unit = query.unit or call.principal.unit or pack.root.id
        if unit not in pack.units or not any(own in pack.units[unit].path for own in call.principal.units):
            raise not_found("unit")
        if query.reporters:
            await self._directory.check_confirmed(call.principal, call.token)
        grid = await self._export.rows(
            bridge,
            pack,
            call.principal,
            unit=unit,
            span=self._span(query, pack),
            reporters=f"sheet.{call.trace}" if query.reporters else None,
            trace=call.trace,
        )
        content = await self._written(grid, query.format, bridge, pack)
        name = f"{bridge.entry.id}-{unit}-{pack.day(self._clock.now())}.{query.format}"
        headers = {"content-disposition": f'attachment; filename="{name}"', "whistle-rows": str(len(grid) - 1)}
        return Response(content, headers=headers, media_type=MEDIA[query.format])

    def _span(self, query: OutQuery, pack: Pack) -> tuple[datetime, datetime]:
        today = pack.day(self._clock.now())
        since, until = query.since or min(today, query.until or today), query.until or today
        if since > until:
            raise invalid(FieldError("?since", "is after until, or in the future"))
        if (until - since).days > DAYS_MAX:
            raise invalid(FieldError("?since", f"at most {DAYS_MAX} days at once"))
        zone = pack.posts.zone
        try:
            return datetime.combine(since, time(), zone), datetime.combine(until + timedelta(days=1), time(), zone)
        except OverflowError as wrong:
            raise invalid(FieldError("?until", "is too far off")) from wrong

    async def bring_in(self, call: Call) -> Answer:
        """Each row for itself: a wrong one stops none. Raises ``Refusal`` 422 for what is no sheet of this bridge."""
        pack, bridge = self._bridge(call)
        texts = Texts(pack.city.languages[0])
        faults = Faults(bridge, texts)
        try:
            table = await self._files.run(_read, call.raw)
        except ProcessEndedError as ended:
            raise Refusal(422, "too-costly", "The file takes too much time or memory to read: split it.") from ended
        if isinstance(table, str):
            raise unreadable(table)
        rows = read_rows(table, bridge, pack, faults)
        now = self._clock.now()
        one = Import(
            self._access,
            self._handler,
            self._dealt,
            self._tickets,
            self._numbers,
            bridge,
            pack,
            faults,
            call.principal,
            call.trace,
            oldest=oldest(now, self._import_days),
        )
        items = await one.run(rows)
        answer = _summed(bridge, pack, texts, items)
        form = call.query_as(InQuery).result
        if form is not None:
            content = await self._written(_result_grid(items, texts), form, bridge, pack)
            answer = msgspec.structs.replace(answer, result_sheet=content)
        return Answer(answer)

    async def _written(self, grid: list[list[str]], form: SheetFormat, bridge: BridgeLookup, pack: Pack) -> bytes:
        """The file. Raises ``Refusal`` 503 where its process ended."""
        try:
            return await self._files.run(
                write_sheet, grid, form, bridge.entry.id[:31], bridge.entry.encoding, pack.notice()
            )
        except ProcessEndedError as ended:
            raise Refusal(
                503, "unavailable", "The file could not be written in time. Ask again.", retry_after=5
            ) from ended


def _read(content: bytes) -> Table | str:
    """The table; why it cannot be read, as a text: exceptions of others do not always cross processes."""
    try:
        return read_table(content)
    except UnreadableSheetError as why:
        return str(why)


def _summed(bridge: BridgeLookup, pack: Pack, texts: Texts, items: list[RowOutcome]) -> ImportedSheet:
    counts = {name: sum(item.outcome == name for item in items) for name in OUTCOMES}
    says = texts.of(SUMMARY).format(rows=len(items), **counts)
    if not counts["taken"] and not counts["moved"]:
        says += ("" if says.endswith("。") else " ") + texts.of(NOTHING_CHANGED)
    return ImportedSheet(
        bridge=bridge.entry.id,
        rows=len(items),
        taken=counts["taken"],
        moved=counts["moved"],
        unchanged=counts["unchanged"],
        wrong=counts["wrong"],
        says=says,
        items=items,
        notice=pack.notice(),
    )


def _result_grid(items: list[RowOutcome], texts: Texts) -> list[list[str]]:
    """A line for each row, and for each further problem of it."""
    lines = [[texts.of(heading) for heading in RESULT_HEADINGS]]
    for item in items:
        number, case = (said if isinstance(said, str) else "" for said in (item.number, item.case))
        about = [str(item.row), number, texts.of(OUTCOMES[item.outcome]), case]
        lines += [[*about, problem.column, problem.says, problem.do] for problem in item.problems] or [
            [*about, "", "", ""]
        ]
    return lines
