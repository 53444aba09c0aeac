"""``/audit``: the security log for auditors: sign-ins, reads of personal data, set-up, operations, overrides."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from services.console.frame.languages import N_
from services.console.frame.navigation import NavLink
from services.console.frame.page import Page
from services.console.frame.security_headers import HEADERS
from services.console.frame.visit import Visit
from services.console.operations.calls import LogEntry, OperationsCalls
from services.console.operations.log_words import act, outcome, role
from shared.kernel.errors import Refusal, forbidden
from shared.runtime.http_server.route import Route

KINDS = {
    "sign_in": N_("Sign-ins"),
    "personal_data": N_("Reads of personal data"),
    "account": N_("Accounts"),
    "setup": N_("Set-up"),
    "operations": N_("Acts of operations"),
    "override": N_("Overrides"),
}
FILTERS = ("who", "kind", "from", "to")
LIMIT = "50"


class Audit(Page):
    links = (NavLink("/audit", N_("Security log"), 85, offices=frozenset({"auditor"})),)

    def routes(self) -> list[Route]:
        return [
            self.get("/audit", self.show, "The security log"),
            self.get("/audit/export", self.export, "The security log as CSV"),
        ]

    async def show(self, visit: Visit) -> Response:
        given = _given(visit)
        asked = {**_asked(visit, given), "limit": LIMIT}
        if cursor := visit.request.query_params.get("cursor", ""):
            asked["cursor"] = cursor
        try:
            found = await OperationsCalls(self.services).security_log(visit.token, asked)
        except Refusal as refusal:
            if refusal.status != 422:
                raise
            said = visit._("Name a person's id or a key's name: letters, digits, dots and dashes.")
            return _page(visit, 422, given=given, said=said, at="who")
        older = f"/audit?{urlencode({**given, 'cursor': found.next})}" if found.next else ""
        return _page(visit, given=given, rows=[_row(visit, one) for one in found.items], older=older)

    async def export(self, visit: Visit) -> Response:
        given = _given(visit)
        try:
            sheet = await OperationsCalls(self.services).security_log_as_sheet(visit.token, _asked(visit, given))
        except Refusal as refusal:
            if refusal.status != 422:
                raise
            said = visit._("More than 50,000 entries match: name a shorter time.")
            return _page(visit, 422, given=given, said=said, at="from")
        headers = {**HEADERS, "content-disposition": 'attachment; filename="security-log.csv"'}
        return Response(sheet, headers=headers, media_type="text/csv; charset=utf-8")


def _given(visit: Visit) -> dict[str, str]:
    if "auditor" not in visit.me.offices:
        raise forbidden("This is for auditors.")
    query = visit.request.query_params
    return {name: text for name in FILTERS if (text := query.get(name, "").strip()[:120])}


def _asked(visit: Visit, given: dict[str, str]) -> dict[str, str]:
    """As the router takes it: whole days of the city; what is no day or kind is left out."""
    asked = {"who": given["who"]} if "who" in given else {}
    if given.get("kind") in KINDS:
        asked["kind"] = given["kind"]
    for name, bound, days in (("from", "since", 0), ("to", "until", 1)):
        try:
            day = date.fromisoformat(given.get(name, "")) + timedelta(days=days)
        except (ValueError, OverflowError):
            continue
        asked[bound] = datetime.combine(day, time(), visit.zone).isoformat()
    return asked


def _row(visit: Visit, one: LogEntry) -> dict[str, object]:
    at = f"{one.at.astimezone(visit.zone):%Y-%m-%d %H:%M:%S}"
    return {
        "it": one,
        "at": at,
        "kind": visit._(KINDS[one.kind]) if one.kind in KINDS else one.kind,
        "act": act(visit, one.what),
        "outcome": outcome(visit, one.outcome),
        "role": role(visit, one.role),
    }


def _page(visit: Visit, status: int = 200, *, given: dict[str, str], **more: Any) -> Response:
    kinds = [("", visit._("All")), *((code, visit._(label)) for code, label in KINDS.items())]
    empty: dict[str, Any] = {"rows": [], "older": ""}
    export = f"/audit/export?{urlencode(given)}" if given else "/audit/export"
    said, at = str(more.pop("said", "")), str(more.pop("at", ""))
    return visit.page(
        "audit.html", status, given=given, kinds=kinds, export=export, said=said, at=at, **{**empty, **more}
    )
