"""Checks people, shifts, swaps, cover and staffing; and that no file contains a secret in plain text."""

import re
from collections import Counter
from typing import Any

from shared.city.checks.findings import Findings
from shared.city.model.entry import Entry
from shared.city.model.ground import Unit, UnitEntry
from shared.city.model.people import Cover, Leave, Pair, Person, Swap
from shared.city.model.promises import CalendarSpec
from shared.city.model.sorting import Category, SuspicionWords
from shared.city.pack_files import AREAS
from shared.city.place.tree import Tree
from shared.kernel.vocabulary import SUPERIOR_ROLES

_ENV = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}")
_SECRET_KEY = re.compile(r"(?i)(^|[_-])(secret|password|passwd|token|api_?key|access_?key|private_?key)s?$")
_SECRET_TEXT = re.compile(
    r"whsec_\w|-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\b(sk|ghp|xox[abp])[-_]\w{16,}"
    r"|\bBearer (?!\$\{)\S{12,}|://[^/\s:@]+:[^/\s@$]+@|[?&](access_token|key|token|secret|sign)=(?!\$\{)\w{8,}"
    r"|\b[0-9a-f]{40,}\b"
)


def check_people(found: Findings) -> None:
    """Check that people, swaps, leave, cover and pairs name existing units, people and calendars."""
    people = found.entries.people
    names = found.names(Person)
    found.check_unique(Person, "id", [person.id for person in people])
    for number, person in enumerate(people):
        found.check_units((Person, number), "unit", [person.unit])
        if person.valid_from and person.valid_to and person.valid_from >= person.valid_to:
            found.error((Person, number), "valid_to", says="not after valid_from")
        if person.home is not None:
            found.check_units((Person, number), "home", [person.home])
        for at, shift in enumerate(person.shifts):
            if shift.calendar is not None and shift.calendar not in found.names(CalendarSpec):
                says = f"no calendar {shift.calendar!r} in calendars.yaml"
                found.error((Person, number), "shifts", at, "calendar", says=says)
    _check_changes(found, names)
    for number, pair in enumerate(found.entries.pairs):
        found.check_units((Pair, number), "unit", [pair.unit])
    for number, cover in enumerate(found.entries.covers):
        found.check_units((Cover, number), "unit", [cover.unit])
        for at, who in enumerate(cover.by):
            if who not in names and who not in found.unit_ids:
                found.error((Cover, number), "by", at, says=f"{who!r} is neither a person nor a unit")


def _check_changes(found: Findings, names: frozenset[str]) -> None:
    """Swaps, leave and pairs name existing people; swaps are between two; leave ends after it starts."""
    named: list[tuple[tuple[type[Entry], int], str, str | None]] = []
    for number, swap in enumerate(found.entries.swaps):
        named += [((Swap, number), "from", swap.from_), ((Swap, number), "to", swap.to)]
        if swap.from_ == swap.to:
            found.error((Swap, number), "to", says="nobody swaps with himself")
    for number, leave in enumerate(found.entries.leave):
        named.append(((Leave, number), "person", leave.person))
        if leave.from_ >= leave.until:
            found.error((Leave, number), "until", says="not after `from`", hint="`until` is the first day back")
    for number, pair in enumerate(found.entries.pairs):
        named += [((Pair, number), "rider", pair.rider), ((Pair, number), "member", pair.member)]
    for entry, field, who in named:
        if who is not None and who not in names:
            found.error(entry, field, says=f"nobody in posts.yaml has the id {who!r}")


def check_handlers(found: Findings) -> None:
    """Check that the handlers of confidential reports are existing units, people or roles."""
    people = found.names(Person)
    roles = {(person.unit, person.role) for person in found.entries.people}
    categories = {category.code for category in found.entries.categories}
    for number, one in enumerate(found.entries.city.confidential):
        place = ("city.yaml", "confidential", number)
        if one.unit not in found.unit_ids:
            found.error_at(*place, "unit", says=f"no unit {one.unit!r} in units.yaml")
        for at, who in enumerate(one.people):
            if who not in people and (one.unit, who) not in roles:
                found.error_at(*place, "people", at, says=f"{who!r} is neither a person nor a role at {one.unit!r}")
        for at, code in enumerate(one.categories):
            if code not in categories:
                found.error_at(*place, "categories", at, says=f"no category {code!r} in categories.yaml")


