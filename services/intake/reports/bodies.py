"""What rider apps and importers send. The JSON Schemas of the API page are made of these classes."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from shared.city.model.sorting import Elsewhere
from shared.city.sorting.questions import MOST as ANSWERS_MAX
from shared.kernel.vocabulary import How, ReportChannel, ReportKind
from shared.runtime.http_server.field_types import Ident

Text = Annotated[str, msgspec.Meta(max_length=4000)]
Photos = Annotated[list[Ident], msgspec.Meta(max_length=9)]
NAME = "^[^$.\\x00-\\x1f\\x7f-\\x9f]{1,60}$"
"""Of a question. The store reads a $ or a dot in a field's name otherwise; in any spelling, see ``answers_of``."""
OutsideNumber = Annotated[str, msgspec.Meta(pattern="^[^\\x00-\\x20\\x7f-\\x9f]{1,60}$")]
"""The number of the ticket under which another system keeps it (12345, 智慧城管); no blanks, no control characters."""
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


class HandledBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How an officer on patrol handled on the spot what he found (当场已处置). ``at``: when; ``photos``: after it."""

    how: How
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    at: datetime
    photos: Photos = []


class ReportBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A report. A hazard needs a ``location``; needs, opinions and clues may come without.

    ``received_at``, ``historic`` and ``open`` are for importers. ``answers``: to the category's questions.

    ``historic``: it was dealt with; nobody is told, no clock runs, it is in no live queue. ``open``: it is still to be
    dealt with, as when a town moves here; it is in the queue and its clocks run from ``received_at``, but nobody is
    alerted of it, nor of what was due before it came. ``open`` holds where both are said.

    ``about_us``: it is about the unit that would get it, its people or its property company, which do not see it then
    (回避). A confidential report goes to its handlers whether or not this is said.

    ``elsewhere``: the reporter agrees that it is a matter for somebody else, by the id that an answer named; nothing is
    stored then, and the answer says where to go.

    ``same_as``: of an officer who enters it: it is about the same as that open case, which he sees, and hangs on it.
    ``channel``: ``patrol`` for what an officer found himself (巡查发现). ``handled``: he handled it on the spot; then
    ``photos`` are those from before. Without ``handled`` it is handed in, and dealt with as every report.
    """

    kind: ReportKind
    description: Text
    location: Location = msgspec.field(default_factory=Location)
    category: Ident | None = None
    observed_at: datetime | None = None
    photos: Photos = []
    answers: Annotated[dict[Question, Answer], msgspec.Meta(max_length=ANSWERS_MAX)] | None = None
    channel: ReportChannel = "app"
    outside_number: OutsideNumber | None = None
    reporter: Reporter | None = None
    received_at: datetime | None = None
    historic: bool = False
    open: bool = False
    about_us: bool = False
    elsewhere: Ident | None = None
    same_as: Ident | None = None
    handled: HandledBody | None = None


class BatchItem(ReportBody, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A report of a batch: the key is a field."""

    idempotency_key: Annotated[str, msgspec.Meta(pattern="^[\\x21-\\x7e]{1,255}$")]


class RatingBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """3 满意, 2 基本满意, 1 不满意. 1 on a report that was not taken on is the objection, once."""

    score: Annotated[int, msgspec.Meta(ge=1, le=3)]
    text: Text | None = None


class AdditionBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """More words or photos, or "it is fixed"."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)] | None = None
    photos: Photos = []
    fixed: bool = False


class WithdrawBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class ObjectionBody(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Why a report that was not taken on should be."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class WhereToGo(msgspec.Struct, frozen=True):
    """Who deals with a matter that is not dealt with here, and how to reach them, in the city's words."""

    id: str
    name: str
    text: str
    text_en: str


def where_to_go(entry: Elsewhere) -> WhereToGo:
    """What is shown of a pack's entry."""
    return WhereToGo(entry.id, entry.name, entry.text, entry.text_en)


class TurnedElsewhere(msgspec.Struct, frozen=True):
    """Nothing is stored and nobody is told: ``elsewhere`` says where to go at once."""

    status: Literal["elsewhere"]
    elsewhere: WhereToGo


class Accepted(msgspec.Struct):
    """The receipt: durable from here on. ``elsewhere``: by its words it may be a matter for somebody else; if the
    reporter agrees, withdraw it, and show him where to go. ``notice``: of a demonstration, that no report reaches
    anybody."""

    id: str
    status: Literal["accepted"]
    received_at: datetime
    links: dict[str, str]
    advice: str | None = None
    emergency: str | None = None
    elsewhere: WhereToGo | UnsetType = UNSET
    notice: str | None = None
