"""How a case may be resolved: as its category says, else as the city says for its kind, else as stated here."""

from collections.abc import Mapping

from shared.city.model.city import City
from shared.city.model.sorting import Category
from shared.kernel.vocabulary import HOWS, How, ReportKind

_ANSWERED: tuple[How, ...] = ("answered", "referral", "unfounded", "long_term")
OUTCOMES: Mapping[ReportKind, tuple[How, ...]] = {"opinion": _ANSWERED, "need": _ANSWERED}
"""Opinions and needs end with an answer that the reporter reads; all other kinds in every way."""


def outcomes_of(city: City, category: Category | None, kind: ReportKind) -> tuple[How, ...]:
    """The ways that are allowed, in the order in which they are offered."""
    if category is not None and category.outcomes is not None:
        return category.outcomes
    return city.outcomes.get(kind) or OUTCOMES.get(kind, HOWS)
