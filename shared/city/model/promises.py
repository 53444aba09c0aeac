"""Commitments (SLA): targets, calendars, escalation ladders and pauses."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.entry import Entry, Fraction, Hours, Id, Iso, Name, Target, Text, TimeOfDay, Weekday, Word
from shared.kernel.vocabulary import ClockKind, Priority, ReportKind

NO_PROMISE = "none"
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class LadderEntry(Entry, frozen=True, kw_only=True):
    """A step of a ladder, with exactly one of ``tell``, ``supervise`` and ``move_to``: own, parent, a level word or a
    unit's id; for the clocks of a part (``report_in``, ``finish_part``) also ``caller``."""

    at: float | str
    clock: ClockKind | tuple[ClockKind, ...] = ("acknowledge", "resolve")
    tell: Word | None = None
    supervise: Word | None = None
    move_to: Word | None = None


class CommitmentEntry(Entry, frozen=True, kw_only=True, cache_hash=True, rename={"class_": "class"}):
    """``commitments.yaml``: the targets for a category or a class (also a priority or ``default``), in a unit.
    ``priority`` and ``kind``: only for cases of these priorities, of these kinds of report.

    A target is a duration; ``acknowledge`` and ``resolve`` may be ``none`` to state that nothing is promised.
    ``forgotten_after``: the elapsed time without any action after which the owner is alerted, then level by level the
    units above.
    """

    id: Id | None = None
    category: str | None = None
    class_: Word | None = None
    unit: Id | None = None
    priority: Priority | tuple[Priority, ...] | None = None
    kind: ReportKind | tuple[ReportKind, ...] | None = None
    acknowledge: Target
    on_site: Iso | None = None
    resolve: Target
    report_in: Iso | None = None
    finish_part: Iso | None = None
    confirm: Iso | None = None
    review: Iso | None = None
    forgotten_after: Iso | None = None
    calendar: str = "always"
    warn_at: Fraction | tuple[Fraction, ...] = 0.8
    ladder: tuple[LadderEntry, ...] = ()
    made_up: bool = False
    note: Text = ""

    def target(self, kind: ClockKind) -> str | None:
        """The target of the clock ``kind``, ISO 8601; None: nothing is promised."""
        promised: str | None = getattr(self, kind)
        return None if promised == NO_PROMISE else promised


class PauseReason(Entry, frozen=True, kw_only=True):
    """``pauses`` of ``commitments.yaml``: a reason to pause clocks. ``longest`` counts on the clock's own calendar.
    ``approved_by``: ``parent`` a level above, ``own`` also a superior at the same desk."""

    code: Code
    name: Name
    name_en: str = ""
    clocks: Annotated[tuple[ClockKind, ...], Meta(min_length=1)] = ("resolve",)
    longest: Iso
    approved_by: Literal["own", "parent"] = "parent"
    made_up: bool = False
    note: Text = ""


class ReturnReason(Entry, frozen=True, kw_only=True):
    """``returns`` of ``commitments.yaml``: a reason for which a unit may return a case (退单)."""

    code: Code
    name: Name
    name_en: str = ""
    made_up: bool = False
    note: Text = ""


class RejectionReason(Entry, frozen=True, kw_only=True):
    """``rejections`` of ``commitments.yaml``: a reason not to take a case on (不予受理). ``where``: where the reporter
    can go with it instead, as he reads it."""

    code: Code
    name: Name
    name_en: str = ""
    where: Text = ""
    where_en: Text = ""
    made_up: bool = False
    note: Text = ""


class CalendarSpec(Entry, frozen=True, kw_only=True):
    """``calendars.yaml``. ``hours``: a list for each of ``days``, or lists by weekday.

    ``country``: an ISO 3166 code; its public holidays and make-up working days are added to those listed here.
    ``confirmed``: the years that somebody has compared with the official notice.
    """

    id: Id
    timezone: str | None = None
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    hours: tuple[Hours, ...] | dict[Weekday, tuple[Hours, ...]]
    holidays: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] | None = None
    confirmed: tuple[Annotated[int, Meta(ge=1970, le=2200)], ...] = ()
    working_days_as: Weekday = "mon"
    cut_off: TimeOfDay | None = None
    resumes: TimeOfDay | None = None
    day_off: Literal["resumes", "same_time"] = "resumes"
    day_end: Literal["same_time", "end_of_day"] = "same_time"
    note: Text = ""
