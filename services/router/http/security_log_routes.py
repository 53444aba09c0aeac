"""The security log for auditors: a page of entries, newest first, and an export as CSV.

An auditor of the pack reads the log of his city, and the acts that concern every city. Ops and set-up do not read it:
their own acts stand in it.
"""

import csv
import io
from datetime import datetime
from typing import Annotated

import msgspec
from starlette.responses import Response

from shared.kernel.errors import FieldError, invalid
from shared.runtime.http_server.pagination import Cursor, Limit, beyond, page
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.identity.security_log import Entry, EntryKind, SecurityLog
from shared.runtime.storage.mongo import Document

AUDITOR = frozenset({"auditor"})
EXPORT_MAX = 50_000
COLUMNS = Entry.__struct_fields__
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_At = Annotated[datetime, msgspec.Meta(tz=True)]


class LogQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``since`` until before ``until``; ``who``: a person's id or the name of a key."""

    since: _At | None = None
    until: _At | None = None
    kind: EntryKind | None = None
    who: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.: -]{1,120}$")] | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class SecurityLogPage(msgspec.Struct, kw_only=True):
    items: list[Entry]
    next: str | None = None


class SecurityLogRoutes:
    """``GET /v1/security-log`` and ``GET /v1/security-log:export``."""

    def __init__(self, security_log: SecurityLog) -> None:
        self._log = security_log

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/security-log",
                self.list,
                "Sign-ins, reads of personal data, set-up, operations, overrides: newest first",
                roles=AUDITOR,
                query=LogQuery,
                answers={200: SecurityLogPage},
            ),
            get(
                "/v1/security-log:export",
                self.export,
                f"The same as CSV, at most {EXPORT_MAX} entries",
                roles=AUDITOR,
                query=LogQuery,
                media=("text/csv",),
                logged="operations",
            ),
        ]

    async def list(self, call: Call) -> Answer:
        query = call.query_as(LogQuery)
        where = _where(call)
        if query.cursor is not None:
            where = {"$and": [where, beyond(query.cursor, "at", -1)]}
        rows = await self._log.rows.find(where, sort=[("at", -1), ("_id", 1)], limit=query.limit + 1)
        shown, following = page(rows, query.limit, "at")
        return Answer(SecurityLogPage(items=[Entry.from_row(row) for row in shown], next=following))

    async def export(self, call: Call) -> Response:
        """Raises ``Refusal`` 422 where more entries match than are exported at once: a shorter time is to be named."""
        where = _where(call)
        if await self._log.rows.count(where, limit=EXPORT_MAX + 1) > EXPORT_MAX:
            raise invalid(FieldError("?since", f"more than {EXPORT_MAX} entries; name a shorter time"))
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        for entry in await self._log.find(where, EXPORT_MAX):
            writer.writerow({name: _cell(getattr(entry, name)) for name in COLUMNS})
        headers = {"content-disposition": 'attachment; filename="security-log.csv"', "cache-control": "no-store"}
        return Response("\ufeff" + text.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


def _where(call: Call) -> Document:
    query = call.query_as(LogQuery)
    named: Document = {"kind": query.kind, "who": query.who}
    where: Document = {
        "city": {"$in": [call.principal.city, EVERY_CITY]},
        **{k: v for k, v in named.items() if v is not None},
    }
    times = {"$gte": query.since, "$lt": query.until}
    bounds = {operator: at for operator, at in times.items() if at is not None}
    return {**where, "at": bounds} if bounds else where


def _cell(value: object) -> str:
    """Text that no spreadsheet takes for a formula (CWE-1236)."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
