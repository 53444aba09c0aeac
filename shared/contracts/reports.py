"""Events of a report: what intake tells the others. No personal data: the reporter is a pseudonym."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from shared.kernel.vocabulary import Priority, ReportKind

TOPIC = "reports"
ROUTER_GROUP = "router.reports"
"""The group that makes cases of them, one in each lane."""
UNROUTED_TOPIC = "unrouted"
"""A rare event has a topic of its own: who waits for it need not read every report."""

Channel = Literal["app", "group", "window", "phone", "visit", "hotline"]
PhotoHash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
"""What a photo looks like: 64 bits, the difference hash of 9 by 8 greys. Nobody can make the picture of it."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where, as intake understood it: WGS-84 degrees, and what was sent."""

    lon: float | None = None
    lat: float | None = None
    crs: str | None = None
    """The coordinate system that was sent: wgs84, gcj02, bd09."""
    address: str | None = None
    unit: str | None = None


class ReportSubmitted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.submitted.v1``: a report is durable; the router owes it a case."""

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
    channel: Channel = "app"
    reporter: str | None = None
    confidential: bool = False
    historic: bool = False
    entered_by: str | None = None
    """The officer who entered it for the reporter."""
    priority: Priority | None = None
    """Of a sealed report, as its words made it."""
    sealed: bool = False
    """Words, place, photos and reporter stay with intake; category and priority are settled."""
    looks: list[PhotoHash] = []
    """Of its photos that were clean when it came and have enough in them to be known by; in no order that counts."""
    answers: dict[str, str | int | float | bool] = {}
    """To its category's questions, by name; at most 50."""


class ReportRated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.rated.v1``: the reporter's judgement. ``score``: 3 满意, 2 基本满意, 1 不满意."""

    report: str
    case: str
    score: int
    text: str | None = None


class ReportAdded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.added.v1``: the reporter has more to say."""

    report: str
    case: str
    text: str | None = None
    photos: list[str] = []
    fixed: bool = False


class ReportWithdrawn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.withdrawn.v1``: the reporter takes it back; the case stays until a person ends it."""

    report: str
    case: str
    reason: str


class ReportUnrouted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``report.unrouted.v2``: nobody made a case of it in time (``route_by``); a breach of its own.

    As ``report.unrouted.v1`` it was among the reports; nobody sends that any more.
    """

    report: str
    received_at: datetime
    route_by: datetime
    pack_version: str
