"""``bridges.yaml``: the sheets in which a county's own platform (智慧城管, 12345, 智慧网格) gives items out and takes
them back: its columns, codes and words for states."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.entry import Entry, Id, Name, Text, Word
from shared.kernel.vocabulary import How, ReportChannel, ReportKind, StateName

BridgeField = Literal[
    "outside_number",
    "id",
    "type",
    "class_code",
    "class_name",
    "item_code",
    "item_name",
    "description",
    "address",
    "lon",
    "lat",
    "unit_code",
    "unit_name",
    "grid_code",
    "grid_name",
    "state",
    "reported_at",
    "due_at",
    "state_at",
    "how",
    "reason",
    "result",
    "reporter_name",
    "reporter_phone",
]
"""What a column may show."""
REPORTER_FIELDS = frozenset[BridgeField]({"reporter_name", "reporter_phone"})
CODED_FIELDS = frozenset[BridgeField]({"type", "class_code", "class_name", "item_code", "item_name"})
SheetCommand = Literal["acknowledge", "claim", "on_site", "start", "resolve", "inspect", "close", "reject", "reopen"]
"""What a state that comes back may do to a case."""
ALONE = frozenset[SheetCommand]({"reject", "reopen"})
"""Commands that need a reason, and of which a state has no other beside."""
Code = Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,20}$", description="digits, letters and -")]


class Column(Entry, frozen=True, kw_only=True):
    """A column of the sheet: its heading, and the field that it shows."""

    name: Word
    shows: BridgeField


class CategoryCode(Entry, frozen=True, kw_only=True):
    """How the platform names a category: 部件 or 事件, 大类 (``class``) and 小类 (``item``) as in GB/T 30428."""

    category: Word
    type: Literal["部件", "事件"]
    class_code: Code
    class_name: Word
    item_code: Code
    item_name: Word


class UnitCode(Entry, frozen=True, kw_only=True):
    """The twelve digits of a unit, where they are not those of ``code`` in ``units.yaml``."""

    unit: Id
    code: Annotated[str, Meta(pattern=r"^\d{12}$", description="twelve digits")]


class GridCode(Entry, frozen=True, kw_only=True):
    """The code of a 单元网格: the twelve digits of its community, and its number there."""

    unit: Id
    code: Annotated[str, Meta(pattern=r"^\d{14,18}$", description="14 to 18 digits")]


class BridgeState(Entry, frozen=True, kw_only=True):
    """The platform's word for some of our states. ``do``: the commands that a case needs to get there when the word
    comes back, in their order; none: it is not taken over from a sheet. ``reject`` asks the level above, and
    ``reopen`` holds for what ended before the row's ``state_at``. Listed in the order of the work."""

    theirs: Word
    ours: Annotated[tuple[StateName, ...], Meta(min_length=1)]
    do: tuple[SheetCommand, ...] = ()


class BridgeOutcome(Entry, frozen=True, kw_only=True):
    """The platform's word for a way in which a case was resolved; the first is taken where a sheet does not say."""

    how: How
    theirs: Word


class Bridge(Entry, frozen=True, kw_only=True):
    """A sheet of another platform. ``channel`` and ``kind``: of the reports that its new rows become.
    ``dates``: how it writes times, as ``strftime`` has it, in the city's zone. ``encoding``: of its CSV files.
    ``crs``: of its coordinates. ``reporters_because``: on what ground reporters' names and numbers leave in it;
    without it no column may show them."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    name: Name
    name_en: str = ""
    channel: ReportChannel = "hotline"
    kind: ReportKind = "hazard"
    dates: Annotated[str, Meta(min_length=8, max_length=40)] = "%Y-%m-%d %H:%M:%S"
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    crs: Literal["wgs84", "gcj02", "bd09"] = "gcj02"
    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=60)]
    categories: Annotated[tuple[CategoryCode, ...], Meta(max_length=500)] = ()
    units: Annotated[tuple[UnitCode, ...], Meta(max_length=20_000)] = ()
    grids: Annotated[tuple[GridCode, ...], Meta(max_length=20_000)] = ()
    states: Annotated[tuple[BridgeState, ...], Meta(min_length=1, max_length=11)]
    outcomes: Annotated[tuple[BridgeOutcome, ...], Meta(max_length=20)] = ()
    reporters_because: Text = ""
    made_up: bool = False
    note: Text = ""
