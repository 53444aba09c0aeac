"""Counts what reporters said of endings: 满意率 over those who rated or were reached, 回访成功率 beside it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.router.domain.case_parts.call_back import Verdict
from services.router.follow_up_calls.answers import Satisfaction


def by_unit(verdicts: Iterable[Verdict]) -> list[Satisfaction]:
    """The figures of every unit that handled something, by its id."""
    of: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        of[verdict.unit].append(verdict)
    return [counted(unit, of[unit]) for unit in sorted(of)]


def counted(unit: str, verdicts: Sequence[Verdict]) -> Satisfaction:
    """The figures of these endings, under the name of ``unit``. The own rating counts before what was said on the
    telephone; each ending counts once."""
    scores = [verdict.score for verdict in verdicts if verdict.score is not None]
    satisfied, mostly = scores.count(3), scores.count(2)
    tried = sum(verdict.tried > 0 for verdict in verdicts)
    reached = sum(verdict.answered is not None for verdict in verdicts)
    return Satisfaction(
        unit=unit,
        heard=len(scores),
        satisfied=satisfied,
        mostly_satisfied=mostly,
        dissatisfied=scores.count(1),
        satisfaction_rate=_rate(satisfied + mostly, len(scores)),
        tried=tried,
        reached=reached,
        reach_rate=_rate(reached, tried),
    )


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
