"""The router's answers about a case, made up, and who reads the page."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec

from services.router.domain.case import State
from services.router.domain.commands.registry import RULES
from shared.case_page.case_answer import CaseAnswer, CaseSeen, Clock, Location, Part
from shared.case_page.look import Look
from shared.case_page.next_steps import Reader
from shared.case_page.words import Words
from shared.kernel.vocabulary import StateName

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PATH = ("county", "town", "quay")
DESK = Reader("desk", frozenset({"quay"}), frozenset(PATH))
ABOVE = Reader("boss", frozenset({"town"}), frozenset(PATH[:2]))
WORKS = Reader("works-desk", frozenset({"works"}), frozenset({"county", "works"}))
STATES: tuple[StateName, ...] = get_args(StateName)
"""Every state of a case."""


def case(state: StateName = "queued", **fields: Any) -> CaseAnswer:
    """A case of the quay, with every command open that the state allows."""
    commands = tuple(name for name, rule in RULES.items() if State(state) in rule.open_in)
    plain = CaseAnswer(
        id="c1",
        state=state,
        priority="normal",
        unit="quay",
        path=PATH,
        category="lamp",
        within="grid-1",
        description="灯坏了",
        location=Location(120.12, 33.78, place="建华园2号楼"),
        photos=("f1",),
        clocks=(Clock("resolve", NOW + timedelta(hours=2, minutes=15), "running"),),
        commands=commands,
    )
    return msgspec.structs.replace(plain, **fields)


def part(state: Any = "called", unit: str = "works", id_: str = "p1") -> Part:
    return Part(id_, unit, "quay", "换灯", state)


class PlainNames:
    """Names that show which id they are of."""

    def unit(self, id_: str) -> str:
        return f"<{id_}>"

    def level(self, id_: str) -> str:
        return f"<level of {id_}>"

    def person(self, id_: str | None) -> str:
        return f"<{id_}>"

    def category(self, code: str | None) -> str:
        return f"<{code}>"

    def question(self, category: str | None, name: str) -> str:
        return f"<{name}>"

    def pause_reason(self, code: str) -> str:
        return f"<{code}>"


def look(answer: CaseAnswer, reader: Reader = DESK, language: str = "zh", **fields: Any) -> Look:
    """Somebody's look at a case."""
    given: dict[str, Any] = {"told": (), "after_photo": "asked", **fields}
    return Look(
        seen=CaseSeen(answer, "7"),
        reader=reader,
        names=PlainNames(),
        words=Words(language),
        now=NOW,
        zone=UTC,
        photo_url=lambda id_: f"/photos/{id_}",
        **given,
    )
