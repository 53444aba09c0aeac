"""Who is alerted of a confidential case, or of one from which a unit is recused: only people who may see it.

If an escalation names a desk that may not see the case, the handlers whom the pack names are alerted instead. If none
of them is present, the desk gets an alert of kind ``unattended``: something waits at a unit, without naming the case.
Of a case from which a unit is recused the owner's desk is alerted instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from services.notifier.alerts.recipient_resolution import VacantPost, recipients_of
from services.notifier.domain.recipients import Notice
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.rota import RotaChanges
from shared.contracts.cases import CaseState
from shared.contracts.sight import names_of

Recipients = Mapping[str, tuple[Notice, tuple[VacantPost, ...]]]
"""Person → the notice that reaches the person, and the vacant posts that the alert must name."""


def permitted_recipients(
    notices: Iterable[Notice], case: CaseState, pack: Pack, at: datetime, since: RotaChanges
) -> Recipients:
    """Everybody whom the notices of an event reach and who may see the case."""
    everybody = recipients_of(notices, pack, at, since)
    if case.confidential:
        return _discreet(everybody, case, pack, at, since)
    return _without_recused(everybody, case, pack, at, since) if case.recused else everybody


def _without_recused(
    everybody: Recipients, case: CaseState, pack: Pack, at: datetime, since: RotaChanges
) -> Recipients:
    """Those who may see it; if a notice reaches none of them, the owner's desk, which must know that nobody else
    does."""
    seeing = set(case.seen_by)
    may = {id_: reached for id_, reached in everybody.items() if _sees(pack.people[id_], seeing)}
    if may or not everybody:
        return may
    first, _ = next(iter(everybody.values()))
    desk = recipients_of([replace(first, unit=case.unit, post="A", person=None, role=None)], pack, at, since)
    return {id_: (notice, ()) for id_, (notice, _) in desk.items() if _sees(pack.people[id_], seeing)}


def _discreet(everybody: Recipients, case: CaseState, pack: Pack, at: datetime, since: RotaChanges) -> Recipients:
    seeing = set(case.seen_by) or _as_before(case, pack)
    may = {id_: reached for id_, reached in everybody.items() if _sees(pack.people[id_], seeing)}
    others = {id_: notice for id_, (notice, _) in everybody.items() if id_ not in may and notice.person != id_}
    if not others:
        return may
    first = next(iter(others.values()))
    for person in _handlers(case, seeing, pack, at, since):
        may.setdefault(person.id, (replace(first, unit=person.unit), ()))
    if may:
        return may
    return {id_: (Notice("unattended", pack.people[id_].unit), ()) for id_ in others}


def _sees(person: Person, seeing: set[str]) -> bool:
    return not names_of(person.unit, person.id).isdisjoint(seeing)


def _as_before(case: CaseState, pack: Pack) -> set[str]:
    """For events of version 0.1.0, which have no ``seen_by``: the units whose officers see the case, and no others."""
    parts = (part.unit for part in case.parts)
    named = (case.unit, case.assignee, case.offered_to, *parts, *case.parties)
    return {unit for unit in named if unit is not None and unit in pack.units}


def _handlers(case: CaseState, seeing: set[str], pack: Pack, at: datetime, since: RotaChanges) -> list[Person]:
    """The handlers whom the pack names for the case who are appointed and not on leave, on shift or not."""
    return [
        person
        for person in pack.people.values()
        if _sees(person, seeing)
        and pack.handlers.is_handler(person.id, case.category, case.unit)
        and pack.posts.is_available(person.id, at, since)
    ]
