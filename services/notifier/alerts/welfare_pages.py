"""Somebody needs help: the category names who is paged at once, the rider and grid member paired for that ground."""

from datetime import datetime

from shared.city.pack import Pack
from shared.city.people.rota import RotaChanges
from shared.contracts.cases import CaseState
from shared.contracts.envelope import Envelope


def paged_by_category(event: Envelope, case: CaseState, pack: Pack) -> tuple[str, ...]:
    """The roles that a new case pages, as its category says; empty for most categories."""
    category = pack.categories.get(case.category) if event.type == "case.opened.v1" else None
    return category.pages if category is not None else ()


def paired_people(case: CaseState, pack: Pack, people: Pack, at: datetime, rota: RotaChanges) -> tuple[str, ...]:
    """Ids of the paired rider and member of the case's ground, if the category pages them and they are present.

    Ground and category are as in the case's ``pack``; who is paired there, as in ``people``."""
    ground = pack.units.get(case.within or case.unit)
    category = pack.categories.get(case.category)
    pages = category.pages if category is not None else ()
    named: list[str | None] = []
    for pair in people.posts.pairs_on(ground.path if ground is not None else ()):
        named += [pair.rider if "paired_rider" in pages else None, pair.member if "grid_member" in pages else None]
    return tuple(id_ for id_ in named if id_ is not None and people.posts.is_available(id_, at, rota))
