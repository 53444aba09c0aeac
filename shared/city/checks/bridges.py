"""Checks the sheets of other platforms (``bridges.yaml``): columns, codes of categories and units, states."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from shared.city.checks.findings import Findings
from shared.city.model.bridges import ALONE, CODED_FIELDS, REPORTER_FIELDS, Bridge, BridgeField, BridgeState
from shared.city.model.sorting import Category
from shared.kernel.vocabulary import STATES

NAMED_MAX = 10
"""So many missing ids are named in one message."""
_MOMENT = datetime(2031, 12, 30, 21, 58, tzinfo=UTC)
"""Without seconds, so that every format of a day and a time can hold it."""


def check_bridges(found: Findings) -> None:
    """Check that a sheet can be matched when it comes back, and that all its codes and words mean one thing each."""
    bridges = found.entries.bridges
    found.check_unique(Bridge, "id", [bridge.id for bridge in bridges])
    for number, bridge in enumerate(bridges):
        _columns(found, number, bridge)
        _states(found, number, bridge)
        _outcomes(found, number, bridge)
        _categories(found, number, bridge)
        _units(found, number, bridge)


def _columns(found: Findings, number: int, bridge: Bridge) -> None:
    entry = (Bridge, number)
    _once(found, number, "columns", "name", [column.name for column in bridge.columns])
    _once(found, number, "columns", "shows", [column.shows for column in bridge.columns])
    shown = {column.shows for column in bridge.columns}
    if not shown & {"outside_number", "id"}:
        says = "no column shows outside_number or id: rows that come back belong to nothing"
        found.error(entry, "columns", says=says)
    if "state" not in shown:
        found.error(entry, "columns", says="no column shows state")
    if bridge.channel == "patrol":
        found.error(entry, "channel", says="finds of a patrol are not brought in by a sheet", hint="hotline, visit …")
    if shown & REPORTER_FIELDS and not bridge.reporters_because.strip():
        hint = "say in reporters_because on what ground they leave, or leave the columns out"
        found.error(entry, "columns", says="a column shows who reported", hint=hint)
    if any(word in bridge.dates for word in ("%c", "%x", "%X", "%s", "%z", "%Z")) or not _reads_back(bridge.dates):
        found.error(entry, "dates", says=f"{bridge.dates!r} does not read back", hint="%Y-%m-%d %H:%M:%S")


def _reads_back(dates: str) -> bool:
    try:
        return datetime.strptime(_MOMENT.strftime(dates), dates).replace(tzinfo=UTC) == _MOMENT
    except ValueError:
        return False


def _states(found: Findings, number: int, bridge: Bridge) -> None:
    entry = (Bridge, number)
    _once(found, number, "states", "theirs", [state.theirs for state in bridge.states])
    counts = Counter(name for state in bridge.states for name in state.ours)
    for name, times in sorted(counts.items()):
        if times > 1:
            found.error(
                entry, "states", says=f"the state {name} has {times} words of the platform, of which one counts"
            )
    if missing := [name for name in STATES if name not in counts]:
        found.error(entry, "states", says=f"no word for the states {_some(missing)}")
    shown = {column.shows for column in bridge.columns}
    for at, state in enumerate(bridge.states):
        if ALONE & set(state.do):
            _alone(found, (entry, at), state, shown)
        if "resolve" not in state.do:
            continue
        if "result" not in shown:
            says = "resolving takes what was done, and no column shows result"
            found.error(entry, "states", at, "do", says=says)
        if not bridge.outcomes:
            found.error(entry, "states", at, "do", says="resolving takes an outcome, and `outcomes` is empty")


def _alone(
    found: Findings, at: tuple[tuple[type[Bridge], int], int], state: BridgeState, shown: set[BridgeField]
) -> None:
    """A state that ends or opens a case by one command takes a reason, and the latter says since when."""
    entry, number = at
    if len(state.do) > 1:
        found.error(entry, "states", number, "do", says=f"{state.do[0]} stands alone")
    if "reason" not in shown:
        found.error(entry, "states", number, "do", says=f"{state.do[0]} takes a reason, and no column shows reason")
    if "reopen" in state.do and "state_at" not in shown:
        says = "reopening takes since when the state holds, and no column shows state_at"
        found.error(entry, "states", number, "do", says=says)


def _outcomes(found: Findings, number: int, bridge: Bridge) -> None:
    _once(found, number, "outcomes", "how", [outcome.how for outcome in bridge.outcomes])
    _once(found, number, "outcomes", "theirs", [outcome.theirs for outcome in bridge.outcomes])


def _categories(found: Findings, number: int, bridge: Bridge) -> None:
    entry, known = (Bridge, number), found.names(Category)
    _once(found, number, "categories", "category", [code.category for code in bridge.categories])
    for at, code in enumerate(bridge.categories):
        if code.category not in known:
            says = f"no category {code.category!r} in categories.yaml"
            found.error(entry, "categories", at, "category", says=says)
    named = {code.category for code in bridge.categories}
    missing = [category.code for category in found.entries.categories if category.code not in named]
    if missing and any(column.shows in CODED_FIELDS for column in bridge.columns):
        found.error(entry, "categories", says=f"no codes for the categories {_some(missing)}")


def _units(found: Findings, number: int, bridge: Bridge) -> None:
    """Every unit has a code, its own or that of a unit above it."""
    entry = (Bridge, number)
    for listed, codes in (("units", bridge.units), ("grids", bridge.grids)):
        _once(found, number, listed, "unit", [code.unit for code in codes])
        _once(found, number, listed, "code", [code.code for code in codes])
        found.check_units(entry, listed, [code.unit for code in codes])
    own = {code.unit for code in bridge.units} | {unit.id for unit in found.entries.units if unit.code}
    roots = {unit.id for unit in found.entries.units if unit.parent is None}
    if any(column.shows == "unit_code" for column in bridge.columns) and not roots <= own:
        says = f"no code for {_some(sorted(roots - own))}: units without one of their own show that of the unit above"
        found.error(entry, "units", says=says)


def _once(found: Findings, number: int, listed: str, field: str, values: list[str]) -> None:
    """Add an error for every value that an earlier entry of the list has too."""
    seen: set[str] = set()
    for at, value in enumerate(values):
        if value in seen:
            found.error((Bridge, number), listed, at, field, says=f"{value!r} is given twice")
        seen.add(value)


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - NAMED_MAX} more" if len(every) > NAMED_MAX else ""
    return ", ".join(every[:NAMED_MAX]) + more
