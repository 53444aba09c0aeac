"""``city.yaml``: what holds for the whole city."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.channels import ChannelKind, ChannelSettings, Paging
from shared.city.model.entry import Entry, Id, Iso, Lat, Lon, Name, Text, TimeOfDay, Word
from shared.kernel.vocabulary import ClockKind, Role


class Asking(Entry, frozen=True, kw_only=True):
    """``asking`` of ``city.yaml``: how long a reporter has to answer, which clocks pause meanwhile, and what happens
    without an answer. A commitment's ``confirm`` takes precedence."""

    confirm: Iso = "P5D"
    pauses: tuple[ClockKind, ...] = ("on_site", "resolve")
    unanswered: Literal["back", "close"] = "back"


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
    ``called_levels``: levels whose units can be called in. ``protected_levels``: levels to which departments pass down
    only what the entry list admits. ``patrols``: how many visits of the kinds ``joint_enforcement`` and ``patrol``,
    together, each estate should have per month. ``visit_reminder``: when invited units are reminded on the day of a
    visit. ``unmask``: roles that may see who sent a report."""

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
    visit_reminder: TimeOfDay = "08:00"
    asking: Asking = Asking()
    level_names: dict[str, str] = {}
    secrets: dict[str, str] = {}
    channels: dict[ChannelKind, ChannelSettings] = {}
    confidential: tuple[Handlers, ...] = ()
    unmask: tuple[Role, ...] = ()
    administrators: Administrators = Administrators()
    paging: Paging | None = None
    shadow: bool = False
    note: Text = ""
