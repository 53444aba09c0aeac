"""Which rights an officer has on a case: as a person of his own unit, or of a unit for which he is on duty."""

from services.router.cases.visibility import is_guest, seen_by
from services.router.domain.case import Case
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import open_commands
from shared.city.cooperation import consults
from shared.city.pack import Pack
from shared.runtime.identity.directory import Principal


def actor_of(principal: Principal, case: Case, pack: Pack, command: str | None = None) -> Actor:
    """The officer as a member of one of his units: the one with the most rights on the case, the own unit first.

    With a ``command``: the first of his units that may use that command now, if any.
    """
    actors = actors_of(principal, case, pack)
    able = [a for a in actors if command is not None and command in open_commands(case, a)]
    seeing = seen_by(case, pack) if len(actors) > 1 else []
    rest = sorted(actors, key=lambda a: (a.guest, a.unit not in seeing))  # of equals the own unit comes first
    return (able or rest)[0]


def actors_of(principal: Principal, case: Case, pack: Pack) -> list[Actor]:
    """The officer as a member of each of his units, the own one first."""
    assert principal.unit  # noqa: S101 - officers have one
    units = (principal.unit,) if case.closed_to_stand_ins else principal.units
    return [_of_unit(principal, unit, case, pack) for unit in units]


def _of_unit(principal: Principal, unit: str, case: Case, pack: Pack) -> Actor:
    assert principal.person and principal.role  # noqa: S101 - officers have both
    known, home = pack.units.get(unit), pack.units.get(principal.unit or unit)
    trust = pack.handlers
    handler = trust.is_handler(principal.person, case.category, case.unit)
    return Actor(
        person=principal.person,
        unit=unit,
        role=principal.role,
        post=principal.post,
        guest=is_guest(case, unit, principal.person, pack),
        below_owner=known is not None and case.unit in known.path[:-1] and _was_taken_from(principal, unit, case, pack),
        path=known.path if known is not None else (),
        home=home.path if home is not None else (),
        consults=known is not None and consults(pack, unit),
        trusted=handler if case.confidential else trust.may_unmask(principal.person),
    )


def _was_taken_from(principal: Principal, unit: str, case: Case, pack: Pack) -> bool:
    """Whether it was moved up from ``unit``: the unit owns a queue, and neither it nor the officer is the assignee."""
    return pack.tree.owns_queue(unit) and case.assignee not in (unit, principal.person)
