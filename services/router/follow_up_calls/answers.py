"""The shapes in which the API shows the list of calls to make (回访), and the figures of satisfaction."""

from datetime import datetime

import msgspec

from shared.contracts.persons import MaskedReporter
from shared.kernel.vocabulary import Priority, ReportKind


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case whose reporter is to be called. ``unit``: that handled it; ``by``: whose desk calls; ``since``: when it
    was due, or was tried last. ``report``: whose reporter that is, as ``unmask`` takes it; ``reporter``: masked, for
    officers. Of a sensitive case neither place, words nor reporter stand here: they are read on the case."""

    id: str
    unit: str
    by: str
    category: str
    kind: ReportKind
    priority: Priority
    place: str | None
    summary: str
    closed_at: datetime | None
    how: str | None
    since: datetime
    tried: int
    tries: int
    report: str | None
    reporter: MaskedReporter | None = None


class CallPage(msgspec.Struct, frozen=True):
    """Who waits longest first."""

    items: list[CallRow]
    next: str | None


class Satisfaction(msgspec.Struct, frozen=True, kw_only=True):
    """Of the cases that ``unit`` handled. ``heard``: endings that were rated or whose reporter was reached, of these
    ``satisfied`` 满意, ``mostly_satisfied`` 基本满意 and ``dissatisfied`` 不满意. ``satisfaction_rate`` 满意率: of
    ``heard`` the first two. ``tried``: endings about which somebody called, ``reached`` of them; ``reach_rate``:
    回访成功率. A rate of nothing is null."""

    unit: str
    heard: int
    satisfied: int
    mostly_satisfied: int
    dissatisfied: int
    satisfaction_rate: float | None
    tried: int
    reached: int
    reach_rate: float | None


class SatisfactionReport(msgspec.Struct, frozen=True, kw_only=True):
    """A month of a unit and all below it. ``items``: by the unit that handled the cases; ``complete``: false where
    there were more cases than are counted."""

    month: str
    unit: str
    total: Satisfaction
    items: list[Satisfaction]
    complete: bool
