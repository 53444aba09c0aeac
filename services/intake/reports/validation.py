"""Makes a ``Submission`` from a request's body: checks against the pack and the sender's role what the body's
type cannot, and names every wrong field."""

import hashlib
import hmac
from datetime import datetime, timedelta

import msgspec

from services.intake.domain.submission import Place, Submission, clean_words, location_errors
from services.intake.privacy.confidential import sealed
from services.intake.privacy.identities import Person
from services.intake.privacy.sealing import Vault
from services.intake.reports.answers import answers_of
from services.intake.reports.bodies import BatchItem, ReportBody
from services.intake.reports.patrol_finds import handled_of, patrol_errors
from shared.city.pack import Pack
from shared.city.place.datum import to_wgs84
from shared.kernel.cells import cell_of
from shared.kernel.clock import whole_millis
from shared.kernel.errors import FieldError, invalid
from shared.kernel.ids import report_id
from shared.kernel.spelling import stored_spelling
from shared.runtime.http_server.field_errors import MANY
from shared.runtime.identity.directory import Principal
from shared.runtime.identity.rider_sessions import pseudonym

_encoder = msgspec.json.Encoder(order="sorted")
FUTURE = timedelta(minutes=5)
WITHOUT_PLACE = frozenset({"need", "opinion", "clue"})
"""Kinds that may say nothing of a place: their words decide, else the sorting queue."""
DESKS = "@desks"
"""The app of reports that officers enter for others; no key has such a name."""


class ReportValidator:
    """Turns bodies into submissions for one installation.

    What an importer says was received longer ago than ``import_span`` must be ``historic`` or ``open``: its deadlines
    have passed, and everybody would be alerted now.
    """

    def __init__(self, secret: str, import_span: timedelta = timedelta(days=7), vault: Vault | None = None) -> None:
        self._import_span = import_span
        self._secret = secret.encode()
        self._vault = vault or Vault(secret)

    def report_id(self, principal: Principal, key: str) -> str:
        """The id of the report that this app, or this officer, sends under ``key``."""
        sender = f"@{principal.person}" if principal.person is not None else principal.who
        return report_id(self._secret, principal.city, sender, key)

    def pseudonym(self, principal: Principal, ref: str) -> str:
        """The pseudonym of a reporter of an app."""
        return pseudonym(self._secret, principal.city, app_of(principal), ref)

    def _reporter(self, body: ReportBody, principal: Principal) -> str | None:
        """A rider's session is that of its own reporter, whatever its body says."""
        if principal.reporter is not None or body.reporter is None:
            return principal.reporter
        return self.pseudonym(principal, body.reporter.ref)

    def submission(self, body: ReportBody, principal: Principal, key: str, pack: Pack, now: datetime) -> Submission:
        """Raises ``Refusal`` 422 that names every wrong field."""
        errors = _errors(body, principal, pack, now, self._import_span)
        description = clean_words(body.description, "/description", errors)
        where = body.location
        address = clean_words(where.address, "/location/address", errors) if where.address is not None else None
        answers, outside = answers_of(body, pack, errors), _outside_number(body, errors)
        handled = handled_of(body, errors)
        if errors:
            raise invalid(*errors[:MANY])
        lon, lat = _point(where.lon, where.lat, where.crs)
        id_ = self.report_id(principal, key)
        first, *older = self.fingerprints(body)
        received_at = whole_millis(body.received_at) if body.received_at is not None else now
        report = Submission(
            id=id_,
            city=principal.city,
            app=app_of(principal),
            fingerprint=first,
            older_fingerprints=tuple(older),
            kind=body.kind,
            category=body.category,
            description=description,
            place=Place(lon, lat, where.crs, address, where.unit),
            cell=cell_of(principal.city, lon, lat, id_),
            received_at=received_at,
            observed_at=whole_millis(body.observed_at) if body.observed_at is not None else None,
            photos=tuple(body.photos),
            channel=body.channel,
            reporter=self._reporter(body, principal),
            confidential=body.reporter is not None and body.reporter.confidential,
            historic=body.historic and not body.open,
            imported_open_at=now if body.open else None,
            pack_version=pack.version,
            entered_by=principal.person,
            entered_unit=principal.unit if principal.person is not None else None,
            danger=not (body.historic or body.open) and pack.danger(body.category, description),
            answers=answers or None,
            outside_number=outside,
            about_us=body.about_us,
            same_as=body.same_as,
            handled=handled,
        )
        return sealed(report, self._vault, pack) if report.confidential else report

    def fingerprints(self, body: ReportBody) -> tuple[str, ...]:
        """Equal for equal bodies; those after the first are as older versions stored them.

        Name and number are left out, so that once the person is erased nobody, even with the secret, can try numbers
        against the fingerprint. Where there is a reporter it is keyed with the secret, so that nobody else can try
        references.
        """
        plain = fingerprint(body)
        if body.reporter is None:
            return (plain,)
        keyed = self._keyed(plain)
        if body.reporter.name is None and body.reporter.phone is None:
            return keyed, plain
        unnamed = msgspec.structs.replace(body.reporter, name=None, phone=None)
        return self._keyed(fingerprint(msgspec.structs.replace(body, reporter=unnamed))), keyed, plain

    def _keyed(self, plain: str) -> str:
        return hmac.digest(self._secret, plain.encode(), "sha256").hex()[:32]

    def person(self, body: ReportBody, principal: Principal) -> Person | None:
        """The reporter's personal data, if any was sent. A reference alone is kept for confidential reports only."""
        reporter = body.reporter
        if reporter is None or (reporter.name is None and reporter.phone is None and not reporter.confidential):
            return None
        own = principal.reporter
        names = ("ref", "name", "phone") if own is None else ("name", "phone")
        data = {name: value for name in names if (value := getattr(reporter, name)) is not None}
        id_ = own or self.pseudonym(principal, reporter.ref)
        return Person(id_, principal.city, app_of(principal), data) if data else None


