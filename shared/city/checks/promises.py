"""Checks categories, rules, calendars, and commitments with their ladders."""

from collections.abc import Iterator
from datetime import UTC, datetime

import jsonschema
import msgspec

from shared.city.checks.findings import Findings
from shared.city.model.entry import Entry
from shared.city.model.promises import (
    CalendarSpec,
    CommitmentEntry,
    LadderEntry,
    PauseReason,
    RejectionReason,
    ReturnReason,
)
from shared.city.model.sorting import Category, Elsewhere, Rule, When
from shared.city.promises.calendars import YEARS, calendar_of
from shared.city.promises.commitments import DEFAULT, Commitments, Key, conditions_of, key_of
from shared.city.promises.durations import is_duration, is_step_time
from shared.city.sorting.categories import OTHER
from shared.city.sorting.questions import not_looked_at
from shared.city.sorting.rules import is_empty, values
from shared.kernel.durations import DurationError, parse_duration
from shared.kernel.vocabulary import CLOCK_KINDS, PRIORITIES, ClockKind
from shared.kernel.working_time import Calendar, CalendarError, deadline

_STARTS = [datetime(year, 1, 1, tzinfo=UTC) for year in range(YEARS[0], YEARS[-1] + 2, 3)]
"""Start times with which targets are tried: years whose holidays are known, and the first after them."""


def check_categories(found: Findings) -> None:
    """Check the codes, words, questions and targets of categories."""
    categories = found.entries.categories
    found.check_unique(Category, "code", [category.code for category in categories])
    found.check_unique(Elsewhere, "id", [entry.id for entry in found.entries.elsewhere])
    if "categories.yaml" in found.content and OTHER not in found.names(Category):
        hint = "it takes what no words sort"
        found.error_at("categories.yaml", says=f"there is no category with the code {OTHER!r}", hint=hint)
    for number, category in enumerate(categories):
        entry = (Category, number)
        found.check_target(entry, "goes_to", word=category.goes_to)
        if category.public and category.about_people:
            found.error(entry, "public", says="is for what is not about people", hint="about_people says it is")
        _same(found, number, category)
        if not isinstance(category.admitted, bool):
            found.check_units(entry, "admitted", category.admitted)
        if not category.keywords and not category.hints and category.code != OTHER:
            found.warn(entry, says=f"no words lead to {category.code!r}", hint="give it keywords")
        _elsewhere(found, number, category)
        _span(found, entry, "effect_check", category.effect_check)
        if category.after_photo == "required" and not category.note:
            found.warn(entry, "after_photo", says="a photo is forced", hint="name in note what it is required by")
        try:
            jsonschema.Draft202012Validator.check_schema(msgspec.to_builtins(category.questions))
        except jsonschema.SchemaError as error:
            found.error(entry, "questions", *error.absolute_path, says=f"not a JSON Schema: {error.message}")
            continue
        for place, why in not_looked_at(category.questions):
            found.warn(entry, "questions", *place, says=why)


def _elsewhere(found: Findings, number: int, category: Category) -> None:
    """Where a category sends its reports: to an entry that exists, and no danger."""
    if category.elsewhere is None:
        return
    if category.elsewhere not in found.names(Elsewhere):
        found.error((Category, number), "elsewhere", says=f"{category.elsewhere!r} is not in the list `elsewhere`")
    if category.priority == "danger":
        found.error((Category, number), "elsewhere", says="a danger is never turned away", hint="another priority")


def _same(found: Findings, number: int, category: Category) -> None:
    """A ``same`` rule: durations are valid, thresholds rise, ``tell`` names somebody."""
    if category.same is None:
        return
    entry = (Category, number)
    for name in ("window", "reopens", "linked"):
        span = getattr(category.same, name)
        if span is not None and not is_duration(span):
            found.error(entry, "same", name, says=f"{span!r} is no duration", hint="PT2H, P3D")
    counts = [step.reports for step in category.same.rising]
    if counts != sorted(set(counts)):
        found.error(entry, "same", "rising", says="each step needs more reports than the one before")
    for at, step in enumerate(category.same.rising):
        found.check_target(entry, "same", "rising", at, "tell", word=step.tell)


def check_rules(found: Findings) -> None:
    """Check that rules name existing codes and units, set something, and can be reached."""
    rules = found.entries.rules
    codes = found.names(Category)
    found.check_unique(Rule, "id", [rule.id for rule in rules])
    for number, rule in enumerate(rules):
        entry = (Rule, number)
        for code in (*values(rule.when.category), *values(rule.then.category)):
            if code not in codes:
                found.error(entry, says=f"no category {code!r} in categories.yaml")
        found.check_units(entry, "when", values(rule.when.unit))
        found.check_units(entry, "then", values(rule.then.unit))
        found.check_target(entry, "then", "goes_to", word=rule.then.goes_to)
        if all(getattr(rule.then, field) is None for field in rule.then.__struct_fields__):
            found.error(entry, "then", says="the rule sets nothing")
        if is_empty(rule.when) and number < len(rules) - 1:
            says = "this rule holds for everything: those after it are never reached"
            found.warn(entry, "when", says=says, hint=f"`when` takes {', '.join(When.__struct_fields__)}")


