"""What a command needs of the city pack before the domain decides: paths of the units that it names, and clocks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from services.router.cases.routing import fresh_resolve_clock, part_clocks, path_of
from services.router.cases.sla_from_pack import (
    asking,
    category_priority,
    confirm_clock,
    effect_check,
    pausable,
    promise,
    promise_in,
)
from services.router.commands.bodies import CallInBody, ConsultBody, PlanBody, to_command
from services.router.domain.case import Case
from services.router.domain.commands.call_in import due_in_turn, next_in_turn
from services.router.domain.commands.command import Actor, Called, Command, Work
from shared.city.cooperation import may_be_called, not_admitted
from shared.city.pack import Pack
from shared.kernel.errors import FieldError, invalid
from shared.kernel.working_time import Calendar

PLANNED_AHEAD = timedelta(days=5 * 366)

_NONE: Mapping[str, Calendar] = MappingProxyType({})


def completed(
    name: str,
    body: object,
    case: Case,
    actor: Actor,
    pack: Pack,
    now: datetime,
    calendars: Mapping[str, Calendar] = _NONE,
) -> Command:
    """The domain's command; ``calendars``: those that its clocks run on.

    Raises ``Refusal`` 422 for units and people that the pack does not have or forbids."""
    command = replace(to_command(name, body), calendars=calendars)
    complete: dict[str, Callable[[], Command]] = {
        "transfer": lambda: _moving(command, _receiver(command.to, case, actor, pack), case, pack),
        "accept": lambda: _moving(command, case.offered_to, case, pack) if case.offered_to else command,
        "categorize": lambda: _sorted(command, case, pack),
        "pause": lambda: replace(command, pausable=pausable(pack, command.text)),
        "request_info": lambda: replace(command, asking=asking(pack), fresh_clock=confirm_clock(case, pack, now)),
        "close": lambda: replace(command, follow_up=effect_check(case, pack, now)),
        "assign": lambda: replace(command, to=_assignee(command.to, case, pack)),
        "reopen": lambda: replace(command, fresh_clock=fresh_resolve_clock(case, pack, now)),
        "inspect": lambda: (
            command if command.ok else replace(command, fresh_clock=fresh_resolve_clock(case, pack, now))
        ),
        "call_in": lambda: replace(command, called=_called(body, case, actor, pack, now)),
        "finish_part": lambda: _with_next_turn(command, case, pack, now),
        "excuse_part": lambda: _with_next_turn(command, case, pack, now),
        "consult": lambda: replace(command, parties=_parties(body, pack)),
        "plan": lambda: _planned(command, body, case, actor, pack, now),
    }
    return complete.get(name, lambda: command)()


def _moving(command: Command, to: str, case: Case, pack: Pack) -> Command:
    """With the path of the unit that it goes to, and what that promises."""
    return replace(command, to_path=path_of(pack, to), promise=promise_in(case, pack, to))


def _sorted(command: Command, case: Case, pack: Pack) -> Command:
    """With what holds for the other category."""
    priority = category_priority(pack, command.category)
    assert command.category is not None  # noqa: S101 - looked up above
    return replace(command, priority=priority, promise=promise(case, pack, case.path, command.category, priority))


def _known(unit: str | None, pointer: str, pack: Pack) -> str:
    if unit is None or unit not in pack.units:
        raise invalid(FieldError(pointer, "is no unit of this city"))
    return unit


def _admitted(unit: str, pointer: str, case: Case, actor: Actor, pack: Pack) -> str:
    """``unit``, unless a department that has the case would load on it what the entry list does not admit."""
    for loader in dict.fromkeys((case.unit, actor.unit)):
        if (reason := not_admitted(pack, case.category, loader, unit)) is not None:
            raise invalid(FieldError(pointer, reason))
    return unit


def _receiver(to: str | None, case: Case, actor: Actor, pack: Pack) -> str:
    return _admitted(_known(to, "/to", pack), "/to", case, actor, pack)


def _assignee(to: str | None, case: Case, pack: Pack) -> str:
    """A person or unit inside the owner's subtree, or the ground where the case lies."""
    if to is not None and to in pack.people:
        unit = pack.people[to].unit
    elif to is not None and to in pack.units:
        unit = to
    else:
        raise invalid(FieldError("/to", "is no person or unit of this city"))
    if case.unit not in pack.units[unit].path:
        raise invalid(FieldError("/to", f"is not inside {case.unit}; transfer it instead"))
    return to


def _called(body: object, case: Case, actor: Actor, pack: Pack, now: datetime) -> tuple[Called, ...]:
    """The units that are called, each with its path and clocks."""
    assert isinstance(body, CallInBody)  # noqa: S101 - the route declared it
    called = []
    for number, unit in enumerate(body.units):
        pointer = f"/units/{number}"
        if not may_be_called(pack, _known(unit, pointer, pack)):
            level = pack.units[unit].level
            raise invalid(FieldError(pointer, f"is a {level}: only units beside the ladder are called in"))
        _admitted(unit, pointer, case, actor, pack)
        called.append(Called(unit=unit, path=path_of(pack, unit), clocks=part_clocks(case, pack, unit, now)))
    return tuple(called)


def _with_next_turn(command: Command, case: Case, pack: Pack, now: datetime) -> Command:
    """With the clocks of the planned part that comes after the one that ends."""
    following, due_at = next_in_turn(case, command.part), due_in_turn(case, command.part, now)
    if following is None or due_at is None or following.unit not in pack.units:
        return command
    return replace(command, turn_clocks=part_clocks(case, pack, following.unit, now, due_at))


def _parties(body: object, pack: Pack) -> tuple[str, ...]:
    assert isinstance(body, ConsultBody)  # noqa: S101 - the route declared it
    return tuple(_known(unit, f"/parties/{number}", pack) for number, unit in enumerate(body.parties))


def _planned(command: Command, body: object, case: Case, actor: Actor, pack: Pack, now: datetime) -> Command:
    """The works with their bodies' paths, and the clock of the first."""
    assert isinstance(body, PlanBody)  # noqa: S101 - the route declared it
    works = []
    for number, part in enumerate(body.parts):
        pointer = f"/parts/{number}/body"
        unit = _admitted(_known(part.body, pointer, pack), pointer, case, actor, pack)
        if part.due > now + PLANNED_AHEAD:
            raise invalid(FieldError(f"/parts/{number}/due", f"is more than {PLANNED_AHEAD.days} days ahead"))
        works.append(Work(unit=unit, path=path_of(pack, unit), work=part.work, due=part.due))
    clocks = part_clocks(case, pack, works[0].unit, now, works[0].due)
    return replace(command, works=tuple(works), turn_clocks=clocks)
