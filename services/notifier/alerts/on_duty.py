"""From a notice to people: who is on duty at the event's time, as the event's pack has it and as decided by then."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from services.notifier.domain.recipients import Notice
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.on_duty import NONE_SINCE
from shared.city.people.rota import Changes, valid


class Lack(NamedTuple):
    """Nobody is on a post that ``unit`` has."""

    unit: str
    post: str


class Found(NamedTuple):
    """``people`` whom the notice means. Where a post has nobody (``lacks``), ``instead``: the desk above."""

    people: tuple[Person, ...] = ()
    instead: tuple[Person, ...] = ()
    lacks: tuple[Lack, ...] = ()


def found(notice: Notice, pack: Pack, at: datetime, since: Changes = NONE_SINCE) -> tuple[Person, ...]:
    """Everybody whom a notice reaches, as of the event's time."""
    reached = looked_for(notice, pack, at, since)
    return (*reached.people, *(person for person in reached.instead if person not in reached.people))


def looked_for(notice: Notice, pack: Pack, at: datetime, since: Changes) -> Found:
    """The people whom a notice means, as of the event's time.

    A unit that has no such post: everybody placed there; nobody there either: the desk of the nearest unit above. A
    unit that has it and nobody is on: the desk above, which is told so too.
    """
    if notice.person is not None:
        return _himself(notice.person, notice.unit, pack, at, since)
    unit = pack.units.get(notice.unit)
    if unit is None:
        return Found()
    if notice.role is not None:
        return _with_role(notice.role, pack, unit.id, at, since)
    if notice.post != "B":
        return _desk(pack, unit.id, at, since)
    if people := pack.on_duty(unit.id, at, "B", since):
        return Found(people)
    # On the ground without a post B: the people placed there; a queue's own desk is told as post A already.
    there = tuple(person for person in pack.on_duty(unit.id, at, None, since) if person.post != "A")
    if not pack.posts.keeps(unit.id, "B", at):
        return Found(there)
    above = _desk(pack, unit.parent or unit.id, at, since)
    return Found(there, (*above.people, *above.instead), (Lack(unit.id, "B"), *above.lacks))


def _himself(id_: str, unit: str, pack: Pack, at: datetime, since: Changes) -> Found:
    """The person, or the desk of the unit that this id means. For somebody who left the pack, or whose appointment is
    over or not begun, the desk of the case's ``unit``, which can give it to another."""
    person = pack.people.get(id_)
    if person is None:
        return _desk(pack, id_ if id_ in pack.units else unit, at, since)
    return Found((person,)) if valid(person, pack.day(at)) else _desk(pack, unit, at, since)


def _with_role(role: str, pack: Pack, unit: str, at: datetime, since: Changes) -> Found:
    """Those of ``unit``, or of the nearest unit above that has any, who are appointed and not on leave; it can wait for
    their shift. Nobody is missed where nobody is: the desk is told by a notice of its own."""
    for above in reversed(pack.units[unit].path):
        there = pack.people_at(above, None, frozenset({role}))
        if people := tuple(person for person in there if pack.posts.present(person.id, at, since)):
            return Found(people)
    return Found()


def _desk(pack: Pack, unit: str, at: datetime, since: Changes) -> Found:
    """Post A of ``unit``, or of the nearest unit above where somebody is."""
    if unit not in pack.units:
        return Found()
    lacks: list[Lack] = []
    for above in reversed(pack.units[unit].path):
        people = pack.on_duty(above, at, "A", since)
        if not people and pack.posts.keeps(above, "A", at):
            lacks.append(Lack(above, "A"))
        elif people or (people := pack.on_duty(above, at, None, since)):
            return Found((), people, tuple(lacks)) if lacks else Found(people)
    return Found((), pack.people_at(pack.root.id, "A", on=pack.day(at)), tuple(lacks))


def reached(
    notices: Iterable[Notice], pack: Pack, at: datetime, since: Changes
) -> dict[str, tuple[Notice, tuple[Lack, ...]]]:
    """Everybody whom an event's notices reach: each once, with the first notice that means him and the posts that he
    should know to have nobody. Who is told for no other reason gets a notice of kind ``unstaffed``."""
    told: dict[str, tuple[Notice, tuple[Lack, ...]]] = {}
    missing: list[tuple[Notice, Found]] = []
    for notice in notices:
        found_ = looked_for(notice, pack, at, since)
        for person in found_.people:
            told.setdefault(person.id, (notice, ()))
        if found_.lacks:
            missing.append((notice, found_))
    for notice, found_ in missing:
        for person in found_.instead:
            first, lacks = told.get(person.id, (replace(notice, kind="unstaffed"), ()))
            told[person.id] = first, (*lacks, *(lack for lack in found_.lacks if lack not in lacks))
    return told
