"""Calls about somebody's open work: his own cases and his unit's, what waits for his decision, whom to call."""

from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from services.console.router_client import Services
from shared.kernel.errors import Refusal

T = TypeVar("T")
WORK_MAX = 50


class Row(msgspec.Struct):
    """A case of a queue."""

    id: str
    state: str
    priority: str
    category: str | None
    place: str | None
    summary: str
    due_at: datetime | None
    assignee: str | None = None


class Work(msgspec.Struct):
    items: list[Row]
    next: str | None = None


class ToCall(msgspec.Struct):
    """A case whose reporter is to be called (回访)."""

    id: str
    priority: str
    category: str | None
    place: str | None
    summary: str
    closed_at: datetime | None = None
    tried: int = 0


class _ToCall(msgspec.Struct):
    items: list[ToCall]


class Decision(msgspec.Struct):
    """A decision that waits for the reader. ``what``: also of a newer version; ``unit``, ``asked_by``: who asks, or who
    resolved or inspected it."""

    row: Row
    what: str
    due_at: datetime | None = None
    unit: str | None = None
    asked_by: str | None = None
    clock: str | None = None
    until: datetime | None = None


class Decisions(msgspec.Struct):
    items: list[Decision] = []
    cut: bool = False


class WorkCalls:
    """All methods raise ``Refusal``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def queue(self, token: str, unit: str, *, mine: bool) -> Work:
        """The most pressing cases of a unit's queue; ``mine``: of those that the officer has himself."""
        query = f"limit={WORK_MAX}&mine={'true' if mine else 'false'}"
        return await self._services.ask_router("GET", f"/v1/queues/{unit}/cases?{query}", Work, token)

    async def decisions(self, token: str) -> Decisions:
        """What waits for the officer to decide, the most pressing first."""
        return await self._or_none("/v1/cases:waiting", Decisions, token) or Decisions()

    async def to_call(self, token: str, unit: str) -> list[ToCall]:
        """Cases whose reporters the desk of a unit is to call (回访); none for who calls nobody."""
        path = f"/v1/follow-up-calls?unit={quote(unit, safe='')}&limit={WORK_MAX}"
        found = await self._or_none(path, _ToCall, token)
        return found.items if found is not None else []

    async def _or_none(self, path: str, shape: type[T], token: str) -> T | None:
        """None for who has no such list, or where the router is of an older version (404)."""
        try:
            return await self._services.ask_router("GET", path, shape, token)
        except Refusal as refusal:
            if refusal.status in (403, 404):
                return None
            raise
