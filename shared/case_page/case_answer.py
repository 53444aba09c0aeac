"""What a page needs of the router's answer about a case (``GET /v1/cases/{id}``), typed; other fields are ignored."""

from datetime import datetime
from typing import Literal

import msgspec

from shared.kernel.vocabulary import HOWS, ClockKind, PartStateName, Priority, StateName


class Location(msgspec.Struct, frozen=True):
    """WGS-84 degrees, where they are known."""

    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    place: str | None = None


class Clock(msgspec.Struct, frozen=True):
    """``part``: whose clock it is; None: the case's own. Kinds and states of a newer version can be read."""

    kind: str
    due_at: datetime
    state: str
    met_at: datetime | None = None
    superseded_at: datetime | None = None
    part: str | None = None


class Part(msgspec.Struct, frozen=True):
    """What a called unit does for the case."""

    id: str
    unit: str
    caller: str = ""
    work: str = ""
    state: PartStateName = "called"
    said: str | None = None


class Ask(msgspec.Struct, frozen=True):
    """A pause or an extension that waits for its approval. ``reason``: for a pause a code of the pack."""

    what: Literal["pause", "extension"]
    clock: ClockKind
    asked_by: str
    reason: str = ""
    until: datetime | None = None
    approver: Literal["own", "parent"] = "parent"
    part: str | None = None


class UnitToSendTo(msgspec.Struct, frozen=True):
    id: str
    name: str
    name_en: str = ""


class Ruling(msgspec.Struct, frozen=True):
    """What the owner asks a level above to rule on; kinds of a newer version can be read. ``ruler``: who is asked.
    ``may_go_to``: units to which the reader may send what is returned."""

    what: str
    asked_by: str | None = None
    unit: str = ""
    ruler: str = ""
    text: str = ""
    suggests: str | None = None
    may_go_to: tuple[UnitToSendTo, ...] = ()


class Consultation(msgspec.Struct, frozen=True):
    """A question to several units, until it is concluded."""

    question: str = ""
    parties: tuple[str, ...] = ()
    conclusion: str | None = None


class NotOurs(msgspec.Struct, frozen=True):
    """Who may deal with the matter instead."""

    name: str = ""


class CallBack(msgspec.Struct, frozen=True):
    """The call to the reporter (回访) that is to come or waits. ``report``: whose reporter."""

    report: str | None = None
    tried: int = 0


class Line(msgspec.Struct, frozen=True):
    """A line of the history. ``what``: its event, also of a newer version; ``text``: what somebody wrote."""

    what: str = ""
    at: datetime | None = None
    by: str | None = None
    text: str | None = None
    unit: str | None = None
    photos: tuple[str, ...] = ()


class ReportOfCase(msgspec.Struct, frozen=True):
    """A report on the case. ``answers``: to its category's questions, by the question's name."""

    id: str
    answers: dict[str, str | int | float | bool] = {}


class CaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``path``: units from the root to the owner. ``commands``: those that are open to who asked.
    ``outcomes``: how it may be resolved."""

    id: str
    state: StateName
    priority: Priority
    unit: str
    path: tuple[str, ...] = ()
    category: str | None = None
    within: str | None = None
    offered_to: str | None = None
    location: Location = Location()
    description: str = ""
    confidential: bool = False
    photos: tuple[str, ...] = ()
    reports: tuple[ReportOfCase, ...] = ()
    clocks: tuple[Clock, ...] = ()
    parts: tuple[Part, ...] = ()
    outcomes: tuple[str, ...] = HOWS
    asks: tuple[Ask, ...] = ()
    ruling: Ruling | None = None
    consultation: Consultation | None = None
    history: tuple[Line, ...] = ()
    report_count: int = 1
    supervised_by: str | None = None
    claimed_by: str | None = None
    assignee: str | None = None
    resolved_by: str | None = None
    resolved_how: str | None = None
    inspected_by: str | None = None
    merged_into: str | None = None
    recused: tuple[str, ...] = ()
    suspected: tuple[str, ...] = ()
    sensitive: str | None = None
    not_ours: NotOurs | None = None
    call_back: CallBack | None = None
    commands: tuple[str, ...] = ()

    def part(self, id_: str | None) -> Part | None:
        return next((part for part in self.parts if part.id == id_), None)

    @property
    def pictures(self) -> tuple[str, ...]:
        """Ids of all photos on the case: of the reports, and of what officers did."""
        of_officers = (photo for line in self.history for photo in line.photos)
        return tuple(dict.fromkeys((*self.photos, *of_officers)))


class CaseSeen(msgspec.Struct, frozen=True):
    """A case with the version that was shown: the ETag without its quotes, a number."""

    case: CaseAnswer
    version: str


def seen(content: bytes, etag: str) -> CaseSeen:
    """Reads the router's answer. Raises ``msgspec.DecodeError``."""
    return CaseSeen(msgspec.json.decode(content, type=CaseAnswer), etag.strip('"'))
