"""``GET /v1/cases/{id}/choices``: what the forms of a case's commands offer to choose from, for its reader.

Only what a command needs that is open to him: nobody lists a city's people or units by it.
"""

from collections.abc import Collection, Iterable
from itertools import islice

import msgspec

from services.router.cases.case_access import CaseAccess
from services.router.cases.recusal import is_recused
from services.router.command_handling.actors import actor_of
from services.router.domain.case import Case
from services.router.domain.commands.decide import open_commands
from shared.city.cooperation import may_be_called, not_admitted
from shared.city.model.ground import Unit
from shared.city.model.people import Person
from shared.city.model.promises import PauseReason, RejectionReason, ReturnReason
from shared.city.model.sorting import Elsewhere
from shared.city.pack import Pack
from shared.kernel.errors import not_found
from shared.kernel.vocabulary import ClockKind
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary

UNITS_MAX = 500
PEOPLE_MAX = 300


class NamedChoice(msgspec.Struct, frozen=True, kw_only=True):
    """``id``: as the command's body has it; ``name_en``: empty where the pack has none."""

    id: str
    name: str
    name_en: str


class UnitChoice(NamedChoice, frozen=True, kw_only=True):
    level: str
    parent: str | None


class PersonChoice(NamedChoice, frozen=True, kw_only=True):
    unit: str
    role: str


class PauseChoice(NamedChoice, frozen=True, kw_only=True):
    """``clocks``: those that may stand still for it; ``longest``: how long, ISO 8601."""

    clocks: list[ClockKind]
    longest: str


class CaseChoices(msgspec.Struct, frozen=True, kw_only=True):
    """``people``, ``inside``: to whom it may be assigned. ``send_to``: units with a queue that may get it.
    ``call_in``: units that may be called in; ``parties``: that may be consulted, or have a part in a plan."""

    people: list[PersonChoice] = []
    inside: list[UnitChoice] = []
    send_to: list[UnitChoice] = []
    call_in: list[UnitChoice] = []
    parties: list[UnitChoice] = []
    pauses: list[PauseChoice] = []
    returns: list[NamedChoice] = []
    rejections: list[NamedChoice] = []
    elsewhere: list[NamedChoice] = []


class ChoiceRoutes:
    """The route."""

    def __init__(self, case_access: CaseAccess, packs: PackLibrary) -> None:
        self._case_access = case_access
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/cases/{id}/choices",
                self.choices,
                "What the commands that are open to the officer may name: people, units, reasons",
                roles=frozenset({"officer"}),
                answers={200: CaseChoices},
            )
        ]

    async def choices(self, call: Call) -> Answer:
        found = await self._case_access.load(call.principal, call.principal.city, call.path["id"])
        if found is None:
            raise not_found("case")
        who, case, _ = found
        pack = self._packs.current(case.city)
        return Answer(choices(case, pack, who.unit or "", set(open_commands(case, actor_of(who, case, pack)))))


def choices(case: Case, pack: Pack, own: str, commands: Collection[str]) -> CaseChoices:
    """``own``: the officer's unit; ``commands``: those that are open to him."""

    def opens(*names: str) -> bool:
        return any(name in commands for name in names)

    units = [one for one in pack.units.values() if not is_recused(case, one.id, pack)]
    inside = [one for one in units if opens("assign") and case.unit in one.path]
    admitted = [one for one in units if _admitted(case, pack, own, one.id)]
    may_have = (one for one in admitted if one.id != case.unit and pack.tree.owns_queue(one.id))
    may_come = (one for one in admitted if may_be_called(pack, one.id))
    asked = (one for one in units if pack.tree.owns_queue(one.id) or may_be_called(pack, one.id))
    returns, rejections = pack.return_reasons.values(), pack.rejection_reasons.values()
    return CaseChoices(
        people=_people(pack, inside),
        inside=_units(inside),
        send_to=_units(may_have if opens("transfer", "return") else ()),
        call_in=_units(may_come if opens("call_in") else ()),
        parties=_units(asked if opens("consult", "plan") else ()),
        pauses=[_pause(one) for one in pack.pause_reasons.values()] if opens("pause") else [],
        returns=[_named(one.code, one) for one in returns] if opens("return") else [],
        rejections=[_named(one.code, one) for one in rejections] if opens("reject") else [],
        elsewhere=[_named(one.id, one) for one in pack.elsewhere.entries] if opens("redirect") else [],
    )


def _admitted(case: Case, pack: Pack, own: str, unit: str) -> bool:
    """Whether the entry list lets the owner and the officer's unit hand such a case to that unit."""
    senders = dict.fromkeys(sender for sender in (case.unit, own) if sender in pack.units)
    return all(not_admitted(pack, case.category, sender, unit) is None for sender in senders)


def _people(pack: Pack, inside: Iterable[Unit]) -> list[PersonChoice]:
    return list(islice((_person(one) for unit in inside for one in pack.people_at(unit.id)), PEOPLE_MAX))


def _units(units: Iterable[Unit]) -> list[UnitChoice]:
    made = (
        UnitChoice(id=one.id, name=one.name, name_en=one.name_en, level=one.level, parent=one.parent) for one in units
    )
    return list(islice(made, UNITS_MAX))


def _person(one: Person) -> PersonChoice:
    return PersonChoice(id=one.id, name=one.name, name_en=one.name_en, unit=one.unit, role=one.role)


def _named(id_: str, one: ReturnReason | RejectionReason | Elsewhere) -> NamedChoice:
    return NamedChoice(id=id_, name=one.name, name_en=one.name_en)


def _pause(one: PauseReason) -> PauseChoice:
    return PauseChoice(
        id=one.code, name=one.name, name_en=one.name_en, clocks=list(one.clocks), longest=str(one.longest)
    )
