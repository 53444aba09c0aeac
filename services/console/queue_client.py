"""Calls about queues: their rows, counts, one command on many cases, and who holds sessions now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from services.console.router_client import Problem, Services
from shared.kernel.errors import FieldError, Refusal

BULK_MAX = 50
"""Cases of one call."""


class QueueRow(msgspec.Struct):
    """A case as a queue has it. What a reader may not see is absent."""

    id: str
    state: str
    priority: str
    category: str | None
    summary: str
    due_at: datetime | None
    version: int = 0
    unit: str = ""
    place: str | None = None
    assignee: str | None = None
    offered_to: str | None = None
    report_count: int = 1
    confidential: bool = False
    sensitive: str | None = None
    supervised_by: str | None = None


class QueuePage(msgspec.Struct):
    items: list[QueueRow] = []
    next: str | None = None


class Counts(msgspec.Struct):
    """Open cases. ``at_least``: there are more than were counted."""

    open: int = 0
    overdue: int = 0
    by_state: dict[str, int] = {}
    by_priority: dict[str, int] = {}
    at_least: bool = False


class Outcome(msgspec.Struct):
    """What became of one case."""

    id: str
    status: int
    problem: Problem | None = None

    @property
    def done(self) -> bool:
        return self.status == 200

    @property
    def refusal(self) -> Refusal:
        """Why not, as the command's own route would have refused it."""
        problem = self.problem or Problem()
        errors = tuple(FieldError(one.get("pointer", ""), one.get("detail", "")) for one in problem.errors)
        extra: dict[str, object] = {"reason": problem.reason} if problem.reason else {}
        return Refusal(self.status, problem.kind, problem.detail, errors, extra=extra)


class _Outcomes(msgspec.Struct):
    items: list[Outcome]


class Holder(msgspec.Struct, frozen=True):
    """Who is signed in with a session, and for which units he is on duty now."""

    city: str
    person: str
    unit: str
    on_duty_for: tuple[str, ...] = ()


class _Holders(msgspec.Struct):
    items: dict[str, Holder]


class QueueCalls:
    """All methods raise ``Refusal``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def page(self, token: str, unit: str, asked: Mapping[str, str]) -> QueuePage:
        return await self._services.ask_router("GET", f"{_queue(unit)}/cases?{urlencode(asked)}", QueuePage, token)

    async def counts(self, token: str, unit: str, *, below: bool) -> Counts:
        return await self._services.ask_router(
            "GET", f"{_queue(unit)}/counts?subtree={'true' if below else 'false'}", Counts, token
        )

    async def with_phone(self, token: str, last_four: str) -> QueuePage:
        """Cases whose reporter's telephone ends so. It is on record who searched."""
        return await self._services.ask_router(
            "POST", "/v1/cases:find", QueuePage, token, json={"phone_last": last_four}
        )

    async def bulk(self, token: str, command: str, cases: Sequence[str], key: str) -> list[Outcome]:
        """One command on each case; the same ``key`` does nothing twice."""
        found: list[Outcome] = []
        for at in range(0, len(cases), BULK_MAX):
            body: dict[str, Any] = {"command": command, "cases": [{"id": one} for one in cases[at : at + BULK_MAX]]}
            headers = {"idempotency-key": f"{key}-{at}"}
            answer = await self._services.ask_router(
                "POST", "/v1/cases:bulk", _Outcomes, token, json=body, headers=headers
            )
            found += answer.items
        return found

    async def holders(self, service_token: str, hashes: Sequence[str]) -> dict[str, Holder]:
        """Who holds these sessions now, by hash; those that have ended are left out."""
        body = {"hashes": list(hashes)}
        return (
            await self._services.ask_router("POST", "/v1/sessions:holders", _Holders, service_token, json=body)
        ).items


def _queue(unit: str) -> str:
    return f"/v1/queues/{quote(unit, safe='')}"
