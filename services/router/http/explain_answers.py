"""What ``GET /v1/cases/{id}/explain`` answers: the case's clocks with the pack's own words about them."""

from datetime import date, datetime

import msgspec

from services.router.cases.case_answers import ExtensionView, PauseView
from shared.city.model.promises import LadderEntry
from shared.kernel.vocabulary import Act, ClockKind, ClockStateName, Priority, StateName


class NamedCategory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"class_": "class"}):
    """The code alone is known where the pack has no such category any more. ``class``: null where it has none."""

    code: str
    name: str
    name_en: str | msgspec.UnsetType = msgspec.UNSET
    class_: str | msgspec.UnsetType | None = msgspec.UNSET


class NamedUnit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The id alone is known where the pack has no such unit any more."""

    id: str
    name: str
    name_en: str | msgspec.UnsetType = msgspec.UNSET
    level: str | msgspec.UnsetType = msgspec.UNSET


class RuleEffect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a rule sets."""

    unit: str | None = None
    goes_to: str | None = None
    priority: Priority | None = None
    category: str | None = None


class AppliedRule(msgspec.Struct, frozen=True):
    id: str
    note: str
    then: RuleEffect


class ExplainedRouting(msgspec.Struct, frozen=True, kw_only=True):
    """Why the case went where it is."""

    by: str
    why: list[str]
    flags: list[str]
    near_border: bool
    pack_version: str
    category_by: str
    rule: AppliedRule | None
    place: str | None
    within: NamedUnit | None
    path: list[NamedUnit]


class CommitmentWords(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"class_": "class"}):
    """A promise as the pack of ``version`` words it; what it does not say is absent."""

    id: str
    version: str
    category: str | None = None
    class_: str | None = None
    unit: str | None = None
    acknowledge: str | None = None
    on_site: str | None = None
    resolve: str | None = None
    report_in: str | None = None
    finish_part: str | None = None
    confirm: str | None = None
    forgotten_after: str | None = None
    calendar: str | None = None
    warn_at: float | list[float] | None = None
    ladder: list[LadderEntry] = []
    made_up: bool = False
    note: str = ""


class CalendarWords(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A calendar as the pack words it; what it does not say is absent. ``hours``: for all ``days``, or by weekday."""

    id: str
    timezone: str
    days: list[str] = []
    hours: list[str] | dict[str, list[str]] = []
    holidays: list[date] = []
    working_days: list[date] = []
    country: str | None = None
    confirmed: list[int] = []
    working_days_as: str | None = None
    cut_off: str | None = None
    resumes: str | None = None
    day_off: str | None = None
    day_end: str | None = None
    note: str = ""


class ExplainedRung(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of the ladder; ``unit``: whom it meant when it fired, else whom it means now; null when there is none."""

    at: datetime
    act: Act
    to: str
    unit: NamedUnit | None
    fired_at: datetime | None = None


class ExplainedClock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clock with its promise and calendar. ``worked_seconds``: working time from ``counts_from`` to the deadline."""

    kind: ClockKind
    started_at: datetime
    target: str
    due_at: datetime
    state: ClockStateName
    pauses: list[PauseView]
    met_at: datetime | None = None
    extensions: list[ExtensionView] = []
    superseded_at: datetime | None = None
    part: str | None = None
    commitment: CommitmentWords
    calendar: CalendarWords
    counts_from: datetime
    worked_seconds: float
    warn_at: datetime | None
    warned: bool
    rungs: list[ExplainedRung]


class ExplainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    city: str
    timezone: str
    now: datetime
    state: StateName
    priority: Priority
    category: NamedCategory
    unit: NamedUnit
    routing: ExplainedRouting
    clocks: list[ExplainedClock]
