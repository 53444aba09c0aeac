"""Events of a report, emitted by intake. They hold no personal data: the reporter is a pseudonym."""

from datetime import datetime
from typing import Annotated

import msgspec

from shared.kernel.vocabulary import How, Priority, ReportChannel, ReportKind

TOPIC = "reports"
ROUTER_GROUP = "router.reports"
"""The consumer group of the router that turns reports into cases; ``lane_group`` gives its name in each lane."""
UNROUTED_TOPIC = "unrouted"
"""``report.unrouted`` is rare and has its own topic, so that its consumer need not read every report."""

PhotoHash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
"""A perceptual hash of a photo: 64 bits in hexadecimal, the difference hash (dHash) of 9 by 8 grey values. The photo
cannot be reconstructed from it."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the hazard is: WGS-84 degrees as converted by intake, and what the reporter sent."""

    lon: float | None = None
    lat: float | None = None
    crs: str | None = None
    """The coordinate system of the point as it was sent: wgs84, gcj02 or bd09."""
    address: str | None = None
    unit: str | None = None


class Handled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an officer on patrol handled on the spot what he found (当场已处置). ``photos``: ids, after it; ``at``: when,
    as he says."""

    how: How
    text: str
    at: datetime
    photos: list[str] = []


class ReportSubmitted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.submitted.v1``: a report is stored durably; the router must make a case of it or attach it to one."""

    report: str
    app: str
    kind: ReportKind
    description: str
    place: Place
    received_at: datetime
    pack_version: str
    cell: str
    category: str | None = None
    observed_at: datetime | None = None
    photos: list[str] = []
    channel: ReportChannel = "app"
    reporter: str | None = None
    confidential: bool = False
    historic: bool = False
    imported_open_at: datetime | None = None
    """When an importer brought it in, still to be dealt with: what was due by then alerts nobody."""
    entered_by: str | None = None
    """The officer who entered it for the reporter."""
    priority: Priority | None = None
    """For a sealed report only: the priority found from its words before sealing."""
    sealed: bool = False
    """Confidential: words, place, photos and reporter stay encrypted in intake; category and priority are final."""
    looks: list[PhotoHash] = []
    """Perceptual hashes of its photos that were processed by then and have enough detail; in no particular order."""
    answers: dict[str, str | int | float | bool] = {}
    """Name of a question of its category → answer; at most 50."""
    outside_number: str | None = None
    """The number of its ticket in another system, as 12345; of a sealed report it stays in intake."""
    about_us: bool = False
    """The reporter says that it is about the unit that would get it, its people or its property company."""
    same_as: str | None = None
    """The case on which the officer who entered it says that it hangs; while that is open."""
    handled: Handled | None = None
    """Of a patrol find that was handled on the spot."""


class ReportRated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.rated.v1``: the reporter's rating. ``score``: 3 满意, 2 基本满意, 1 不满意."""

    report: str
    case: str
    score: int
    text: str | None = None
    entered_by: str | None = None
    """The officer who entered it for the reporter; absent: the reporter's app sent it. So too in what follows."""
    entered_unit: str | None = None


class ReportAdded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.added.v1``: the reporter added text or photos, or says that it is ``fixed``."""

    report: str
    case: str
    text: str | None = None
    photos: list[str] = []
    fixed: bool = False
    entered_by: str | None = None
    entered_unit: str | None = None


class ReportWithdrawn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.withdrawn.v1``: the reporter withdraws it; the case stays open until an officer ends it."""

    report: str
    case: str
    reason: str
    entered_by: str | None = None
    entered_unit: str | None = None


class ReportUnrouted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.unrouted.v2``: the report had no case by ``route_by``.

    ``report.unrouted.v1``, on the topic of reports, is not sent any more.
    """

    report: str
    received_at: datetime
    route_by: datetime
    pack_version: str
