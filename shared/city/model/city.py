"""``city.yaml``: what holds for the whole city."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.basemap import Basemap
from shared.city.model.channels import ChannelKind, ChannelSettings, Paging
from shared.city.model.entry import Entry, Id, Iso, Lat, Lon, Name, Text, TimeOfDay, Word
from shared.kernel.vocabulary import ClockKind, How, ReportKind, Role


class Asking(Entry, frozen=True, kw_only=True):
    """``asking`` of ``city.yaml``: how long a reporter has to answer, which clocks pause meanwhile, and what happens
    without an answer. A commitment's ``confirm`` takes precedence."""

    confirm: Iso = "P5D"
    pauses: tuple[ClockKind, ...] = ("on_site", "resolve")
    unanswered: Literal["back", "close"] = "back"


class Rulings(Entry, frozen=True, kw_only=True):
    """``rulings`` of ``city.yaml``: how long a level above has to rule on what a unit asks for, such as to return a
    case. A commitment's ``review`` takes precedence. ``look_again``: a case that is kept on the books is brought before
    the next higher level each time that so much passes after its day without a decision. ``object_within``: so long
    the reporter may object that a case is not taken on."""

    review: Iso = "PT4H"
    look_again: Iso = "P1D"
    object_within: Iso = "P15D"


class FollowUpCalls(Entry, frozen=True, kw_only=True):
    """``follow_up_calls`` of ``city.yaml`` (回访): how many days after closing a reporter who has not rated the case is
    called, and how often at most, by the desk one level above. ``days: 0``: nobody is called. The defaults are made
    up."""

    days: Annotated[int, Meta(ge=0, le=60)] = 3
    tries: Annotated[int, Meta(ge=1, le=10)] = 3


class Handlers(Entry, frozen=True, kw_only=True):
    """Confidential reports of ``categories`` (empty: of all other categories) go to ``unit`` and are read only by
    ``people``: ids of persons, or roles at that unit."""

    categories: tuple[str, ...] = ()
    unit: Id
    people: Annotated[tuple[Id, ...], Meta(min_length=1)]


class Administrators(Entry, frozen=True, kw_only=True):
    """People who, once they have signed in, may do what takes a key of ops (``ops``), load packs and make keys of apps
    (``setup``), or read the security log (``auditor``)."""

    ops: tuple[Id, ...] = ()
    setup: tuple[Id, ...] = ()
    auditor: tuple[Id, ...] = ()


class City(Entry, frozen=True, kw_only=True):
    """``city.yaml``. ``extent``: west, south, east, north in degrees. ``queue_levels``: levels whose units own queues.
    ``channels``: settings that all channels of a kind share. ``shadow``: cases are routed and timed, nobody is alerted.
    ``contact``: whom reporters ask about their data, on the rider's page before the first report.
    ``demonstration``: everybody who reads anything reads that nobody is told.
    ``called_levels``: levels whose units can be called in. ``protected_levels``: levels to which departments pass down
    only what the entry list admits. ``patrols``: how many visits of the kinds ``joint_enforcement`` and ``patrol``,
    together, each estate should have per month. ``patrol_sample``: which share of patrol finds that were handled on the
    spot is inspected (made up: one of ten). ``visit_reminder``: when invited units are reminded on the day of a
    visit. ``outcomes``: how cases of a kind may be resolved. ``unmask``: roles that may see who sent a report.
    ``about_root``: the unit that gets reports about the root (回避). ``sensitive_to``: the unit, or the level above
    the owner, that is told of sensitive cases (敏感件) at once; None: the root."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
    name: Name
    name_en: str = ""
    timezone: str
    languages: Annotated[tuple[Word, ...], Meta(min_length=1)]
    root: Id
    extent: tuple[Lon, Lat, Lon, Lat]
    retention: dict[str, str] = {}
    contact: Text = ""
    queue_levels: tuple[Word, ...] | None = None
    called_levels: tuple[Word, ...] | None = None
    protected_levels: tuple[Word, ...] | None = None
    patrols: Annotated[int, Meta(ge=0, le=31)] = 0
    patrol_sample: Annotated[float, Meta(ge=0, le=1)] = 0.1
    visit_reminder: TimeOfDay = "08:00"
    asking: Asking = Asking()
    rulings: Rulings = Rulings()
    follow_up_calls: FollowUpCalls = FollowUpCalls()
    outcomes: dict[ReportKind, Annotated[tuple[How, ...], Meta(min_length=1)]] = {}
    level_names: dict[str, str] = {}
    secrets: dict[str, str] = {}
    channels: dict[ChannelKind, ChannelSettings] = {}
    confidential: tuple[Handlers, ...] = ()
    unmask: tuple[Role, ...] = ()
    administrators: Administrators = Administrators()
    paging: Paging | None = None
    shadow: bool = False
    sensitive_to: Word | None = None
    about_root: Id | None = None
    demonstration: bool = False
    basemap: Basemap = Basemap()
    note: Text = ""
