"""What category, tick and words of a report say beside where it lies.

That it is about those who would get it (回避), that it may be sensitive (敏感件), or that somebody else may deal with
it; or that its finder handled it on the spot (当场已处置). Words alone only suggest it, for an officer to judge.
"""

from dataclasses import dataclass

from services.router.cases.recusal import owner_instead
from services.router.cases.sensitivity import sensitive_to
from services.router.domain.case_parts.marks import NotOurs
from services.router.domain.opening import HandledFind
from services.router.domain.patrol import found
from shared.city.model.people import Person
from shared.city.model.sorting import Elsewhere
from shared.city.pack import Pack
from shared.city.place.reasons import reason
from shared.contracts.reports import ReportSubmitted
from shared.kernel.ids import case_id
from shared.kernel.vocabulary import SENSITIVITIES, Priority, Suspicion


def suggested_elsewhere(report: ReportSubmitted, pack: Pack, category: str, priority: Priority) -> NotOurs | None:
    """Who may deal with it instead, by its words; for no danger, and nothing confidential."""
    if report.confidential or report.sealed or report.historic or priority == "danger":
        return None
    return not_ours(pack, pack.elsewhere.suggested(report.description, category))


def not_ours(pack: Pack, entry: Elsewhere | None) -> NotOurs | None:
    """The pack's entry as the domain has it, in the city's first language."""
    if entry is None:
        return None
    english = not pack.city.languages[0].startswith("zh")
    name, text = (entry.name_en or entry.name, entry.text_en or entry.text) if english else (entry.name, entry.text)
    return NotOurs(entry.id, name, text)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which unit owns a report's case after recusal (回避), which is recused, and what words alone suggest to whom."""

    unit: str
    recused: tuple[str, ...] = ()
    suspected: tuple[Suspicion, ...] = ()
    to_judge: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def by(self) -> str | None:
        return "recusal" if self.recused else None

    @property
    def flags(self) -> tuple[str, ...]:
        return ("recused",) if self.recused else ()


def judge(report: ReportSubmitted, pack: Pack, category: str, unit: str) -> Judgement:
    """By the category or the reporter's tick the case goes above; by words it stays, and the level above is told.

    A confidential report goes past the levels to its handlers anyway. Where the pack has no ``about_root``, a report
    about the root stays there.
    """
    if report.confidential or report.sealed:
        return Judgement(unit)
    above = owner_instead(pack, unit, (unit,))
    suspected = () if report.historic else pack.suspicions(report.description)
    sensitive = (sensitive_to(pack, unit),) if set(suspected) & set(SENSITIVITIES) else ()
    if (report.about_us or pack.categories[category].about_us) and above is not None:
        said = reason("recused", pack.city.languages[0], unit=named(pack, unit), above=named(pack, above))
        left = tuple(one for one in suspected if one != "about_us")
        return Judgement(above, (unit,), left, sensitive, why=(said,))
    about_us = (above or unit,) if "about_us" in suspected else ()
    return Judgement(unit, (), suspected, tuple(dict.fromkeys((*about_us, *sensitive))))


def handled_find(report: ReportSubmitted, pack: Pack, judged: Judgement, priority: Priority) -> HandledFind | None:
    """What the finder says that he did. It ends the case where the ground is his: his unit or home has the case, or is
    above or below the unit that has it. Never where the case is, or may be, about a unit, or may be sensitive: then the
    owner reads it and looks, as at anything that was handed in."""
    handled, finder = report.handled, pack.people.get(report.entered_by or "")
    if handled is None or finder is None or report.sealed:
        return None
    ends = not judged.recused and not judged.suspected and _his_ground(finder, judged.unit, pack)
    by, unit, at = finder.id, finder.unit, report.received_at
    share = pack.city.patrol_sample
    return HandledFind(
        how=handled.how,
        text=handled.text,
        photos=tuple(handled.photos),
        said_at=handled.at,
        by_unit=unit,
        found=found(case_id(report.report), priority, share, by, unit, at) if ends else None,
    )


def _his_ground(finder: Person, owner: str, pack: Pack) -> bool:
    places = [unit for unit in (finder.unit, finder.home) if unit is not None and unit in pack.units]
    return any(owner in pack.units[unit].path or unit in pack.units[owner].path for unit in places)


def named(pack: Pack, unit: str) -> str:
    """Name and id of a unit, as reasons have them."""
    return f"{pack.units[unit].name} ({unit})"