def check_calendars(found: Findings) -> None:
    """Check that calendars are consistent and have working hours."""
    calendars = found.entries.calendars
    found.check_unique(CalendarSpec, "id", [calendar.id for calendar in calendars])
    for number, spec in enumerate(calendars):
        entry = (CalendarSpec, number)
        if spec.id == "always":
            found.error(entry, "id", says="`always` is built in: elapsed time")
        try:
            calendar = calendar_of(spec, spec.timezone or "UTC")
        except CalendarError as error:
            found.error(entry, says=str(error))
            continue
        except NotImplementedError:
            hint = "leave it out and list the days"
            found.error(entry, "country", says=f"no holidays are known for {spec.country!r}", hint=hint)
            continue
        if not any(calendar.hours):
            found.error(entry, "hours", says="the calendar never works")


def check_pauses(found: Findings) -> None:
    """Check the reasons for pauses, and ``asking`` of ``city.yaml``."""
    found.check_unique(PauseReason, "code", [reason.code for reason in found.entries.pauses])
    for number, reason in enumerate(found.entries.pauses):
        _span(found, (PauseReason, number), "longest", reason.longest)
    if not is_duration(found.entries.city.asking.confirm):
        found.error_at("city.yaml", "asking", "confirm", says="a clock needs some time to run")

    for number, reason in enumerate(found.entries.pauses):
        calendars = {c.calendar for c in found.entries.commitments if any(c.target(clock) for clock in reason.clocks)}
        for id_ in sorted(calendars) if is_duration(reason.longest) else ():
            _reached(found, (PauseReason, number), "longest", reason.longest, id_)


def check_rulings(found: Findings) -> None:
    """Check the reasons for requests to a level above, and ``rulings`` of ``city.yaml``."""
    found.check_unique(ReturnReason, "code", [reason.code for reason in found.entries.returns])
    found.check_unique(RejectionReason, "code", [reason.code for reason in found.entries.rejections])
    for number, reason in enumerate(found.entries.rejections):
        if not reason.where:
            hint = "the reporter reads it after the reason"
            found.warn((RejectionReason, number), "where", says="it does not say where to go instead", hint=hint)
    rulings = found.entries.city.rulings
    for name, text in (
        ("review", rulings.review),
        ("look_again", rulings.look_again),
        ("object_within", rulings.object_within),
    ):
        if not is_duration(text):
            found.error_at("city.yaml", "rulings", name, says="a clock needs some time to run")


def _span(found: Findings, entry: tuple[type[Entry], int], field: str, span: str | None) -> None:
    if span is not None and not is_duration(span):
        found.error(entry, field, says=f"{span!r} is no span of time such as P7D, PT8H, longer than nothing")


def check_commitments(found: Findings) -> None:
    """Check that every category has a commitment, that each is valid, and that ladders reach the root."""
    commitments = found.entries.commitments
    found.check_unique(CommitmentEntry, "id", [commitment.id for commitment in commitments])
    seen: set[tuple[Key, tuple[frozenset[str], frozenset[str]]]] = set()
    calendars = {"always"} | found.names(CalendarSpec)
    for number, commitment in enumerate(commitments):
        entry = (CommitmentEntry, number)
        _for_what(found, number, commitment)
        what = key_of(commitment), conditions_of(commitment)
        if what in seen:
            found.error(entry, says="there is another commitment for the same thing in the same unit")
        seen.add(what)
        if commitment.unit is not None:
            found.check_units(entry, "unit", [commitment.unit])
        if commitment.calendar not in calendars:
            says = f"no calendar {commitment.calendar!r} in calendars.yaml"
            found.error(entry, "calendar", says=says, hint="`always` is built in")
        _targets(found, number, commitment)
        _span(found, entry, "forgotten_after", commitment.forgotten_after)
        for at, step in enumerate(commitment.ladder):
            for field, fault in _step_faults(step, commitment):
                found.error(entry, "ladder", at, field, says=fault)
            for field in ("tell", "supervise", "move_to"):
                word = getattr(step, field)
                found.check_target(entry, "ladder", at, field, word="own" if word == "caller" else word)
        if any(commitment.target(clock) for clock in CLOCK_KINDS) and not _reaches_top(found, commitment):
            hint = f"a step for the root, {found.entries.city.root!r}, or its level"
            found.warn(entry, "ladder", says="the ladder does not reach the top", hint=hint)
    _all_promised(found)


def _for_what(found: Findings, number: int, commitment: CommitmentEntry) -> None:
    entry = (CommitmentEntry, number)
    if (commitment.category is None) == (commitment.class_ is None):
        found.error(entry, says="expected either `category` or `class`")
    if commitment.category is not None and commitment.category not in found.names(Category):
        found.error(entry, "category", says=f"no category {commitment.category!r} in categories.yaml")
    classes = {category.class_ for category in found.entries.categories if category.class_}
    known = {*PRIORITIES, DEFAULT, *classes}
    if commitment.class_ is not None and commitment.class_ not in known:
        says, hint = f"no category has the class {commitment.class_!r}", f"known: {', '.join(sorted(known))}"
        found.error(entry, "class", says=says, hint=hint)


