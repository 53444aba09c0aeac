"""What router and intake ask each other about tickets elsewhere, and what they answer."""

import msgspec
from msgspec import UNSET, UnsetType

from shared.kernel.vocabulary import ReportChannel


class TicketReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report of a ticket elsewhere. ``case``: the one that it is handled in, after merging; absent before there is
    one."""

    report: str
    app: str
    channel: ReportChannel
    case: str | UnsetType = UNSET


class TicketReports(msgspec.Struct, frozen=True):
    """By the number elsewhere, newest first; numbers that no report has are absent. Confidential reports are not
    found: their numbers are sealed."""

    items: dict[str, list[TicketReport]]


class NumberedReports(msgspec.Struct, frozen=True):
    """Ids of the reports to whose case a platform gave a number, newest first: what the router answers intake."""

    reports: list[str]


class WrongField(msgspec.Struct, frozen=True):
    """A field of a report that was not taken: an RFC 6901 pointer, and why."""

    pointer: str
    detail: str


class WhyNotTaken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a report of a batch was not taken."""

    type: str
    detail: str
    errors: list[WrongField] = []


class TakenReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one report of a batch: 202 with its id; 200 for what is not dealt with here."""

    index: int
    status: int
    id: str | None = None
    replayed: bool = False
    problem: WhyNotTaken | None = None


class TakenReports(msgspec.Struct, frozen=True):
    """In the order in which they were sent."""

    items: list[TakenReport]
