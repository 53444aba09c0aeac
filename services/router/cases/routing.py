"""From a report to its queue, category and clocks, by the city pack that the report names.

Pure and repeatable: the same report and the same pack version make the same case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.router.cases.dedup_from_pack import traits_of
from services.router.cases.judgement import handled_find, judge, named, suggested_elsewhere
from services.router.cases.place_in_words import places_in_words, usable_point
from services.router.cases.place_question import place_question
from services.router.domain.case import Case
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.report import Location, Report, Routing
from services.router.domain.clock import SlaClock
from services.router.domain.commitments import Commitment, LadderStep
from services.router.domain.events import Opened
from services.router.domain.opening import Opening, open_case
from shared.city.cooperation import not_admitted
from shared.city.model.promises import CommitmentEntry, LadderEntry
from shared.city.model.sorting import Rule
from shared.city.pack import Pack
from shared.city.place.locating import Located, LocateRequest
from shared.city.place.reasons import reason
from shared.city.sorting.categories import OTHER
from shared.contracts.reports import ReportSubmitted
from shared.kernel.durations import parse_duration
from shared.kernel.ids import case_id
from shared.kernel.vocabulary import ACTS, CASE_CLOCKS, CLOCK_KINDS, Priority
from shared.kernel.working_time import ALWAYS, Calendar, deadline


def assign(report: ReportSubmitted, city: str, pack: Pack) -> tuple[Case, Opened]:
    """The case of a report."""
    return assign_each([report], city, pack)[0]


def assign_each(reports: Sequence[ReportSubmitted], city: str, pack: Pack) -> list[tuple[Case, Opened]]:
    """The cases of a batch of reports, each the same as alone."""
    located = pack.locate_each([_where(report, pack) for report in reports])
    said = places_in_words(reports, located, pack)
    return [
        _assigned(report, city, pack, place, words) for report, place, words in zip(reports, located, said, strict=True)
    ]


def _where(report: ReportSubmitted, pack: Pack) -> LocateRequest:
    """Located by the areas of the day on which it came. A sealed report goes to the unit that the pack names."""
    day = pack.day(report.received_at)
    if report.sealed:
        return LocateRequest(None, "", _sealed_to(report, pack), day)
    place = report.place
    point = None if place.lon is None or place.lat is None else (place.lon, place.lat)
    unit = place.unit if place.unit is not None else _window(report, pack)
    return LocateRequest(point, " ".join(filter(None, (place.address, report.description))), unit, day)


def _window(report: ReportSubmitted, pack: Pack) -> str | None:
    """The unit at whose desk a need was told that says nothing of a place; None for everything else."""
    officer = pack.people.get(report.entered_by or "")
    if officer is None or report.kind != "need" or report.place.lon is not None or report.place.address is not None:
        return None
    return officer.unit


def _assigned(
    report: ReportSubmitted, city: str, pack: Pack, located: Located, said: str | None
) -> tuple[Case, Opened]:
    """``said``: the place in words."""
    sort = _sorted(report, pack, located)
    category, priority = sort.category, sort.priority
    sent_to = _sealed_to(report, pack) if report.sealed else _sent_to(pack, sort.rule, category, located.unit)
    entered = _entered(report, pack, category, priority, sent_to or located.unit)
    judged = judge(report, pack, category, entered.unit)
    path = path_of(pack, judged.unit)
    made = commitment_of(pack, pack.commitment_for(category, tuple(u.id for u in path), priority, report.kind))
    handled = handled_find(report, pack, judged, priority)
    ended = handled is not None and handled.found is not None
    lon, lat = usable_point(report, located) or (None, None)
    return open_case(
        Opening(
            case=case_id(report.report),
            city=city,
            report=_first_report(report),
            kind=report.kind,
            category=category,
            priority=priority,
            path=path,
            within=None if report.sealed or judged.recused else located.within,
            routing=Routing(
                by=judged.by or ("entry_list" if entered.kept else "rule" if sent_to is not None else located.by),
                pack_version=pack.version,
                near_border=located.near_border,
                flags=(*located.flags, *(("not_admitted",) if entered.why else ()), *judged.flags),
                category_by=sort.by,
                rule=sort.rule.id if sort.rule is not None else None,
                commitment=made.id,
                why=(*located.why, *entered.why, *judged.why),
            ),
            location=Location(report.cell, lon, lat, report.place.address, said),
            description=report.description,
            photos=tuple(report.photos),
            clocks=() if report.historic or ended else made.clocks(report.received_at, frozenset(CASE_CLOCKS)),
            confidential=report.confidential,
            historic=report.historic,
            opened_at=report.received_at,
            quiet_until=report.imported_open_at,
            forgotten_after=None if report.historic else made.forgotten_after,
            place_question=None
            if ended
            else place_question(report, located, pack, lambda: asking_clock(made, pack, report.received_at).due_at),
            traits=None if judged.recused or judged.suspected else traits_of(report, city, category, pack, located),
            recused=judged.recused,
            suspected=judged.suspected,
            not_ours=None if ended else suggested_elsewhere(report, pack, category, priority),
            to_judge=judged.to_judge,
            handled=handled,
        )
    )


def _first_report(report: ReportSubmitted) -> Report:
    """The report as the case keeps it."""
    return Report(
        report.report,
        report.app,
        report.received_at,
        report.reporter,
        report.entered_by,
        tuple(report.answers.items()),
        report.channel,
        report.outside_number,
    )


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Category and priority of a report. ``by``: what determined the category; ``rule``: of the pack, that matched."""

    category: str
    by: str
    priority: Priority
    rule: Rule | None


