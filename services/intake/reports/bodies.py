"""What rider apps and importers send. The JSON Schemas of the API page are made of these classes."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from shared.city.sorting.questions import MOST as ANSWERS_MAX
from shared.contracts.reports import ReportChannel
from shared.kernel.vocabulary import ReportKind
from shared.runtime.http_server.field_types import Ident

Text = Annotated[str, msgspec.Meta(max_length=4000)]
Photos = Annotated[list[Ident], msgspec.Meta(max_length=9)]
NAME = "^[^$.\\x00-\\x1f\\x7f-\\x9f]{1,60}$"
"""Of a question. The store reads a $ or a dot in a field's name otherwise; in any spelling, see ``answers_of``."""
Question = Annotated[str, msgspec.Meta(pattern=NAME)]
Answer = (
    Annotated[str, msgspec.Meta(max_length=500)]
    | Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    | Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)]
    | bool
    | None
)


class Location(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A point with its coordinate system, and/or words, or a unit of the pack."""

    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    crs: Literal["wgs84", "gcj02", "bd09"] | None = None
    address: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    unit: Ident | None = None


class Reporter(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Who reports. Only the pseudonym made of ``ref`` leaves intake."""

    ref: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    confidential: bool = False


class ReportBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A report. A hazard needs a ``location``; needs, opinions and clues may come without.

    ``received_at``, ``historic`` and ``open`` are for importers. ``answers``: to the category's questions.

    ``historic``: it was dealt with; nobody is told, no clock runs, it is in no live queue. ``open``: it is still to be
    dealt with, as when a town moves here; it is in the queue and its clocks run from ``received_at``, but nobody is
    alerted of it, nor of what was due before it came. ``open`` holds where both are said.
    """

    kind: ReportKind
    description: Text
    location: Location = msgspec.field(default_factory=Location)
    category: Ident | None = None
    observed_at: datetime | None = None
    photos: Photos = []
    answers: Annotated[dict[Question, Answer], msgspec.Meta(max_length=ANSWERS_MAX)] | None = None
    channel: ReportChannel = "app"
    reporter: Reporter | None = None
    received_at: datetime | None = None
    historic: bool = False
    open: bool = False


class BatchItem(ReportBody, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A report of a batch: the key is a field."""

    idempotency_key: Annotated[str, msgspec.Meta(pattern="^[\\x21-\\x7e]{1,255}$")]


class RatingBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """3 满意, 2 基本满意, 1 不满意."""

    score: Annotated[int, msgspec.Meta(ge=1, le=3)]
    text: Text | None = None


class AdditionBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """More words or photos, or "it is fixed"."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)] | None = None
    photos: Photos = []
    fixed: bool = False


class WithdrawBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Accepted(msgspec.Struct):
    """The receipt: durable from here on."""

    id: str
    status: Literal["accepted"]
    received_at: datetime
    links: dict[str, str]
    advice: str | None = None
    emergency: str | None = None
