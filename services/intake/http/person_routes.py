"""Reporters' personal data: erased when asked for, and shown to the router on behalf of an officer, as are the words of
confidential reports.

The router decides which officer may read them; here it is logged what was shown to whom.
"""

from typing import Annotated

import msgspec
import structlog

from services.intake.privacy.confidential import unsealed
from services.intake.privacy.identities import Identities
from services.intake.privacy.key_rotation import KeyRotation, RotationResult
from services.intake.privacy.sealing import Vault
from services.intake.reports.progress_record import ReportStatus
from services.intake.reports.report_record import ReportRecord, place_doc
from services.intake.reports.report_store import ReportStore
from services.intake.reports.validation import DESKS, ReportValidator, app_of
from shared.contracts.persons import KnownReporter, MaskedReporter, MaskedReporters, SealedReport
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid, not_found
from shared.kernel.ids import case_id
from shared.kernel.personal import masked_name, masked_phone
from shared.runtime.http_server.field_types import Ident, NoBody
from shared.runtime.http_server.route import Answer, Call, Handler, Route, post
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal
from shared.runtime.pack_library import PackLibrary

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


class ErasedReporter(msgspec.Struct, frozen=True):
    """``erased``: whether there was something to erase; ``reporter``: the pseudonym."""

    erased: bool
    reporter: str


class PersonRoutes:
    """Handlers of reporters' personal data and of what is confidential."""

    def __init__(
        self,
        store: ReportStore,
        identities: Identities,
        rotation: KeyRotation,
        validator: ReportValidator,
        vault: Vault,
        packs: PackLibrary,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._store = store
        self._rotation = rotation
        self._identities = identities
        self._validator = validator
        self._vault = vault
        self._packs = packs
        self._directory = directory
        self._clock = clock

    def routes(self) -> list[Route]:
        def for_router(path: str, handler: Handler, summary: str, body: type, shape: type[msgspec.Struct]) -> Route:
            return post(path, handler, summary, roles=SERVICE, body=body, answers={200: shape})

        return [
            post(
                "/v1/reporters:erase",
                self.erase,
                "Erase a person: identity and key; reports and cases stay",
                roles=ERASERS,
                body=EraseBody,
                keyed=True,
                idempotent_as="erasures",
                answers={200: ErasedReporter},
                logged="personal_data",
            ),
            post(
                "/v1/reporters:rewrap",
                self.rewrap,
                "Destroy the master key now: what was erased opens nowhere any more",
                roles=frozenset({"ops"}),
                body=NoBody,
                keyed=True,
                idempotent_as="rewraps",
                answers={200: RotationResult},
                logged="operations",
            ),
            for_router("/v1/reporters:masked", self.masked, "Who reported, masked", MaskedBody, MaskedReporters),
            for_router("/v1/reporters:unmask", self.unmask, "Who reported", OneBody, KnownReporter),
            for_router("/v1/reports:unseal", self.unseal, "What a confidential report says", OneBody, SealedReport),
        ]

    async def erase(self, call: Call) -> Answer:
        """200 whether there was something to erase or not. 422 for a city or an app that there is not."""
        body = call.body_as(EraseBody)
        of = _reporter_of(call.principal, body)
        if call.principal.kind == "ops":
            await self._refuse_unknown(of)
        id_ = self._validator.pseudonym(of, body.ref)
        erased = await self._identities.erase(id_, "asked for")
        await self._directory.riders.end_all(id_, self._clock.now())
        return Answer(ErasedReporter(erased, id_))

    async def _refuse_unknown(self, of: Principal) -> None:
        """A misspelt name must not look like an erasure. Keys stay on record, so an app of former times is known."""
        if of.city not in self._packs.cities:
            raise invalid(FieldError("/city", "is not loaded"))
        if of.app != DESKS and not await self._directory.had_key(of.city, of.who):
            raise invalid(FieldError("/app", "never had a key of this city"))

    async def rewrap(self, call: Call) -> Answer:
        """All living keys under a new master key, durable, and the older ones destroyed when this is answered."""
        return Answer(await self._rotation.rotate())

    async def masked(self, call: Call) -> Answer:
        """Name and telephone number masked, by report; of confidential ones nothing."""
        body = call.body_as(MaskedBody)
        reporters = await self._store.reporters_of(body.city, body.reports)
        known = await self._identities.known(list(reporters.values()))
        return Answer(
            MaskedReporters({report: _masked(known[who]) for report, who in reporters.items() if who in known})
        )

    async def unmask(self, call: Call) -> Answer:
        report = await self._report(call)
        known = await self._identities.known([report.reporter]) if report.reporter is not None else {}
        who = known.get(report.reporter or "", {})
        return Answer(
            KnownReporter(
                app=report.app,
                reporter=report.reporter,
                name=who.get("name"),
                phone=who.get("phone"),
                ref=who.get("ref"),
            )
        )

    async def unseal(self, call: Call) -> Answer:
        report = await self._report(call)
        words = _words(report) if report.sealed is None else unsealed(report.id, report.sealed, self._vault)
        return Answer(msgspec.convert(words, SealedReport))

    async def _report(self, call: Call) -> ReportRecord:
        """The report, if it is attached to the case that the officer sees."""
        body = call.body_as(OneBody)
        status = await self._store.status(body.city, None, body.report)
        if status is None or body.case not in _case_ids(status):
            raise not_found("report")
        log.info("reporter.asked", route=call.request.url.path, report=body.report, by=body.person, trace=call.trace)
        return status.report


def _case_ids(status: ReportStatus) -> tuple[str, ...]:
    """The case that the report would open, and the one that it is handled in."""
    return (case_id(status.report.id), *(() if status.case is None else (status.case.id,)))


def _words(report: ReportRecord) -> dict[str, object]:
    """As ``unsealed``, of a report that is not sealed: an older version sealed nothing."""
    location = place_doc(report.place)
    return {"description": report.description, "photos": report.photos, "location": location, "added": []}


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


def _masked(known: dict[str, str]) -> MaskedReporter:
    name, phone = known.get("name"), known.get("phone")
    return MaskedReporter(masked_name(name) if name else None, masked_phone(phone) if phone else None)
