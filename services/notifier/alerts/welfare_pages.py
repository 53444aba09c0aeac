"""Somebody in need pages people: those who look after somebody there, as the category says, at once."""

from datetime import datetime

from shared.city.pack import Pack
from shared.city.people.rota import Changes
from shared.contracts.cases import CaseState
from shared.contracts.envelope import Envelope


def pages_at_once(event: Envelope, case: CaseState, pack: Pack) -> tuple[str, ...]:
    """Whom a new case pages, as its category says; none for most."""
    category = pack.categories.get(case.category) if event.type == "case.opened.v1" else None
    return category.pages if category is not None else ()


def paired(case: CaseState, pack: Pack, at: datetime, decided: Changes) -> tuple[str, ...]:
    """The rider and the member who look after somebody on the case's ground, as far as they are there."""
    ground = pack.units.get(case.within or case.unit)
    pages = pack.categories[case.category].pages
    named: list[str | None] = []
    for pair in pack.posts.paired(ground.path if ground is not None else ()):
        named += [pair.rider if "paired_rider" in pages else None, pair.member if "grid_member" in pages else None]
    return tuple(id_ for id_ in named if id_ is not None and pack.posts.present(id_, at, decided))
