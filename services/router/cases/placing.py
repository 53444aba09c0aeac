"""What follows when a reporter says which of several places was meant: the case goes to the unit of that place."""

import re

from services.router.cases.routing import path_of
from services.router.cases.sla_from_pack import promise
from services.router.domain.case import Case, State
from services.router.domain.events import Noted, Placed
from shared.city.pack import Pack
from shared.city.place.locating import Located
from shared.city.words.phrases import plain
from shared.kernel.numerals import read

_NUMBER = re.compile(r"第?(\S)[个处号]?[。.！!]?")
_NOT_BEGUN = frozenset({State.QUEUED, State.ACKNOWLEDGED, State.REOPENED})


def placed(case: Case, said: Noted, words: str | None, pack: Pack) -> Placed | None:
    """The event, if ``words`` answer the case's question about its place with exactly one; else None.

    The owner changes only where the place had decided it, and while nobody has begun: whoever is at work keeps it.
    """
    found = _meant(case, words, pack) if words else None
    if found is None:
        return None
    moves = case.routing.by == "place" and case.state in _NOT_BEGUN and found.unit != case.unit
    path = path_of(pack, found.unit) if moves else case.path
    return Placed(
        at=said.at,
        text=said.text,
        photos=said.photos,
        path=path,
        within=found.within if path[-1].id in pack.units[found.within or found.unit].path else None,
        place=found.place,
        point=found.spot,
        promise=promise(case, pack, path, case.category, case.priority) if moves else None,
        moved=moves,
    )


def _meant(case: Case, words: str, pack: Pack) -> Located | None:
    """The place that is meant: by its number in the question, or by the words, with those of the report or alone."""
    if case.place_question is None:
        return None
    candidates = case.place_question.candidates
    number = _NUMBER.fullmatch(plain(words).strip())
    chosen = (read(number[1]) or 0) if number is not None else 0
    there = [one for one in candidates if one.unit in pack.units]  # the pack of today may have other units
    if 1 <= chosen <= len(candidates) and candidates[chosen - 1] in there:
        return pack.locate(None, candidates[chosen - 1].place, candidates[chosen - 1].unit)
    before = " ".join(filter(None, (case.location.address, case.description)))
    above = {unit for one in there for unit in pack.units[one.unit].path[:-1]}
    for text in (f"{words} {before}", words):
        found = pack.locate(None, text)
        if found.by == "place" and "ambiguous_place" not in found.flags and found.unit not in above:
            return found
    return None
