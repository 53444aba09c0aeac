"""Brings a platform's sheet back: every row is matched, moves its case or becomes a report, and has an outcome.

Rows are matched by the platform's number, else by Whistle's own; a row with both says which number the platform gave to
what began here, and it is kept. A second import of the same file changes nothing: a new row has one report under a key
that follows from its number, and commands are done once (``moving``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import UNSET

from services.router.cases.case_access import CaseAccess
from services.router.command_handling.handler import CommandHandler
from services.router.domain.case import Case
from services.router.exchange.answers import RowOutcome, RowProblem
from services.router.exchange.intake_tickets import IntakeTickets
from services.router.exchange.kept_numbers import KeptNumbers
from services.router.exchange.moving import DealtRows, Mover
from services.router.exchange.sheet_rows import NUMBER, Faults, Row
from services.router.exchange.words import Outcome, ProblemCode
from shared.city.bridges import BridgeLookup
from shared.city.model.bridges import BridgeField
from shared.city.pack import Pack
from shared.contracts.exchange import TakenReport, TicketReport
from shared.kernel.errors import Refusal
from shared.kernel.ids import ID, plain_id
from shared.kernel.vocabulary import ENDED_STATES
from shared.runtime.identity.directory import Principal

log = structlog.get_logger()

AT_ONCE = 8
"""Rows that are worked on at the same time."""
LOOKS = 20
"""How often new reports are asked for their cases, before their states are left to the next import."""
LOOK_SECONDS = 0.5
FIELDS: tuple[tuple[str, BridgeField], ...] = (
    ("/description", "description"),
    ("/location/address", "address"),
    ("/location/unit", "unit_code"),
    ("/location", "address"),
    ("/category", "item_code"),
    ("/outside_number", "outside_number"),
    ("/received_at", "reported_at"),
    ("/reporter", "reporter_phone"),
)
"""A report's field, by the beginning of its pointer, and the column that it came from."""

_SAID: dict[str, tuple[ProblemCode, BridgeField]] = {
    "/location": ("place_missing", "address"),
    "/received_at": ("date_future", "reported_at"),
}


