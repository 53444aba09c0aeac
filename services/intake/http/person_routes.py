"""Who reported, for those who may know: erased when asked for, shown to the router for an officer; sealed words too.

The router decides who may; what is shown is logged here with who asked.
"""

from typing import Annotated, Any

import msgspec
import structlog

from services.intake.privacy.confidential import unsealed
from services.intake.privacy.identities import Identities
from services.intake.privacy.key_rotation import Rewrapping
from services.intake.privacy.sealing import Vault
from services.intake.reports.accept import DESKS, Acceptance, app_of
from services.intake.reports.report_store import ReportStore
from shared.kernel.errors import FieldError, invalid, not_found
from shared.kernel.ids import case_id
from shared.kernel.personal import masked_name, masked_phone
from shared.runtime.http_server.field_types import Ident, NoBody
from shared.runtime.http_server.server import Answer, Call, Route, post
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

log = structlog.get_logger()

ERASERS = frozenset({"rider_app", "importer", "ops"})
SERVICE = frozenset({"service"})


class EraseBody(msgspec.Struct, forbid_unknown_fields=True):
    """``ref``: the app's own reference of the person. Ops name the app, and with a token for every city the city."""

    ref: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    app: Annotated[str, msgspec.Meta(pattern="^[@A-Za-z0-9_.:-]{1,120}$")] | None = None
    city: Ident | None = None


class MaskedBody(msgspec.Struct, forbid_unknown_fields=True):
    city: Ident
    reports: Annotated[list[Ident], msgspec.Meta(max_length=100)]


class OneBody(msgspec.Struct, forbid_unknown_fields=True):
    """A report of ``case``, for ``person``, an officer."""

    city: Ident
    case: Ident
    report: Ident
    person: Annotated[str, msgspec.Meta(max_length=200)]


class PersonsApi:
    """Handlers of reporters' personal data and of what is confidential."""

    def __init__(
        self,
        store: ReportStore,
        identities: Identities,
        rewrapping: Rewrapping,
        acceptance: Acceptance,
        vault: Vault,
        packs: PackLibrary,
        directory: Directory,
    ) -> None:
        self._store = store
        self._rewrapping = rewrapping
        self._identities = identities
        self._acceptance = acceptance
        self._vault = vault
        self._packs = packs
        self._directory = directory

    def routes(self) -> list[Route]:
        def for_router(path: str, handler: Any, summary: str, body: type) -> Route:
            return post(path, handler, summary, roles=SERVICE, body=body)

        return [
            post(
                "/v1/reporters:erase",
                self.erase,
                "Erase a person: identity and key; reports and cases stay",
                roles=ERASERS,
                body=EraseBody,
                keyed=True,
                once="erasures",
            ),
            post(
                "/v1/reporters:rewrap",
                self.rewrap,
                "Destroy the master key now: what was erased opens nowhere any more",
                roles=frozenset({"ops"}),
                body=NoBody,
                keyed=True,
                once="rewraps",
            ),
            for_router("/v1/reporters:masked", self.masked, "Who reported, masked", MaskedBody),
            for_router("/v1/reporters:unmask", self.unmask, "Who reported", OneBody),
            for_router("/v1/reports:unseal", self.unseal, "What a confidential report says", OneBody),
        ]

    async def erase(self, call: Call) -> Answer:
        """200 whether there was something to erase or not. 422 for a city or an app that there is not."""
        body = call.body_as(EraseBody)
        of = _reporter_of(call.principal, body)
        if call.principal.kind == "ops":
            await self._refuse_unknown(of)
        id_ = self._acceptance.pseudonym(of, body.ref)
        return Answer({"erased": await self._identities.erase(id_, "asked for"), "reporter": id_})

    async def _refuse_unknown(self, of: Principal) -> None:
        """A misspelt name must not look like an erasure. Keys stay on record, so an app of former times is known."""
        if of.city not in self._packs.cities:
            raise invalid(FieldError("/city", "is not loaded"))
        if of.app != DESKS and not await self._directory.had_key(of.city, of.who):
            raise invalid(FieldError("/app", "never had a key of this city"))

    async def rewrap(self, call: Call) -> Answer:
        """All living keys under a new master key, durable, and the older ones destroyed when this is answered."""
        return Answer(await self._rewrapping.rotate())

    async def masked(self, call: Call) -> Answer:
        """Name and telephone number masked, by report; of confidential ones nothing."""
        body = call.body_as(MaskedBody)
        where = {"_id": {"$in": body.reports}, "city": body.city, "confidential": False, "reporter": {"$ne": None}}
        reports = await self._store.reports.find(where, {"reporter": 1}, limit=len(body.reports))
        known = await self._identities.known([report["reporter"] for report in reports])
        return Answer({"items": {r["_id"]: _masked(known[r["reporter"]]) for r in reports if r["reporter"] in known}})

    async def unmask(self, call: Call) -> Answer:
        report = await self._report(call)
        known = await self._identities.known([report["reporter"]]) if report["reporter"] is not None else {}
        who = known.get(report["reporter"], {})
        names = ("name", "phone", "ref")
        return Answer({"app": report["app"], "reporter": report["reporter"], **{n: who[n] for n in names if n in who}})

    async def unseal(self, call: Call) -> Answer:
        return Answer(unsealed(await self._report(call), self._vault))

    async def _report(self, call: Call) -> Document:
        """The report, if it hangs on the case that the officer sees."""
        body = call.body_as(OneBody)
        report = await self._store.get(body.city, None, body.report)
        if report is None or body.case not in (case_id(report["_id"]), (report.get("case") or {}).get("id")):
            raise not_found("report")
        log.info("reporter.asked", route=call.request.url.path, report=body.report, by=body.person, trace=call.trace)
        return report


def _reporter_of(who: Principal, body: EraseBody) -> Principal:
    """The app whose person it is."""
    if who.kind != "ops":
        wrong = {"app": body.app not in (None, app_of(who)), "city": body.city not in (None, who.city)}
        if any(wrong.values()):
            raise invalid(*(FieldError(f"/{n}", "is not yours: leave it out") for n in wrong if wrong[n]))
        return who
    city = body.city if who.city == EVERY_CITY else who.city
    if city is None or body.app is None or body.city not in (None, city):
        raise invalid(FieldError("/app", "name the app whose person it is, and the city"))
    return Principal(kind="rider_app", city=city, app=body.app)


def _masked(known: dict[str, str]) -> dict[str, str]:
    masks = {"name": masked_name, "phone": masked_phone}
    return {name: mask(known[name]) for name, mask in masks.items() if known.get(name)}