def _sorted(report: ReportSubmitted, pack: Pack, located: Located) -> _Sorted:
    """A rule may change the category that was given or read from the words, and its priority. A priority that the
    report names counts above both."""
    category, by = _category(report, pack)
    priority = pack.categories[category].priority
    rule = pack.rule_for(category, report.kind, report.app, report.description, located.path, priority, report.channel)
    if rule is not None and rule.then.category is not None:
        category, by = rule.then.category, "rule"
        priority = pack.categories[category].priority
    if rule is not None and rule.then.priority is not None:
        priority = rule.then.priority
    return _Sorted(category, by, report.priority if report.priority is not None else priority, rule)


@dataclass(frozen=True, slots=True)
class _Entered:
    """Which unit owns a report's case; ``kept``: the entry list leaves it with the department that entered it."""

    unit: str
    kept: bool = False
    why: tuple[str, ...] = ()


def _entered(report: ReportSubmitted, pack: Pack, category: str, priority: Priority, unit: str) -> _Entered:
    """A report entered by a department's officer stays with that department if the entry list forbids passing its
    category down (准入).

    Danger goes to the ground whatever the list says. A sealed report goes to its handlers.
    """
    officer = pack.people.get(report.entered_by or "")
    if officer is None or report.sealed:
        return _Entered(unit)
    forbidden, language = not_admitted(pack, category, officer.unit, unit), pack.city.languages[0]
    if forbidden is None:
        return _Entered(unit)
    if priority == "danger":
        return _Entered(unit, why=(reason("danger_nevertheless", language, reason=forbidden, unit=named(pack, unit)),))
    stays = pack.tree.answering(officer.unit)
    return _Entered(stays, kept=True, why=(reason("stays", language, reason=forbidden, unit=named(pack, stays)),))


def _sealed_to(report: ReportSubmitted, pack: Pack) -> str:
    return pack.handlers.of_category(report.category or OTHER).unit


def _sent_to(pack: Pack, rule: Rule | None, category: str, located: str) -> str | None:
    """A unit that a rule or the category names instead of the unit of the place."""
    if rule is not None and rule.then.unit is not None:
        return rule.then.unit
    word = (rule.then.goes_to if rule is not None else None) or pack.categories[category].goes_to
    return pack.target(word, located) if word is not None else None


def fresh_resolve_clock(
    case: Case, pack: Pack, now: datetime, path: tuple[UnitOnPath, ...] | None = None
) -> SlaClock | None:
    """The resolve clock that starts when a case is opened again, for the unit at the end of ``path`` or its own."""
    units = tuple(unit.id for unit in path or case.path)
    made = commitment_of(pack, pack.commitment_for(case.category, units, case.priority, case.kind))
    clocks = made.clocks(now, frozenset({"resolve"}))
    return clocks[0] if clocks else None