def app_of(principal: Principal) -> str:
    """The app that a report belongs to. All officers share one, so that a caller has one pseudonym whoever took the
    call."""
    return DESKS if principal.kind == "officer" else principal.app or principal.who


def fingerprint(body: msgspec.Struct) -> str:
    """Equal for bodies that are equal after parsing and defaults, whatever their spelling."""
    if isinstance(body, BatchItem):
        body = msgspec.convert(
            {f: getattr(body, f) for f in ReportBody.__struct_fields__}, ReportBody, from_attributes=True
        )
    return hashlib.sha256(_encoder.encode(body)).hexdigest()[:32]


def _outside_number(body: ReportBody, errors: list[FieldError]) -> str | None:
    """In the spelling in which it is searched for. Its digits stay, also where they look like a telephone number's."""
    if body.outside_number is None:
        return None
    number = stored_spelling(body.outside_number)
    if not number:
        errors.append(FieldError("/outside_number", "has nothing to be seen"))
    return number


def _errors(
    body: ReportBody, principal: Principal, pack: Pack, now: datetime, import_span: timedelta
) -> list[FieldError]:
    where = body.location
    said = where.address is not None or where.unit is not None or body.kind in WITHOUT_PLACE
    errors = location_errors(where.lon, where.lat, where.crs, said=said)
    errors += patrol_errors(body, principal, pack, now)
    if body.category is not None and body.category not in pack.categories:
        errors.append(FieldError("/category", "is not in the city's list: GET /v1/categories"))
    if where.unit is not None and where.unit not in pack.units:
        errors.append(FieldError("/location/unit", "is no unit of this city"))
    if body.elsewhere is not None and pack.elsewhere.get(body.elsewhere) is None:
        errors.append(FieldError("/elsewhere", "is not in the city's list: take the id that an answer named"))
    if principal.kind == "officer" and body.channel == "app":
        says = "says how it came: window, phone, visit, group or hotline; patrol for what you found yourself"
        errors.append(FieldError("/channel", says))
    if body.same_as is not None:
        if principal.kind != "officer":
            errors.append(FieldError("/same_as", "is for officers, who see the case"))
        if body.reporter is not None and body.reporter.confidential:
            errors.append(FieldError("/same_as", "is not for a confidential report, which has a case of its own"))
    if principal.kind != "importer":
        if body.received_at is not None:
            errors.append(FieldError("/received_at", "is for importers"))
        if body.historic:
            errors.append(FieldError("/historic", "is for importers"))
        if body.open:
            errors.append(FieldError("/open", "is for importers"))
    elif body.received_at is not None and body.received_at > now + FUTURE:
        errors.append(FieldError("/received_at", "lies in the future"))
    elif body.received_at is not None and body.received_at < now - import_span and not (body.historic or body.open):
        days = import_span.days
        errors.append(
            FieldError("/received_at", f"is more than {days} days ago: nobody is told of it, say historic, or open")
        )
    return errors


def _point(lon: float | None, lat: float | None, crs: str | None) -> tuple[float | None, float | None]:
    if lon is None or lat is None or crs is None:
        return None, None
    return to_wgs84(lon, lat, crs)
