"""Previews what reporters read at each step: the pack's texts or the built-in ones, filled with example values."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from shared.city.model.ground import Unit
from shared.city.model.sorting import Category
from shared.city.pack import Pack
from shared.city.texts.reporter_steps import (
    REPORTER_STEPS,
    WITHOUT_CASE,
    ReporterStep,
    is_chinese,
    may_name,
    objection_said,
    sentences,
)
from shared.city.texts.texts import Wording
from shared.city.texts.times_in_words import promise_said, time_said

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MINUTES = 10
OBJECTION = timedelta(days=15)
_AFTER = {"acknowledge_by": MINUTES, "on_site_by": 60, "resolve_by": 480, "answer_by": 7200}


class PreviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One state in one language. ``category``: the text applies to its cases only. ``by``: ``pack`` or ``default``.

    ``step``: the line among the steps; ``message``: the sentence on the report's status, None where there is none.
    """

    state: ReporterStep
    language: str
    category: str | None
    by: str
    step: str
    message: str | None


def preview(pack: Pack) -> list[PreviewRow]:
    """Every state in every language of the city: the general text, then those for categories."""
    return [
        _shown(pack, state, language, category)
        for state in REPORTER_STEPS
        for category in (None, *_categories(pack.wordings, state))
        for language in pack.city.languages
    ]


def _categories(wordings: tuple[Wording, ...], state: ReporterStep) -> Iterator[str]:
    of_state = (wording for wording in wordings if wording.state == state)
    return (category for wording in of_state for category in wording.categories if category is not None)


def _shown(pack: Pack, state: ReporterStep, language: str, category: str | None) -> PreviewRow:
    values = example(pack, state, language, category)
    own = pack.texts.own(state, language, category, values)
    message = None
    if state == "merged":
        message = pack.texts.joined(language, category, values)
    elif state == "feedback" or (state not in WITHOUT_CASE and "." not in state):
        message = pack.texts.message(state, language, category, values)
    if state == "rejected" and message is not None:
        by = time_said(AT + OBJECTION, AT, ZoneInfo(pack.city.timezone), language, relative=False)
        message = sentences(message, objection_said(by, language), language)
    return PreviewRow(
        state=state,
        language=language,
        category=category,
        by="default" if own is None else "pack",
        step=pack.texts.step(state, language, category, values),
        message=message,
    )


def example(pack: Pack, state: ReporterStep, language: str, category: str | None = None) -> dict[str, str]:
    """A value for each placeholder of that state's texts: names from the pack, made-up times and ids."""
    kind = pack.categories[category] if category is not None else next(iter(pack.categories.values()))
    zone = ZoneInfo(pack.city.timezone)
    values = {
        "report": "r0000000001",
        "case": "c0000000001",
        "unit": _name(_some_unit(pack), language),
        "category": _name(kind, language),
        "reports": "3",
        "minutes": str(MINUTES),
        "promise": promise_said(AT + timedelta(minutes=MINUTES), AT, zone, language),
        "done": "已修好" if is_chinese(language) else "repaired",
        "why": "不属于受理范围" if is_chinese(language) else "not a matter for this service",
        "until": time_said(AT + timedelta(days=1), AT, zone, language, relative=False),
        **{name: time_said(AT + timedelta(minutes=after), AT, zone, language) for name, after in _AFTER.items()},
    }
    return {name: value for name, value in values.items() if name in may_name(state)}


def _some_unit(pack: Pack) -> Unit:
    """The first unit of the level with the most queues."""
    desks = [unit for unit in pack.units.values() if pack.tree.owns_queue(unit.id)]
    (level, _), *_ = Counter(unit.level for unit in desks).most_common(1)
    return next(unit for unit in desks if unit.level == level)


def _name(thing: Unit | Category, language: str) -> str:
    return thing.name_en if thing.name_en and not is_chinese(language) else thing.name
