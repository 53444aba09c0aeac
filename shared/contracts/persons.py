"""What intake answers the router about reporters and confidential reports, and the router officers who may read it."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType


class MaskedReporter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Name and telephone number, masked; what is not known is absent."""

    name: str | None = None
    phone: str | None = None


class MaskedReporters(msgspec.Struct, frozen=True):
    """By report; of confidential ones nothing."""

    items: dict[str, MaskedReporter]


class KnownReporter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who sent a report. ``reporter``: the pseudonym; ``ref``: the app's own reference. What is not known is absent."""

    app: str
    reporter: str | UnsetType | None = UNSET
    name: str | None = None
    phone: str | None = None
    ref: str | None = None


class SealedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where, as it was sent; longitude and latitude in WGS-84 degrees."""

    lon: float | None = None
    lat: float | None = None
    crs: str | None = None
    address: str | None = None
    unit: str | None = None


class SealedAddition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the reporter said later; ``reason``: of a withdrawal."""

    at: datetime | None = None
    text: str | None = None
    reason: str | None = None
    photos: list[str] = []


class SealedReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The words of a confidential report, opened."""

    description: str
    location: SealedPlace
    photos: list[str]
    answers: dict[str, str | int | float | bool] = {}
    outside_number: str | None = None
    added: list[SealedAddition]


class ReportsWithPhone(msgspec.Struct, frozen=True):
    """Ids of reports whose reporters' telephone numbers end so, newest first; none that is confidential."""

    items: list[str]
