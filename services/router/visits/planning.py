"""What of a planned visit the pack decides: who organises it, where it is, who is invited, reminded and sees it."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from services.router.cases.recusal import is_recused
from services.router.domain.case import Case
from services.router.domain.visits.visit import Visit, reminder
from shared.city.pack import Pack
from shared.kernel.errors import FieldError, forbidden, invalid
from shared.runtime.identity.directory import Principal


def organiser(who: Principal, unit: str | None, pack: Pack) -> str:
    """The unit that organises it: the own one, or another that it lies in the same line with. Raises ``Refusal``: 422
    for what is no unit, 403 for one of another line."""
    if unit is None:
        unit = who.unit
    if unit is None or unit not in pack.units:
        raise invalid(FieldError("/unit", "is no unit of this city"))
    organises(who, unit, pack)
    return unit


def organises(who: Principal, unit: str, pack: Pack) -> None:
    """Those of the organising unit, of units below it and above it. Raises ``Refusal`` 403."""
    own, path = pack.units.get(who.unit or ""), pack.units[unit].path if unit in pack.units else ()
    if own is None or (own.id not in path and unit not in own.path):
        raise forbidden(f"{unit} organises this visit.")


def place_of(id_: str, pointer: str, pack: Pack) -> str:
    """Where a visit is: a place of the gazetteer or a unit. Raises ``Refusal`` 422 at ``pointer`` for another."""
    if id_ not in pack.units and all(place.known_as != id_ for place in pack.places):
        raise invalid(FieldError(pointer, "is no place of the gazetteer and no unit"))
    return id_


def remind_at(at: datetime, now: datetime, pack: Pack) -> datetime | None:
    """When those invited are reminded, by the city's hour and clock; None where they are invited too late for it."""
    return reminder(at, now, time.fromisoformat(pack.city.visit_reminder), ZoneInfo(pack.city.timezone))


def invited_units(units: list[str], pack: Pack) -> tuple[str, ...]:
    """Each of them once. Raises ``Refusal`` 422 for what is no unit."""
    for number, unit in enumerate(units):
        if unit not in pack.units:
            raise invalid(FieldError(f"/invited/{number}", "is no unit of this city"))
    return tuple(dict.fromkeys(units))


def seen_by(visit: Visit, pack: Pack, case: Case | None = None) -> list[str]:
    """Who organises it, who is invited, and those above them unless it is for a confidential case."""
    if case is not None and case.confidential:
        return sorted({visit.unit, *visit.invited})
    units = {up for unit in (visit.unit, *visit.invited) for up in pack.units[unit].path}
    return sorted(unit for unit in units if case is None or not is_recused(case, unit, pack))


def same_plan(stored: Visit, wanted: Visit) -> bool:
    """Whether what is stored under the same key is what was asked for now."""
    names = ("kind", "unit", "place", "at", "purpose", "invited", "case")
    return all(getattr(stored, name) == getattr(wanted, name) for name in names)
