"""A platform's sheet as rows that mean something: found by its headings, codes looked up, every fault named."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from services.router.exchange.answers import RowProblem
from services.router.exchange.new_reports import NewReports
from services.router.exchange.sheet_files import CELL_MAX, TITLES_MAX, Table
from services.router.exchange.words import ProblemCode, Texts
from shared.city.bridges import BridgeLookup, PlatformState
from shared.city.model.bridges import BridgeField
from shared.city.pack import Pack
from shared.kernel.errors import FieldError, Refusal, invalid
from shared.kernel.spelling import stored_spelling
from shared.kernel.vocabulary import How

NUMBER = re.compile(r"[^\x00-\x20\x7f-\x9f]{1,60}")
RESULT_MAX = REASON_MAX = 2000
SHOWN_MAX = 60
"""Characters of a wrong value that an answer repeats."""
WORDS = frozenset[BridgeField]({"description", "address", "result"})
LONGEST: Mapping[BridgeField, int] = {
    "result": RESULT_MAX,
    "reason": REASON_MAX,
    "address": 500,
    "reporter_name": 100,
    "reporter_phone": 40,
}


@dataclass(slots=True)
class Row:
    """A row of the sheet. ``state``: what the platform says of it; ``problems``: why it cannot be dealt with;
    ``new_problems``: why it cannot become a report, if it is new. ``digest``: of all that it says."""

    row: int
    number: str | None
    id: str | None
    digest: str
    said: Mapping[BridgeField, str]
    state: PlatformState | None = None
    state_at: datetime | None = None
    how: How | None = None
    problems: list[RowProblem] = field(default_factory=list)
    body: dict[str, object] = field(default_factory=dict)
    new_problems: list[RowProblem] = field(default_factory=list)

    @property
    def result(self) -> str:
        return self.said.get("result", "")

    @property
    def reason(self) -> str:
        """Why it was not taken on, or opened again."""
        return self.said.get("reason", "")


class Faults:
    """Makes problems of rows, with the headings and in the language of the city."""

    def __init__(self, bridge: BridgeLookup, texts: Texts) -> None:
        self._bridge = bridge
        self._texts = texts

    def of(self, code: ProblemCode, column: BridgeField | None = None, value: str = "", form: str = "") -> RowProblem:
        says, do = self._texts.problem(code, value[:SHOWN_MAX], form)
        heading = self._bridge.columns.get(column, "") if column is not None else ""
        return RowProblem(column=heading, code=code, says=says, do=do)


def read_rows(table: Table, bridge: BridgeLookup, pack: Pack, faults: Faults) -> list[Row]:
    """The rows below the headings; blank ones are left out. Raises ``Refusal`` 422 for a sheet without headings."""
    at, columns = _headings(table, bridge)
    reader = _Reader(bridge, pack, faults)
    seen: dict[str, int] = {}
    rows: list[Row] = []
    for below, cells in enumerate(table.rows[at + 1 :], at + 1):
        said = {name: _cell(name, cells[column]) for name, column in columns.items() if column < len(cells)}
        if not any(text.strip() for text in said.values()):
            continue
        rounded = frozenset(name for name, column in columns.items() if (below, column) in table.rounded)
        row = reader.row(below + 1, said, rounded)
        if row.number is not None and row.number in seen:
            row.problems.append(faults.of("number_twice", "outside_number", str(seen[row.number])))
        elif row.number is not None:
            seen[row.number] = row.row
        rows.append(row)
    return rows


def _cell(name: BridgeField, text: str) -> str:
    """What people wrote stays as it is; codes and numbers lose the blanks around them."""
    return text if name in WORDS else text.strip()


def _headings(table: Table, bridge: BridgeLookup) -> tuple[int, dict[BridgeField, int]]:
    """Where they stand, and which column shows what. Titles and notices may stand above them."""
    names = {name: shows for shows, name in bridge.columns.items()}
    best: tuple[int, list[str]] = (0, [])
    for at, cells in enumerate(table.rows[: TITLES_MAX + 1]):
        known = [cell.strip() for cell in cells]
        if sum(cell in names for cell in known) > sum(cell in names for cell in best[1]):
            best = at, known
    at, known = best
    if twice := sorted({name for name in known if name in names and known.count(name) > 1}):
        raise unreadable(f"the column {', '.join(twice)} is there twice: take one out")
    found = {names[name]: column for column, name in enumerate(known) if name in names}
    if "state" not in found or not found.keys() & {"outside_number", "id"}:
        wanted = [bridge.columns[shows] for shows in ("outside_number", "id", "state") if shows in bridge.columns]
        raise unreadable(
            f"its headings are not those of {bridge.entry.name}: one of the first {TITLES_MAX} rows of its first sheet "
            f"has to have {', '.join(wanted)}"
        )
    return at, found


def unreadable(says: str) -> Refusal:
    """422 for a file as a whole: nothing of it was dealt with."""
    return invalid(FieldError("", f"Nothing was taken from the file: {says}."))


class _Reader:
    """Reads one row after the other."""

    def __init__(self, bridge: BridgeLookup, pack: Pack, faults: Faults) -> None:
        self._bridge = bridge
        self._faults = faults
        self._times = Times(bridge.entry.dates, pack.posts.zone)
        self._new = NewReports(bridge)

    def row(self, number: int, said: Mapping[BridgeField, str], rounded: frozenset[BridgeField]) -> Row:
        digest = hashlib.sha256("\x1f".join(f"{name}={said[name]}" for name in sorted(said)).encode()).hexdigest()
        given = stored_spelling(said.get("outside_number", "")) or None
        row = Row(number, given, said.get("id") or None, digest, said)
        self._numbers(row, rounded)
        self._lengths(row)
        self._state(row)
        self._report(row)
        return row

    def _numbers(self, row: Row, rounded: frozenset[BridgeField]) -> None:
        add = row.problems.append
        if row.number is None and row.id is None:
            add(self._faults.of("no_number", "outside_number" if "outside_number" in self._bridge.columns else "id"))
        elif "outside_number" in rounded:
            add(self._faults.of("number_rounded", "outside_number"))
        elif row.number is not None and NUMBER.fullmatch(row.number) is None:
            add(self._faults.of("number_wrong", "outside_number"))

    def _lengths(self, row: Row) -> None:
        for name, text in row.said.items():
            most = LONGEST.get(name, CELL_MAX)
            if len(text) > most:
                row.problems.append(self._faults.of("too_long", name, str(most)))

    def _state(self, row: Row) -> None:
        word = row.said.get("state", "")
        words = "、".join(self._bridge.state_words)
        row.state = self._bridge.state(word)
        if row.state is None:
            code: ProblemCode = "state_unknown" if word else "state_missing"
            row.problems.append(self._faults.of(code, "state", word or words))
        row.state_at = self._time(row, "state_at", row.problems)
        how = row.said.get("how", "")
        row.how = self._bridge.how(how)
        if how and row.how is None:
            row.problems.append(self._faults.of("how_unknown", "how", how, "、".join(self._bridge.outcome_words)))

    def _report(self, row: Row) -> None:
        """The body that it is reported with, if it is new."""
        made = self._new.of(row.said, self._time(row, "reported_at", row.new_problems))
        row.body = made.body
        row.new_problems += [self._faults.of(code, column, value) for code, column, value in made.wrong]

    def _time(self, row: Row, name: BridgeField, problems: list[RowProblem]) -> datetime | None:
        text = row.said.get(name, "")
        if not text:
            return None
        at = self._times.read(text)
        if at is None:
            problems.append(self._faults.of("date_wrong", name, text, self._times.example))
        return at


class Times:
    """Times as the platform writes them, in the city's zone; Excel's own as well."""

    def __init__(self, form: str, zone: ZoneInfo) -> None:
        self._form = form
        self._zone = zone
        self.example = datetime(2026, 3, 2, 14, 5, tzinfo=zone).strftime(form)

    def read(self, text: str) -> datetime | None:
        """None for what is no time."""
        try:
            return datetime.strptime(text, self._form).replace(tzinfo=self._zone)
        except (ValueError, OverflowError):
            return self._of_excel(text)

    def _of_excel(self, text: str) -> datetime | None:
        try:
            at = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            return None
        return at if at.tzinfo is not None else at.replace(tzinfo=self._zone)