def part_clocks(
    case: Case, pack: Pack, unit: str, now: datetime, due_at: datetime | None = None
) -> tuple[SlaClock, ...]:
    """The clocks that start when ``unit`` is called in, by its own commitment, else by that of the case's owner.

    ``due_at``: deadline from a works plan; the part then has only its ``finish_part`` clock, with that deadline.
    """
    paths = (pack.units[unit].path, tuple(u.id for u in case.path))
    found = [pack.commitment_for(case.category, path, case.priority, case.kind) for path in paths]
    worded = next((c for c in found if c.report_in is not None or c.finish_part is not None), found[0])
    made = commitment_of(pack, worded)
    if due_at is None:
        return made.clocks(now, frozenset({"report_in", "finish_part"}))
    return (made.until("finish_part", now, due_at),)


def asking_clock(made: Commitment, pack: Pack, now: datetime) -> SlaClock:
    """The clock that runs while a reporter is asked: the commitment's own, else the city's."""
    own = made.clocks(now, frozenset({"confirm"}))
    if own:
        return own[0]
    target = parse_duration(pack.city.asking.confirm)
    return SlaClock("confirm", now, str(target), ALWAYS.id, deadline(now, target, ALWAYS), made.id)


def path_of(pack: Pack, unit: str) -> tuple[UnitOnPath, ...]:
    """Root to ``unit``, with the pack's level words. Raises ``KeyError`` for an unknown unit."""
    return tuple(UnitOnPath(id_, pack.units[id_].level) for id_ in pack.units[unit].path)


def _category(report: ReportSubmitted, pack: Pack) -> tuple[str, str]:
    if report.category is not None and report.category in pack.categories:
        return report.category, "given"
    classified = pack.classify(report.description)
    return classified.code, classified.by


def commitment_of(pack: Pack, commitment: CommitmentEntry) -> Commitment:
    """The pack's commitment as the domain type; made once per pack and commitment."""
    return _made(pack.version, pack.calendar(commitment.calendar), commitment)


@lru_cache(maxsize=4096)
def _made(version: str, calendar: Calendar, commitment: CommitmentEntry) -> Commitment:
    name = commitment.id or f"{commitment.category or commitment.class_ or 'default'}/{commitment.unit or '*'}"
    warnings = sorted(commitment.warn_at if isinstance(commitment.warn_at, tuple) else (commitment.warn_at,))
    later = tuple(LadderStep("tell", "own", fraction=at, clocks=frozenset(CLOCK_KINDS)) for at in warnings[1:])
    return Commitment(
        id=f"{name}@{version}",
        targets=tuple(
            (kind, parse_duration(text)) for kind in CLOCK_KINDS if (text := commitment.target(kind)) is not None
        ),
        calendar=calendar,
        warn_at=warnings[0] if warnings else None,
        forgotten_after=_seconds(commitment.forgotten_after),
        ladder=(*later, *(step for step in map(_step, commitment.ladder) if not _is_warning(step, warnings))),
    )


def _seconds(span: str | None) -> int | None:
    return None if span is None else int(parse_duration(span).plain().total_seconds())


def _is_warning(step: LadderStep, warnings: list[float]) -> bool:
    """Whether the step alerts the own desk at the time of a warning: the warning does that already."""
    return step.act == "tell" and step.to == "own" and step.fraction in warnings


def _step(step: LadderEntry) -> LadderStep:
    """A step of a ladder as the pack writes it. ``at``: ``0.8`` of the target, or ``+PT10M`` after the breach."""
    act = next(act for act in ACTS if getattr(step, act) is not None)
    clocks = frozenset((step.clock,) if isinstance(step.clock, str) else step.clock)
    delayed = isinstance(step.at, str) and step.at.startswith("+")
    return LadderStep(
        act,
        getattr(step, act),
        fraction=None if delayed else float(step.at),
        delay=parse_duration(str(step.at)[1:]) if delayed else None,
        clocks=clocks,
    )