class Import:
    """One sheet of one officer."""

    def __init__(
        self,
        access: CaseAccess,
        handler: CommandHandler,
        dealt: DealtRows,
        tickets: IntakeTickets,
        numbers: KeptNumbers,
        bridge: BridgeLookup,
        pack: Pack,
        faults: Faults,
        by: Principal,
        trace: str,
        *,
        oldest: datetime,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``oldest``: what was reported before is taken in quietly (``open``), since its deadlines have passed."""
        self._access = access
        self._tickets = tickets
        self._numbers = numbers
        self._bridge = bridge
        self._pack = pack
        self._faults = faults
        self._by = by
        self._oldest = oldest
        self._wait = wait
        self._mover = Mover(handler, access, dealt, bridge, pack, faults, by, trace)

    async def run(self, rows: Sequence[Row]) -> list[RowOutcome]:
        """The outcome of every row, in their order. Raises ``Refusal`` 503 while nothing was done."""
        known = await self._known(rows)
        done: dict[int, RowOutcome] = {}
        new: list[Row] = []
        gate = asyncio.Semaphore(AT_ONCE)

        async def of_known(row: Row) -> None:
            async with gate:
                done[row.row] = await self._of_known(row, known)

        for row in rows:
            if row.problems:
                done[row.row] = _outcome(row, "wrong", problems=row.problems)
            elif row.number is not None and row.number not in known and row.id is None:
                new.append(row)
        await asyncio.gather(*(of_known(row) for row in rows if row.row not in done and row not in new))
        for outcome in await self._of_new(new):
            done[outcome.row] = outcome
        return [done[row.row] for row in rows]

    async def _known(self, rows: Sequence[Row]) -> dict[str, list[str]]:
        """The rows' numbers that are known here, each with its cases: of reports that came from this platform, by it or
        entered for it, which may have none yet; or the one for which the number was kept."""
        numbers = [row.number for row in rows if row.number is not None and NUMBER.fullmatch(row.number)]
        found = await self._tickets.of(self._pack.city.id, numbers)
        own = {number: [one for one in reports if self._is_own(one)] for number, reports in found.items()}
        known = {number: _cases(reports) for number, reports in own.items() if reports}
        kept = await self._numbers.cases_of(self._pack.city.id, self._bridge.entry.id, numbers)
        for number, case in kept.items():
            known.setdefault(number, []).append(case)
        return known

    def _is_own(self, report: TicketReport) -> bool:
        return report.app == self._bridge.app or report.channel == self._bridge.entry.channel

    async def _of_known(self, row: Row, known: dict[str, list[str]]) -> RowOutcome:
        """Of a row whose number or id is here. What the officer may not see is left as it is, without a word."""
        case = await self._case_of(known.get(row.number or "", ()))
        if row.id is not None:
            named = await self._seen(row.id)
            if named is None:
                return _outcome(row, "wrong", problems=[self._faults.of("id_unknown", "id")])
            if case is not None and named.id != case.id and named.merged_into != case.id:
                return _outcome(row, "wrong", problems=[self._faults.of("id_differs", "id")])
            if case is None and row.number is not None and not await self._kept(row.number, named.id):
                return _outcome(row, "wrong", problems=[self._faults.of("id_differs", "id")])
            case = case or named
        if case is None:
            return _outcome(row, "unchanged")
        return await self._moved(row, case)

    async def _kept(self, number: str, case: str) -> bool:
        """Whether the number means this case from now on."""
        return await self._numbers.keep(self._pack.city.id, self._bridge.entry.id, number, case) == case

    async def _moved(self, row: Row, case: Case, before: Outcome = "unchanged") -> RowOutcome:
        """``before``: what the row had done already; a report that was just taken in stays one."""
        try:
            did, problems = await self._mover.move(case.id, row)
        except Exception:
            log.exception("exchange.row_failed", row=row.row, case=case.id)
            did, problems = "unchanged", [self._faults.of("away")]
        outcome: Outcome = "taken" if before == "taken" else did
        return _outcome(row, "wrong" if problems and outcome == "unchanged" else outcome, case.id, problems)

    async def _case_of(self, cases: Iterable[str]) -> Case | None:
        """The first of them that the officer sees."""
        for case in cases:
            if (seen := await self._seen(case)) is not None:
                return seen
        return None

    async def _seen(self, case: str) -> Case | None:
        if ID.fullmatch(case) is None:
            return None
        found = await self._access.load(self._by, self._by.city, case)
        return found[1] if found is not None else None

    async def _of_new(self, rows: Sequence[Row]) -> list[RowOutcome]:
        """They are taken in, and as soon as they have cases, those get the states of their rows."""
        outcomes = [_outcome(row, "wrong", problems=row.new_problems) for row in rows if row.new_problems]
        sent = [row for row in rows if not row.new_problems]
        try:
            answers = await self._tickets.take(
                self._pack.city.id, self._bridge.entry.id, [self._body(row) for row in sent]
            )
        except Refusal as away:
            log.warning("exchange.intake_away", detail=away.detail)
            return outcomes + [_outcome(row, "wrong", problems=[self._faults.of("away")]) for row in sent]
        taken: list[tuple[Row, Outcome]] = []
        for row, answer in zip(sent, answers, strict=True):
            problem = self._why_not(answer)
            if problem is not None:
                outcomes.append(_outcome(row, "wrong", problems=[problem]))
            else:
                taken.append((row, "taken" if answer.status == 202 and not answer.replayed else "unchanged"))
        return outcomes + await self._followed(taken)

    async def _followed(self, taken: Sequence[tuple[Row, Outcome]]) -> list[RowOutcome]:
        """The outcomes of rows that were taken in, once their cases are where the rows say."""
        waiting = {row.number: (row, outcome) for row, outcome in taken if row.number and _has_begun(row)}
        done = [_outcome(row, outcome) for row, outcome in taken if row.number not in waiting]
        for look in range(LOOKS):
            if not waiting:
                break
            if look:
                await self._wait(LOOK_SECONDS)
            found = await self._tickets.of(self._pack.city.id, list(waiting))
            for number, reports in found.items():
                case = await self._case_of(_cases(report for report in reports if report.app == self._bridge.app))
                if case is not None:
                    row, outcome = waiting.pop(number)
                    done.append(await self._moved(row, case, outcome))
        return done + [
            _outcome(
                row, outcome, problems=[self._faults.of("case_not_there_yet", "state")] if outcome == "taken" else []
            )
            for row, outcome in waiting.values()
        ]

    def _body(self, row: Row) -> dict[str, object]:
        """The row as a report. What is over on the platform is history here: nobody is told of it."""
        assert row.number is not None  # noqa: S101 - new rows have one
        key = plain_id("x", self._bridge.entry.id, row.number)
        body = {**row.body, "outside_number": row.number, "idempotency_key": key}
        if _is_over(row):
            return {**body, "historic": True}
        received = row.body.get("received_at")
        return {**body, "open": True} if isinstance(received, datetime) and received < self._oldest else body

    def _why_not(self, answer: TakenReport) -> RowProblem | None:
        """Why a row was not taken; None where it was, or was before in other words."""
        if answer.status == 200:
            return self._faults.of("not_ours", "item_code")
        if answer.problem is None or answer.problem.type == "idempotency-key-reused":
            return None
        if answer.status in (429, 503):
            return self._faults.of("away")
        wrong = answer.problem.errors[0] if answer.problem.errors else None
        if wrong is None:
            return self._faults.of("not_taken", None, answer.problem.detail)
        if wrong.pointer in _SAID:
            return self._faults.of(*_SAID[wrong.pointer])
        column = next((shows for pointer, shows in FIELDS if wrong.pointer.startswith(pointer)), None)
        return self._faults.of("not_taken", column, wrong.detail)


def _cases(reports: Iterable[TicketReport]) -> list[str]:
    """Their cases, in their order, the newest first."""
    return list(dict.fromkeys(report.case for report in reports if isinstance(report.case, str)))


def oldest(now: datetime, import_days: int) -> datetime:
    """An hour within what intake takes as new."""
    return now - timedelta(days=import_days) + timedelta(hours=1)


def _is_over(row: Row) -> bool:
    return row.state is not None and set(row.state.entry.ours) <= ENDED_STATES


def _has_begun(row: Row) -> bool:
    """Whether a new case has to be moved to where its row says."""
    return row.state is not None and bool(row.state.entry.do) and not _is_over(row)


def _outcome(row: Row, outcome: Outcome, case: str | None = None, problems: Sequence[RowProblem] = ()) -> RowOutcome:
    return RowOutcome(
        row=row.row,
        outcome=outcome,
        number=row.number or UNSET,
        case=case or UNSET,
        problems=list(problems),
    )
