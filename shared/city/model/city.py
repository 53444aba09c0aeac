"""``city.yaml``: what holds for the whole city."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.channels import Channel, ChannelKind, Paging
from shared.city.model.entry import Clock, Entry, Id, Iso, Lat, Lon, Name, Text, Word
from shared.kernel.vocabulary import ClockKind, Role


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


class Administrators(Entry, frozen=True, kw_only=True):
    """People who, once they have signed in, may do what takes a key of ops (``ops``), load packs and make keys of apps
    (``setup``), or read the security log (``auditor``)."""

    ops: tuple[Id, ...] = ()
    setup: tuple[Id, ...] = ()
    auditor: tuple[Id, ...] = ()


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
    administrators: Administrators = Administrators()
    paging: Paging | None = None
    shadow: bool = False
    note: Text = ""
