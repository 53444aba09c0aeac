"""The shapes of a city pack, one Struct per kind of entry. Each file's JSON Schema is generated from these.

Everything is immutable; unknown fields are errors. Times of day are ``HH:MM``, dates ``YYYY-MM-DD``, spans ISO 8601,
points ``[lon, lat]`` in WGS-84 degrees. What is wrong across entries or files is found in ``checking``.
"""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,120}$", description="letters, digits and _ . : -")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=4000)]
Word = Annotated[str, Meta(min_length=1, max_length=60)]
AppName = Annotated[str, Meta(pattern=r"^@?[A-Za-z0-9_.-]{1,60}$", description="the name that its key was made for")]
Iso = Annotated[str, Meta(pattern=r"^P[0-9A-Z.,]+$", description="ISO 8601 duration: PT10M, PT8H, P3D")]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="local time, HH:MM")]
Hours = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Point = tuple[Lon, Lat]
Fraction = Annotated[float, Meta(gt=0, le=1)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DutyDay = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
Priority = Literal["danger", "urgent", "normal", "low"]
Kind = Literal["hazard", "opinion", "clue", "need"]
ClockKind = Literal["acknowledge", "on_site", "resolve", "report_in", "finish_part", "confirm"]
Role = Literal[
    "duty_officer",
    "grid_leader",
    "grid_member",
    "parttime_grid_member",
    "supervisor",
    "inspector",
    "department_officer",
    "property",
    "member",
]


ChannelKind = Literal["wecom", "dingtalk", "feishu", "sms", "apprise"]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of a file."""


class Channel(Entry, frozen=True, kw_only=True):
    """How somebody is reached beside the inbox: ``channels`` of a city, a unit or a person. ``${NAME}`` stands for a
    variable of the notifier's environment.

    ``to`` is a telephone number. ``headers``, ``body`` and ``success`` are a text message gateway's; ``length``: how
    many characters a message may have. ``priorities``: only alerts of these; all of them when empty.
    """

    url: Annotated[str, Meta(max_length=2000)] = ""
    secret: Annotated[str, Meta(max_length=200)] = ""
    to: Annotated[str, Meta(max_length=200)] = ""
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    success: dict[str, str | int | bool] = {}
    length: Annotated[int, Meta(ge=60, le=2000)] | None = None
    per_minute: Annotated[int, Meta(ge=1, le=600)] | None = None
    priorities: tuple[Priority, ...] = ()


Channels = dict[ChannelKind, Channel | Annotated[str, Meta(max_length=2000)]]
"""By kind; a text alone is the ``url``, of ``sms`` the ``to``."""


class Asking(Entry, frozen=True, kw_only=True):
    """``asking`` of ``city.yaml``: how long a reporter has to answer, the clocks that stand still meanwhile, and what
    follows without an answer. A commitment's ``confirm`` goes before."""

    confirm: Iso = "P5D"
    pauses: tuple[ClockKind, ...] = ("on_site", "resolve")
    unanswered: Literal["back", "close"] = "back"


class Handlers(Entry, frozen=True, kw_only=True):
    """Confidential reports of ``categories`` (of all others, when none is named) go to ``unit`` and are read by
    ``people`` alone: ids, or roles that hold at that unit."""

    categories: tuple[str, ...] = ()
    unit: Id
    people: Annotated[tuple[Id, ...], Meta(min_length=1)]


class Paging(Entry, frozen=True, kw_only=True):
    """At most ``most`` messages beside the inbox to a person in a time ``per``; more are listed in one at its end."""

    most: Annotated[int, Meta(ge=1, le=1000)]
    per: Iso = "PT1H"


class City(Entry, frozen=True, kw_only=True):
    """``city.yaml``. ``extent`` is west, south, east, north; ``queue_levels`` the levels whose units own queues;
    ``channels`` what all channels of a kind have in common; ``shadow``: cases are routed and timed, nobody is told.
    ``called_levels``: whose units can be called in; ``protected_levels``: where departments load only what the entry
    list admits; ``patrols``: how many joint enforcements an estate is to see in a month;
    ``visit_reminder``: when those invited are reminded on a visit's day; ``unmask``: the roles that may see who
    reported."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
    name: Name
    name_en: str = ""
    timezone: str
    languages: Annotated[tuple[Word, ...], Meta(min_length=1)]
    root: Id
    extent: tuple[Lon, Lat, Lon, Lat]
    retention: dict[str, str] = {}
    queue_levels: tuple[Word, ...] | None = None
    called_levels: tuple[Word, ...] | None = None
    protected_levels: tuple[Word, ...] | None = None
    patrols: Annotated[int, Meta(ge=0, le=31)] = 0
    visit_reminder: Clock = "08:00"
    asking: Asking = Asking()
    level_names: dict[str, str] = {}
    secrets: dict[str, str] = {}
    channels: dict[ChannelKind, Channel] = {}
    confidential: tuple[Handlers, ...] = ()
    unmask: tuple[Role, ...] = ()
    paging: Paging | None = None
    shadow: bool = False
    note: Text = ""


class UnitEntry(Entry, frozen=True, kw_only=True):
    """``units.yaml``. ``answers_for`` is ``rest`` or the units whose ground this one answers for."""

    id: Id
    level: Word
    parent: Id | None = None
    name: Name
    name_en: str = ""
    aliases: tuple[Word, ...] = ()
    code: str = ""
    answers_for: Literal["rest"] | tuple[Id, ...] | None = None
    layer: Word | None = None
    channels: Channels = {}


class Unit(UnitEntry, frozen=True, kw_only=True):
    """A unit and its ``path``: unit ids from the root down to itself."""

    path: tuple[str, ...]


class Place(Entry, frozen=True, kw_only=True):
    """``places.yaml``. ``buildings``: number → its own point, or nothing when only the number is known."""

    id: Id | None = None
    name: Name
    name_en: str = ""
    kind: Word = "landmark"
    aliases: tuple[Word, ...] = ()
    unit: Id | None = None
    point: Point | None = None
    buildings: dict[str, Point | None] = {}

    @property
    def known_as(self) -> str:
        """Its id; a place without one is known by its name."""
        return self.id or self.name


class NoLocation(Entry, frozen=True, kw_only=True):
    """A point that stands for "unknown": some system's default, a city hall."""

    point: Point
    name: str = ""


class Rising(Entry, frozen=True, kw_only=True):
    """Once so many have reported the same thing: at least this ``priority``, and ``tell`` hears of it."""

    reports: Annotated[int, Meta(ge=2, le=100_000)]
    priority: Priority | None = None
    tell: Word = "parent"


class Same(Entry, frozen=True, kw_only=True):
    """When reports of one category are of one thing: ``same`` of a category; without it each report has its case.

    ``window``: so long after the last report another still belongs to an open case. ``words``: the least share of words
    in common (0 to 1) where not both name the same place; photos that look alike do as well. ``reopens``: so long
    after closing the case is opened again, ``reopens_at`` which level; ``linked``: so long a new one names the old one.
    """

    radius_m: Annotated[float, Meta(gt=0, le=300)]
    window: Iso
    words: Annotated[float, Meta(ge=0, le=1)] = 0.0
    reopens: Iso | None = None
    reopens_at: Literal["own", "parent"] = "own"
    linked: Iso | None = None
    rising: tuple[Rising, ...] = ()
    made_up: bool = False


class Feedback(Entry, frozen=True, kw_only=True, rename={"not_": "not"}):
    """``feedback`` of ``categories.yaml``: words that report nothing new: it is mended, or thanks; ``not``: unless."""

    means: Literal["fixed", "thanks"]
    words: Annotated[tuple[Word, ...], Meta(min_length=1)]
    not_: tuple[Word, ...] = ()


class Category(Entry, frozen=True, kw_only=True, rename={"class_": "class", "not_": "not"}):
    """``categories.yaml``. How ``keywords``, ``hints`` and ``not`` are read is said in ``categories``. ``admitted`` is
    the entry list: whether departments may load it on communities, or which of them may."""

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    name: Name
    name_en: str = ""
    class_: Word | None = None
    priority: Priority
    keywords: tuple[Word, ...] = ()
    hints: tuple[Word, ...] = ()
    not_: tuple[Word, ...] = ()
    gbt30428: str = ""
    questions: dict[str, Any] = {}
    advice: Text = ""
    advice_en: Text = ""
    emergency: Text = ""
    emergency_en: Text = ""
    goes_to: Word | None = None
    admitted: bool | tuple[Id, ...] = True
    effect_check: Iso | None = None
    pages: tuple[Literal["paired_rider", "grid_member"], ...] = ()
    same: Same | None = None
    note: Text = ""


class When(Entry, frozen=True, kw_only=True):
    """What a rule asks; everything given must hold, and of several values any one; ``not_text``: none of these."""

    category: str | tuple[str, ...] | None = None
    kind: Kind | tuple[Kind, ...] | None = None
    app: AppName | tuple[AppName, ...] | None = None
    priority: Priority | tuple[Priority, ...] | None = None
    unit: Id | tuple[Id, ...] | None = None
    text: Word | tuple[Word, ...] | None = None
    not_text: Word | tuple[Word, ...] | None = None


class Then(Entry, frozen=True, kw_only=True):
    """What a rule sets. ``unit`` is a unit's id; ``goes_to`` also ``parent`` or a level word above the located unit."""

    unit: Id | None = None
    goes_to: Word | None = None
    priority: Priority | None = None
    category: str | None = None


class Rule(Entry, frozen=True, kw_only=True):
    """``rules.yaml``; rules are tried in order and the first that holds wins."""

    id: Id
    when: When
    then: Then
    note: Text = ""


class Step(Entry, frozen=True, kw_only=True):
    """A step of a ladder. Exactly one of ``tell``, ``supervise``, ``move_to``: own, parent, a level word or a unit; on
    the clocks of a part (``report_in``, ``finish_part``) also ``caller``."""

    at: float | str
    clock: ClockKind | tuple[ClockKind, ...] = ("acknowledge", "resolve")
    tell: Word | None = None
    supervise: Word | None = None
    move_to: Word | None = None


class Commitment(Entry, frozen=True, kw_only=True, cache_hash=True, rename={"class_": "class"}):
    """``commitments.yaml``: how fast, for a category or a class (a priority word or ``default`` too), in a unit.

    ``forgotten_after``: elapsed time without anybody doing anything, after which the owner, then level by level who is
    above, is woken.
    """

    id: Id | None = None
    category: str | None = None
    class_: Word | None = None
    unit: Id | None = None
    acknowledge: Iso
    on_site: Iso | None = None
    resolve: Iso
    report_in: Iso | None = None
    finish_part: Iso | None = None
    confirm: Iso | None = None
    forgotten_after: Iso | None = None
    calendar: str = "always"
    warn_at: Fraction | tuple[Fraction, ...] = 0.8
    ladder: tuple[Step, ...] = ()
    made_up: bool = False
    note: Text = ""


class PauseReason(Entry, frozen=True, kw_only=True):
    """``pauses`` of ``commitments.yaml``: why a clock may stand still. ``longest`` is on the clock's own calendar;
    ``approved_by``: a level above, or a superior at the own desk too."""

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    name: Name
    name_en: str = ""
    clocks: Annotated[tuple[ClockKind, ...], Meta(min_length=1)] = ("resolve",)
    longest: Iso
    approved_by: Literal["own", "parent"] = "parent"
    made_up: bool = False
    note: Text = ""


class CalendarSpec(Entry, frozen=True, kw_only=True):
    """``calendars.yaml``. ``hours`` is a list for every one of ``days``, or lists by weekday.

    ``country``: an ISO 3166 code, whose public holidays and made-up working days hold beside those that are listed;
    ``confirmed``: the years that somebody has compared with the official notice.
    """

    id: Id
    timezone: str | None = None
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    hours: tuple[Hours, ...] | dict[Weekday, tuple[Hours, ...]]
    holidays: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    confirmed: tuple[Annotated[int, Meta(ge=1970, le=2200)], ...] = ()
    working_days_as: Weekday = "mon"
    cut_off: Clock | None = None
    resumes: Clock | None = None
    day_off: Literal["resumes", "same_time"] = "resumes"
    day_end: Literal["same_time", "end_of_day"] = "same_time"
    note: Text = ""


class Shift(Entry, frozen=True, kw_only=True):
    """When somebody is on duty, in the city's time. An end that is not after its start is on the next day.

    With a ``calendar`` its holidays are ``holiday`` and no weekday, and its made-up working days are the weekday whose
    hours they have.
    """

    days: tuple[DutyDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
    hours: Hours
    calendar: Id | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class Person(Entry, frozen=True, kw_only=True):
    """``posts.yaml``. Valid from ``valid_from`` until before ``valid_to``: a letter of appointment. No ``shifts`` =
    always on duty. ``home``: a grid whose ground a part-time member stands on as well."""

    id: Id
    name: Name
    name_en: str = ""
    unit: Id
    role: Role
    post: Literal["A", "B"] | None = None
    home: Id | None = None
    channels: Channels = {}
    languages: tuple[Word, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    shifts: tuple[Shift, ...] = ()


class Swap(Entry, frozen=True, kw_only=True, rename={"from_": "from"}):
    """``to`` stands in for ``from`` in what begins on the day ``on``, and ``from`` for ``to`` on ``in_return``."""

    from_: Id
    to: Id
    on: date
    in_return: date | None = None


class Leave(Entry, frozen=True, kw_only=True, rename={"from_": "from"}):
    """``person`` is away from the day ``from`` until before the day ``until``."""

    person: Id
    from_: date
    until: date


class Pair(Entry, frozen=True, kw_only=True):
    """A rider and a grid member who look after somebody on ``unit``'s ground together."""

    unit: Id
    rider: Id
    member: Id | None = None


class Cover(Entry, frozen=True, kw_only=True):
    """When nobody of ``unit``'s ``post`` is on duty, ``by`` is: people, whether they are on or not, or who is on at a
    unit; in order."""

    unit: Id
    post: Literal["A", "B"] | None = None
    by: Annotated[tuple[Id, ...], Meta(min_length=1)]


class AreaProperties(msgspec.Struct, frozen=True, kw_only=True):
    """What ``areas.geojson`` says of a feature; other properties (an editor's) are let be."""

    unit: Id
    valid_from: date | None = None
    valid_to: date | None = None
