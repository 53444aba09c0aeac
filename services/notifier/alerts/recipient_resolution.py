"""Finds the people of a notice: who is on duty at the event's time, by the event's pack and the swaps and leave.

In all functions ``at`` is the event's time and ``since`` the swaps and leave since the pack was written.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from services.notifier.domain.recipients import Notice
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChanges, valid


class VacantPost(NamedTuple):
    """A post of ``unit`` that nobody is on."""

    unit: str
    post: str


class NoticeRecipients(NamedTuple):
    """The ``people`` whom a notice means. If it means a post that nobody is on (``vacant``), also the desk above
    (``instead``)."""

    people: tuple[Person, ...] = ()
    instead: tuple[Person, ...] = ()
    vacant: tuple[VacantPost, ...] = ()


def people_reached(notice: Notice, pack: Pack, at: datetime, since: RotaChanges = NO_CHANGES) -> tuple[Person, ...]:
    """Everybody whom a notice reaches, as of the event's time."""
    reached = resolve_notice(notice, pack, at, since)
    return (*reached.people, *(person for person in reached.instead if person not in reached.people))


def resolve_notice(notice: Notice, pack: Pack, at: datetime, since: RotaChanges) -> NoticeRecipients:
    """The people whom a notice means.

    If the unit has no such post, everybody placed there; if nobody is placed there, the desk of the nearest unit above.
    If the unit has the post and nobody is on it, the desk above, whose alert also says that the post is vacant.
    """
    if notice.person is not None:
        return _person(notice.person, notice.unit, pack, at, since)
    unit = pack.units.get(notice.unit)
    if unit is None:
        return NoticeRecipients()
    if notice.role is not None:
        return _with_role(notice, notice.role, pack, at, since)
    if notice.post != "B":
        return _desk(pack, unit.id, at, since)
    if people := pack.on_duty(unit.id, at, "B", since):
        return NoticeRecipients(people)
    # Without a post B: the people placed on the ground. The queue's own desk gets a notice for post A anyway.
    there = tuple(person for person in pack.on_duty(unit.id, at, None, since) if person.post != "A")
    if not pack.posts.has_post(unit.id, "B", at):
        return NoticeRecipients(there)
    above = _desk(pack, unit.parent or unit.id, at, since)
    return NoticeRecipients(there, (*above.people, *above.instead), (VacantPost(unit.id, "B"), *above.vacant))


def _person(id_: str, unit: str, pack: Pack, at: datetime, since: RotaChanges) -> NoticeRecipients:
    """The person of that id, or the desk if it is a unit's id. For somebody who left the pack, or whose appointment is
    over or has not begun, the desk of the case's ``unit``, which can assign the case to somebody else."""
    person = pack.people.get(id_)
    if person is None:
        return _desk(pack, id_ if id_ in pack.units else unit, at, since)
    return NoticeRecipients((person,)) if valid(person, pack.day(at)) else _desk(pack, unit, at, since)


def _with_role(notice: Notice, role: str, pack: Pack, at: datetime, since: RotaChanges) -> NoticeRecipients:
    """Those of the notice's unit, or of the nearest unit above that has any, who are appointed and not on leave, on
    shift or not. If there is nobody, only a notice with ``or_desk`` alerts somebody instead."""
    path = pack.units[notice.unit].path
    for above in reversed(path):
        there = pack.people_at(above, None, frozenset({role}))
        present = (person for person in there if pack.posts.is_available(person.id, at, since))
        if people := tuple(person for person in present if person.id != notice.but):
            return NoticeRecipients(people)
    for unit in path[:-3:-1] if notice.or_desk else ():
        if (found := _without(notice.but, _desk(pack, unit, at, since))) != NoticeRecipients():
            return found
    return NoticeRecipients()


def _without(person: str | None, found: NoticeRecipients) -> NoticeRecipients:
    """``found`` without a person; nobody and no vacant post if then nobody is left."""
    people = tuple(one for one in found.people if one.id != person)
    instead = tuple(one for one in found.instead if one.id != person)
    return NoticeRecipients(people, instead, found.vacant) if people or instead else NoticeRecipients()


def _desk(pack: Pack, unit: str, at: datetime, since: RotaChanges) -> NoticeRecipients:
    """Who is on post A of ``unit``, or of the nearest unit above where somebody is on it."""
    if unit not in pack.units:
        return NoticeRecipients()
    vacant: list[VacantPost] = []
    for above in reversed(pack.units[unit].path):
        people = pack.on_duty(above, at, "A", since)
        if not people and pack.posts.has_post(above, "A", at):
            vacant.append(VacantPost(above, "A"))
        elif people or (people := pack.on_duty(above, at, None, since)):
            return NoticeRecipients((), people, tuple(vacant)) if vacant else NoticeRecipients(people)
    return NoticeRecipients((), pack.people_at(pack.root.id, "A", on=pack.day(at)), tuple(vacant))


def recipients_of(
    notices: Iterable[Notice], pack: Pack, at: datetime, since: RotaChanges
) -> dict[str, tuple[Notice, tuple[VacantPost, ...]]]:
    """Everybody whom an event's notices reach, by id: each once, with the first notice that means the person and the
    vacant posts that the alert must name. Somebody who is alerted only because of a vacant post gets a notice of
    kind ``unstaffed``."""
    recipients: dict[str, tuple[Notice, tuple[VacantPost, ...]]] = {}
    missing: list[tuple[Notice, NoticeRecipients]] = []
    for notice in notices:
        resolved = resolve_notice(notice, pack, at, since)
        for person in resolved.people:
            recipients.setdefault(person.id, (notice, ()))
        if resolved.vacant:
            missing.append((notice, resolved))
    for notice, resolved in missing:
        for person in resolved.instead:
            first, vacant = recipients.get(person.id, (replace(notice, kind="unstaffed"), ()))
            recipients[person.id] = first, (*vacant, *(post for post in resolved.vacant if post not in vacant))
    return recipients
