"""Carries out on a case what its row says of its state: ordinary commands of the officer who brought the sheet."""

from datetime import datetime
from typing import Literal

import msgspec

from services.router.cases.case_access import CaseAccess
from services.router.cases.case_store import CaseStore
from services.router.command_handling.actors import actor_of
from services.router.command_handling.bodies import (
    CloseBody,
    InspectBody,
    Reason,
    RejectBody,
    ResolveBody,
    ThereBody,
)
from services.router.command_handling.handler import CommandHandler, CommandRequest
from services.router.domain.case import ENDED, Case, State
from services.router.domain.commands.decide import open_commands
from services.router.exchange.answers import RowProblem
from services.router.exchange.sheet_rows import Faults, Row
from shared.case_page.refusals import why
from shared.case_page.words import Words
from shared.city.bridges import BridgeLookup
from shared.city.model.bridges import SheetCommand
from shared.city.pack import Pack
from shared.kernel.errors import Refusal
from shared.kernel.ids import plain_id
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Document

ROUNDS_MAX = 5
SHEET_ROW = "row of a sheet"
"""What is stored with a row's key in place of a command's fingerprint."""
Moved = Literal["moved", "unchanged"]


class DealtRows:
    """Which rows were dealt with, by their keys, kept with their cases: what has happened to a case since does not make
    an old row new again."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store

    async def has(self, document: Document, key: str) -> bool:
        return await self._store.keys.find(document, key) is not None

    async def add(self, case: str, key: str) -> None:
        """Keep the key. Where others change the case all the time it is left out: its commands have keys too."""
        for _ in range(ROUNDS_MAX):
            loaded = await self._store.load(case)
            if loaded is None or await self.has(loaded[1], key) or await self._store.note(loaded[0], key, SHEET_ROW):
                return


class Mover:
    """Moves cases for one import. The keys of a row and of its commands follow from bridge, number, state and the row's
    words, so that the same row never does anything twice, whatever happened to the case since."""

    def __init__(
        self,
        handler: CommandHandler,
        access: CaseAccess,
        dealt: DealtRows,
        bridge: BridgeLookup,
        pack: Pack,
        faults: Faults,
        by: Principal,
        trace: str,
    ) -> None:
        self._handler = handler
        self._access = access
        self._dealt = dealt
        self._bridge = bridge
        self._pack = pack
        self._faults = faults
        self._by = by
        self._trace = trace

    async def move(self, id_: str, row: Row) -> tuple[Moved, list[RowProblem]]:
        """Whether anything changed, and why the case is not where the row says."""
        found = await self._access.load(self._by, self._by.city, id_)
        key = self._key(id_, row)
        if found is None or found[1].historic or await self._dealt.has(found[2], key):
            return "unchanged", []
        did, problems = await self._moved(found[1], row)
        if not problems:
            await self._dealt.add(id_, key)
        return did, problems

    async def _moved(self, case: Case, row: Row) -> tuple[Moved, list[RowProblem]]:
        """What is further here than there, or was reopened since, is left alone."""
        assert row.state is not None  # noqa: S101 - rows without a state have a problem
        if "reopen" in row.state.entry.do:
            return await self._reopened(case, row)
        if row.state.order <= self._bridge.of_state(case.state.value).order:
            return "unchanged", []
        reopened = _reopened_at(case)
        if reopened is not None and row.state_at is not None and row.state_at <= reopened:
            return "unchanged", []
        if (problem := self._why_not(case, row, reopened)) is not None:
            return "unchanged", [problem]
        return await self._carry_out(case, row, row.state.entry.do)

    async def _reopened(self, case: Case, row: Row) -> tuple[Moved, list[RowProblem]]:
        """What ended here before it was opened again there; only the sheet knows when that was."""
        ended = case.state in ENDED or case.state is State.RESOLVED
        since = _ended_at(case)
        if not ended or (row.state_at is not None and since is not None and row.state_at <= since):
            return "unchanged", []
        if row.state_at is None:
            return "unchanged", [self._faults.of("since_missing", "state_at")]
        if not row.reason:
            return "unchanged", [self._faults.of("reason_missing", "reason")]
        return await self._carry_out(case, row, ("reopen",))

    def _why_not(self, case: Case, row: Row, reopened: datetime | None) -> RowProblem | None:
        """What the row lacks for its commands."""
        assert row.state is not None  # noqa: S101 - see above
        if reopened is not None and row.state_at is None:
            return self._faults.of("reopened_here", "state_at" if "state_at" in self._bridge.columns else "state")
        if not row.state.entry.do:
            return self._faults.of("state_by_hand", "state", row.state.entry.theirs)
        if "reject" in row.state.entry.do and self._rejection(row) is None:
            names = "、".join(reason.name for reason in self._pack.rejection_reasons.values())
            return self._faults.of("reason_unknown" if row.reason else "reason_missing", "reason", row.reason, names)
        to_resolve = "resolve" in row.state.entry.do and case.state not in (State.RESOLVED, State.CLOSED)
        return self._faults.of("result_missing", "result") if to_resolve and not row.result.strip() else None

    async def _carry_out(
        self, case: Case, row: Row, commands: tuple[SheetCommand, ...]
    ) -> tuple[Moved, list[RowProblem]]:
        """The commands that are open, in their order; the last one in any case, so that its refusal is known."""
        did: Moved = "unchanged"
        for name in commands:
            is_open = name in open_commands(case, actor_of(self._by, case, self._pack, name))
            if not is_open and name != commands[-1]:
                continue
            try:
                result = await self._handler.handle(self._request(case, row, name))
            except Refusal as refusal:
                return did, [self._refused(case, row, refusal)]
            case = result.case
            did = did if result.replayed else "moved"
        return did, []

    def _request(self, case: Case, row: Row, name: SheetCommand) -> CommandRequest:
        key = self._key(case.id, row, name)
        body = self._body(name, row)
        return CommandRequest(name=name, case=case.id, body=body, by=self._by, key=key, trace=self._trace)

    def _rejection(self, row: Row) -> str | None:
        """The code of the row's reason in the pack's list; None where it is none of them."""
        reasons = self._pack.rejection_reasons.values()
        return next((one.code for one in reasons if row.reason in (one.code, one.name, one.name_en)), None)

    def _body(self, name: SheetCommand, row: Row) -> msgspec.Struct:
        match name:
            case "acknowledge" | "claim":
                return NoBody()
            case "on_site" | "start":
                return ThereBody()
            case "resolve":
                assert row.how is not None  # noqa: S101 - an empty cell means the first outcome (checks.bridges)
                return ResolveBody(how=row.how, text=row.result)
            case "inspect":
                return InspectBody(ok=True)
            case "close":
                return CloseBody()
            case "reject":
                return RejectBody(reason=self._rejection(row) or "", text=row.result.strip() or None)
            case "reopen":
                return Reason(reason=row.reason)

    def _key(self, case: str, row: Row, command: str = "") -> str:
        """Of the row on its case, or of one of its commands."""
        assert row.state is not None  # noqa: S101 - see above
        return plain_id("x", self._bridge.entry.id, row.number or case, row.state.entry.theirs, row.digest, command)

    def _refused(self, case: Case, row: Row, refusal: Refusal) -> RowProblem:
        assert row.state is not None  # noqa: S101 - see above
        if refusal.status == 503:
            return self._faults.of("away")
        language = self._pack.city.languages[0]
        unit = self._pack.units[case.unit].name if case.unit in self._pack.units else case.unit
        claimer = self._pack.people.get(case.claimed_by or "")
        holder = claimer.name if claimer is not None else ""
        state = self._bridge.of_state(case.state.value).entry.theirs
        said = why(Words(language), refusal, unit=unit, state=state, holder=holder)
        return self._faults.of("refused", "state", row.state.entry.theirs, said)


def _ended_at(case: Case) -> datetime | None:
    """When it was resolved or rejected last."""
    return case.outcome.at if case.outcome is not None else case.ended_at


def _reopened_at(case: Case) -> datetime | None:
    """When it was reopened last, as far as its history is kept."""
    return next((line.at for line in reversed(case.history) if line.what == "case.reopened"), None)