def check_recusal(found: Findings) -> None:
    """Check that reports about the root have a unit that gets them (``about_root``), where the pack expects any."""
    city, entries = found.entries.city, found.entries
    if city.about_root is not None:
        if city.about_root not in found.unit_ids:
            found.error_at("city.yaml", "about_root", says=f"no unit {city.about_root!r} in units.yaml")
        elif city.about_root == city.root:
            found.error_at("city.yaml", "about_root", says="is the root itself, which reports about it must not reach")
        else:
            _staffed_for_the_root(found, city.about_root)
        return
    for number, category in enumerate(entries.categories):
        if category.about_us:
            says = "a report about the root reaches nobody: city.yaml names no about_root"
            found.error((Category, number), "about_us", says=says, hint="name the unit, such as discipline inspection")
    for number, suspicion in enumerate(entries.suspicions):
        if suspicion.means != "about_us":
            continue
        says = "words suggest reports about a unit, and city.yaml names no about_root for those about the root"
        found.error((SuspicionWords, number), says=says, hint="name the unit, such as discipline inspection")


def _staffed_for_the_root(found: Findings, unit: str) -> None:
    """Nobody above ``unit`` sees what is about the root: its own people have to be told, to rule and to inspect."""
    people = [person for person in found.entries.people if person.unit == unit]
    if not any(person.has("A") for person in people):
        says = f"nobody is on post A at {unit!r}: reports about the root reach nobody"
        found.warn_at("city.yaml", "about_root", says=says, hint="see posts.yaml")
    elif len(people) < 2 or not any(person.role in SUPERIOR_ROLES for person in people):
        says = f"nobody at {unit!r} rules on what its desk asks for, or inspects what it resolved"
        hint = f"a second person there, one of the roles {', '.join(sorted(SUPERIOR_ROLES))}"
        found.warn_at("city.yaml", "about_root", says=says, hint=hint)


def check_sensitive(found: Findings) -> None:
    """Check that who is told of sensitive cases is a unit or a level word."""
    word = found.entries.city.sensitive_to
    if word is not None and word not in found.unit_ids and word not in found.levels:
        says = f"{word!r} is neither a level word of this pack nor a unit"
        found.error_at("city.yaml", "sensitive_to", says=says, hint=f"levels: {', '.join(sorted(found.levels))}")


def check_administrators(found: Findings) -> None:
    """Administrators are people of posts.yaml, and whoever reads the security log has no other office."""
    appointed, people = found.entries.city.administrators, found.names(Person)
    for office in appointed.__struct_fields__:
        for at, who in enumerate(getattr(appointed, office)):
            if who not in people:
                says = f"nobody in posts.yaml has the id {who!r}"
                found.error_at("city.yaml", "administrators", office, at, says=says)
    for at, who in enumerate(appointed.auditor):
        if who in {*appointed.ops, *appointed.setup}:
            says = f"{who!r} is an auditor and has an office whose acts an auditor checks"
            found.error_at("city.yaml", "administrators", "auditor", at, says=says)


def check_staffing(found: Findings, units: dict[str, Unit]) -> None:
    """Warn of queues without anybody on post A at the unit or above, and grids without one leader and a member."""
    tree = Tree(units, found.entries.city.root, found.entries.city.queue_levels)
    desks = {person.unit for person in found.entries.people if person.has("A")}
    roles = Counter((person.unit, person.role) for person in found.entries.people)
    for number, unit in enumerate(units.values()):
        entry = (UnitEntry, number)
        if tree.owns_queue(unit.id) and desks.isdisjoint(unit.path):
            found.warn(entry, says=f"nobody is on post A at {unit.id!r} or above it", hint="see posts.yaml")
        if unit.level == "grid":
            members = sum(roles[unit.id, role] for role in ("grid_member", "parttime_grid_member"))
            if roles[unit.id, "grid_leader"] != 1 or not members:
                says = f"grid {unit.id!r} has {roles[unit.id, 'grid_leader']} leaders and {members} members"
                found.warn(entry, says=says, hint="a grid has exactly one leader and at least one member")


def check_secrets(found: Findings) -> None:
    """Check that secrets are references ``${NAME}`` to the environment and no plain text."""
    for name, value in found.entries.city.secrets.items():
        if not _ENV.fullmatch(value):
            hint = "write ${NAME} and set NAME in the environment"
            found.error_at("city.yaml", "secrets", name, says="a secret in plain text", hint=hint)
    for file, content in found.content.items():
        if file != AREAS:
            _scan(found, content, file, [], "")


def _scan(found: Findings, value: Any, file: str, place: list[str | int], key: str) -> None:
    if isinstance(value, dict):
        for name, below in value.items():
            if [file, *place] != ["city.yaml", "secrets"]:
                _scan(found, below, file, [*place, name], name)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            _scan(found, below, file, [*place, number], key)
    elif isinstance(value, str) and _looks_secret(key, value):
        hint = "write ${NAME} and set NAME in the environment"
        found.error_at(file, *place, says="looks like a secret in plain text", hint=hint)


def _looks_secret(key: str, text: str) -> bool:
    if not text or _ENV.fullmatch(text):
        return False
    return bool(_SECRET_KEY.search(key) or _SECRET_TEXT.search(text))
