"""The case of the examples, with the pack's names and made-up values; one event of it for each sample."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.city.model.sorting import Category
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent, CaseState, ClockState, PartState, PauseState

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ASKER, ASSIGNEE, OFFICER = "asker", "assignee", "officer"
"""Stand for people who are told themselves: who asked for something, to whom a case is assigned; and who acted."""
PART = "p1"
DUE = {"on_site": timedelta(minutes=30), "resolve": timedelta(hours=24, minutes=30), "finish_part": timedelta(hours=6)}


@dataclass(frozen=True, slots=True)
class Sample:
    """An event of a case. ``when``: what happened, in Chinese and English. ``after``: how long after ``AT``.

    ``event`` and ``case``: fields of the ``CaseEvent`` and its ``CaseState`` that differ from the example case.
    """

    type: str
    when: tuple[str, str]
    after: timedelta = timedelta(0)
    event: dict[str, Any] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Units:
    """The units of the example: ``owner`` has the case on ``ground``; ``above`` it; ``other`` is offered or called."""

    owner: str
    ground: str
    above: str
    other: str


def example_units(pack: Pack) -> Units:
    """The first unit of the level with the most queues, what lies in and above it, and a unit beside it."""
    desks = [unit for unit in pack.units.values() if pack.tree.owns_queue(unit.id)]
    (level, _), *_ = Counter(unit.level for unit in desks).most_common(1)
    owner = next(unit for unit in desks if unit.level == level)
    inside = (
        unit.id for unit in pack.units.values() if unit.parent == owner.id and unit.level not in ("team", "estate")
    )
    others = [unit for unit in desks if unit.id not in owner.path and owner.id not in unit.path]
    beside = (unit.id for unit in others if unit.level != level)
    return Units(
        owner=owner.id,
        ground=next(inside, owner.id),
        above=owner.parent or owner.id,
        other=next(beside, None) or next((unit.id for unit in others), owner.id),
    )


def case_event(sample: Sample, pack: Pack, units: Units) -> CaseEvent:
    """The event of ``sample``. Words in braces, {owner} and {above}, stand for units; a pair is Chinese and English."""
    english = not pack.city.languages[0].startswith("zh")
    fields = {name: _filled(value, units, english) for name, value in sample.event.items()}
    return CaseEvent(case=_case(sample, pack, units), **fields)


def at(sample: Sample) -> datetime:
    return AT + sample.after


def _filled(value: Any, units: Units, english: bool) -> Any:
    if isinstance(value, tuple):
        return value[english]
    if isinstance(value, str) and value.startswith("{"):
        return getattr(units, value[1:-1])
    return [_filled(one, units, english) for one in value] if isinstance(value, list) else value


def _case(sample: Sample, pack: Pack, units: Units) -> CaseState:
    chinese = pack.city.languages[0].startswith("zh")
    late = sample.after >= DUE["on_site"]
    clocks = [
        clock("on_site", "breached" if late else "running"),
        clock("resolve", "running"),
        clock("finish_part", "running", PART),
    ]
    made: dict[str, Any] = {
        "id": "c0000000001",
        "city": pack.city.id,
        "version": 2,
        "state": "claimed",
        "priority": "urgent",
        "category": next((c.code for c in _categories(pack)), "other"),
        "kind": "hazard",
        "unit": units.owner,
        "path": list(pack.units[units.owner].path),
        "pack_version": pack.version,
        "opened_at": AT,
        "clocks": clocks,
        "cell": "",
        "within": units.ground,
        "place": "东门以北约60米" if chinese else "about 60 m north of the east gate",
        "summary": "水往外喷" if chinese else "water everywhere",
        "assignee": ASSIGNEE,
        "parts": [PartState(id=PART, unit=units.other, caller=units.owner, state="called")],
    }
    return CaseState(**{**made, **sample.case})


def clock(kind: Any, state: Any, part: str | None = None, pauses: list[PauseState] | None = None) -> ClockState:
    """A clock of the example case, started at ``AT``."""
    due = AT + DUE.get(kind, timedelta(hours=2))
    return ClockState(
        kind=kind,
        started_at=AT,
        target="PT30M",
        calendar="always",
        due_at=due,
        state=state,
        part=part,
        pauses=pauses or [],
    )


def _categories(pack: Pack) -> Iterator[Category]:
    """Those that are about no people, urgent ones first."""
    plain = [c for c in pack.categories.values() if not c.about_people and not c.pages]
    yield from sorted(plain, key=lambda category: category.priority != "urgent")


def about_people(pack: Pack) -> str | None:
    """A category about people, one that pages somebody first; None in a pack without any."""
    found = [c for c in pack.categories.values() if c.about_people or c.pages]
    return min(found, key=lambda category: not category.pages).code if found else None
