"""What an import of a sheet answers: the outcome of every row."""

import msgspec
from msgspec import UNSET, UnsetType

from services.router.exchange.words import Outcome, ProblemCode


class BridgeEntry(msgspec.Struct, frozen=True):
    """A platform's sheet that the city's pack describes. ``made_up``: only for showing."""

    id: str
    name: str
    name_en: str
    made_up: bool


class BridgeList(msgspec.Struct, frozen=True):
    items: list[BridgeEntry]


class RowProblem(msgspec.Struct, frozen=True):
    """``column``: its heading; empty where the whole row is meant. ``says``: what is wrong; ``do``: what to do."""

    column: str
    code: ProblemCode
    says: str
    do: str


class RowOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a row. ``row``: as the spreadsheet program counts, from 1. ``number``: the platform's."""

    row: int
    outcome: Outcome
    number: str | UnsetType = UNSET
    case: str | UnsetType = UNSET
    problems: list[RowProblem] = []


class ImportedSheet(msgspec.Struct, frozen=True, kw_only=True):
    """``says``: the counts in words. ``result_sheet``: the outcomes as a file, where it was asked for. ``notice``: of a
    demonstration."""

    bridge: str
    rows: int
    taken: int
    moved: int
    unchanged: int
    wrong: int
    says: str
    items: list[RowOutcome]
    result_sheet: bytes | None = None
    notice: str | None = None
