"""The pack's rules for reports of one hazard, as domain types, and the fields of a report that are compared."""

from datetime import timedelta
from functools import lru_cache

from services.router.cases.place_in_words import usable_point
from services.router.domain.attachment import PriorityRise
from services.router.domain.same_hazard.similarity import SameRule, Traits, numbers_in, words_in
from shared.city.model.sorting import Same
from shared.city.pack import Pack
from shared.city.place.locating import Located
from shared.contracts.reports import ReportSubmitted
from shared.kernel.durations import parse_duration
from shared.kernel.vocabulary import FeedbackKind


@lru_cache(maxsize=1024)
def rule_of(same: Same) -> SameRule:
    """The pack's ``same`` of a category."""
    return SameRule(
        radius_m=same.radius_m,
        window=_span(same.window),
        words=same.words,
        reopens=_span(same.reopens),
        reopens_up=same.reopens_at == "parent",
        linked=_span(same.linked),
    )


@lru_cache(maxsize=1024)
def rising_of(same: Same) -> tuple[PriorityRise, ...]:
    """The report counts at which the priority rises."""
    return tuple(PriorityRise(reports=step.reports, priority=step.priority, tell=step.tell) for step in same.rising)


def _span(text: str | None) -> timedelta:
    return parse_duration(text).plain() if text is not None else timedelta(0)


def traits_of(report: ReportSubmitted, city: str, category: str, pack: Pack, located: Located) -> Traits | None:
    """What other reports are compared with; None where every report has a case of its own.

    That is so for clues and what is confidential or historic, for categories without ``same``, and for a report that
    says neither by point nor by a place's name where it is.
    """
    same = pack.categories[category].same
    if same is None or report.confidential or report.historic or report.kind == "clue":
        return None
    at = _where(report, located)
    if at is None:
        return None
    text = pack.in_one_form(" ".join(filter(None, (report.place.address, report.description))))
    rule = rule_of(same)
    return Traits(
        city=city,
        category=category,
        lon=at[0],
        lat=at[1],
        places=tuple(sorted(located.places)),
        roads=tuple(sorted(located.roads)),
        numbers=numbers_in(text),
        words=words_in(text),
        looks=tuple(sorted(set(report.looks))),
        linked_seconds=max(rule.linked, rule.reopens).total_seconds(),
    )


def _where(report: ReportSubmitted, located: Located) -> tuple[float, float] | None:
    """The point that was sent, unless it stands for "unknown"; else that of the place in the words."""
    return usable_point(report, located) or located.spot


def says(report: ReportSubmitted, pack: Pack) -> FeedbackKind | None:
    """``fixed`` or ``thanks`` if the whole report says only that, else None; ``thanks`` counts only in an opinion.
    A patrol find that was handled on the spot says ``fixed`` of the case that is open already."""
    if report.handled is not None:
        return "fixed"
    if report.kind not in ("opinion", "hazard"):
        return None
    meant = pack.feedback(report.description)
    return meant if meant == "fixed" or report.kind == "opinion" else None