def _targets(found: Findings, number: int, commitment: CommitmentEntry) -> None:
    """Each target is a duration that its calendar reaches; acknowledging takes no longer than resolving."""
    entry = (CommitmentEntry, number)
    sound = True
    for clock in CLOCK_KINDS:
        target = commitment.target(clock)
        if target is None:
            continue
        if is_duration(target):
            _reached(found, entry, clock, target, commitment.calendar)
            continue
        sound = False
        try:
            parse_duration(target)
            found.error(entry, clock, says="a clock needs some time to run")
        except DurationError as error:
            found.error(entry, clock, says=str(error))
    acknowledge, resolve = commitment.target("acknowledge"), commitment.target("resolve")
    if sound and acknowledge is not None and resolve is not None and _plain(acknowledge) > _plain(resolve):
        found.warn(entry, "acknowledge", says="more time to acknowledge than to resolve")
    if acknowledge is None and resolve is None and commitment.forgotten_after is None:
        hint = "give it `forgotten_after`, so that somebody above hears of what nobody works at"
        found.warn(entry, "resolve", says="neither a promise nor a watch: nothing ever climbs", hint=hint)


def _reached(found: Findings, entry: tuple[type[Entry], int], field: str, span: str, calendar_id: str) -> None:
    """The calendar reaches ``span`` from every start; otherwise every report of the category would be parked."""
    calendar = _calendar(found, calendar_id)
    if calendar is None:
        return
    try:
        for start in _STARTS:
            deadline(start, parse_duration(span), calendar)
    except CalendarError:
        says = f"{span} is not reached within ten years on the calendar {calendar_id!r}"
        hint = "PTnH is working time, PnD are its days; `none` says that nothing is promised"
        found.error(entry, field, says=says, hint=hint)


def _calendar(found: Findings, id_: str) -> Calendar | None:
    """The kernel's calendar; None if it is missing or invalid, which other checks report."""
    spec = next((spec for spec in found.entries.calendars if spec.id == id_), None)
    try:
        return None if spec is None else calendar_of(spec, spec.timezone or "UTC")
    except (CalendarError, NotImplementedError):
        return None


def _plain(target: str) -> float:
    return parse_duration(target).plain().total_seconds()


def _step_faults(step: LadderEntry, commitment: CommitmentEntry) -> Iterator[tuple[str, str]]:
    if not is_step_time(step.at):
        yield "at", f"{step.at!r} is neither a fraction of the target (0.8) nor a delay after the breach (+PT10M)"
    if sum(target is not None for target in (step.tell, step.supervise, step.move_to)) != 1:
        yield "at", "a step does one thing: `tell`, `supervise` or `move_to`"
    clocks: tuple[ClockKind, ...] = (step.clock,) if isinstance(step.clock, str) else step.clock
    of_parts = set(clocks) <= {"report_in", "finish_part"}
    if step.move_to is not None and of_parts:
        yield "move_to", "a part stays with the unit that was called: `tell` or `supervise`"
    if "caller" in (step.tell, step.supervise, step.move_to) and not of_parts:
        yield "clock", "only a part has a `caller`: name the clocks report_in and finish_part, in a step of their own"
    if step.move_to is not None and "review" in clocks:
        yield "move_to", "who has to rule gets no case: `tell` or `supervise`"
    if not any(commitment.target(clock) for clock in clocks):
        yield "clock", f"the commitment has no {' or '.join(clocks)} target"


def _reaches_top(found: Findings, commitment: CommitmentEntry) -> bool:
    root = next((unit for unit in found.entries.units if unit.id == found.entries.city.root), None)
    if root is None:
        return True
    flat = all(unit.parent == root.id for unit in found.entries.units if unit.id != root.id)
    words = {root.id, root.level} | ({"parent"} if flat else set())
    return any({step.tell, step.supervise, step.move_to} & words for step in commitment.ladder)


def _all_promised(found: Findings) -> None:
    by_code = {category.code: category for category in found.entries.categories}
    promises = Commitments(found.entries.commitments, by_code)
    for number, category in enumerate(found.entries.categories):
        if "commitments.yaml" in found.content and promises.find(category.code, ()) is None:
            says = f"no commitment holds for {category.code!r} in every unit"
            found.error((Category, number), "code", says=says, hint="add one with `class: default`")
    danger = {category.code for category in found.entries.categories if category.priority == "danger"}
    held = {promises.find(code, ()) for code in danger}
    for number, commitment in enumerate(found.entries.commitments):
        of_danger = commitment.class_ == "danger" or commitment.category in danger or commitment in held
        if of_danger and commitment.target("acknowledge") is None:
            found.error(
                (CommitmentEntry, number), "acknowledge", says="danger without a promise", hint="for example PT10M"
            )
