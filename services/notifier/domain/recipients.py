"""Who is alerted of an event of a case: notices for units and posts. Pure; ``alerts.on_duty`` finds the people."""

from dataclasses import dataclass
from typing import Literal

from shared.kernel.vocabulary import ReporterWord, Sample

Kind = Literal[
    "new",
    "reminder",
    "breach",
    "supervise",
    "moved",
    "offered",
    "reopened",
    "assigned",
    "told",
    "raised",
    "unrouted",
    "unstaffed",
    "unattended",
    "need",
    "over",
    "test",
    "called",
    "reported_in",
    "finished",
    "excused",
    "consulted",
    "concluded",
    "planned",
    "follow_up",
    "asked",
    "decided",
    "refused",
    "answered",
    "unanswered",
    "forgotten",
    "judge",
    "recused",
    "sensitive",
    "inspect",
    "declined",
    "added",
    "fixed",
    "found",
    "withdrawn",
    "duty",
    "appointed",
    "joint_enforcement",
    "patrol",
    "campaign",
    "service",
    "visit_today",
    "visit_off",
]


_POSTS: tuple[Literal["A", "B"], ...] = ("A", "B")


@dataclass(frozen=True, slots=True)
class Notice:
    """Alert the people on ``post`` (None: everybody at the desk) of ``unit``. ``person``: one person instead; ``role``:
    those with that role at the unit, or at the nearest above it that has any."""

    kind: Kind
    unit: str
    post: Literal["A", "B"] | None = None
    person: str | None = None
    role: str | None = None
    or_desk: bool = False
    """Where nobody has the ``role``, the desk of the unit is meant, and where nobody is left there, that above it."""
    but: str | None = None
    """Somebody who is not told: who resolved a case does not inspect it."""


@dataclass(frozen=True, slots=True)
class AlertTrigger:
    """What an event of a case says that decides who is alerted."""

    type: str
    unit: str
    within: str | None
    offered_to: str | None
    act: str | None
    tell: tuple[str, ...]
    judges: tuple[str, ...] = ()
    """Units that decide what the words of a new report suggest."""
    assignee: str | None = None
    quiet: bool = False
    """Nobody is alerted: the case is history, or an imported open item caused the event."""
    paired: tuple[str, ...] = ()
    """Ids of people who look after somebody there, for a category that pages them."""
    early: bool = False
    """An escalation step before the clock has run out."""
    part: str | None = None
    """The part of the case that it is about."""
    clock: str | None = None
    """The kind of the clock that it is about."""
    by: str | None = None
    """The person who did it."""
    asked_by: str | None = None
    """The person whose request it answers."""
    reporter_word: ReporterWord | None = None
    sample: Sample | None = None
    """Of a patrol find that was handled on the spot; nobody is alerted to handle that."""
    danger: bool = False
    effect: bool = False
    """The effect of the closed case is to be reviewed: 效果检视."""


_TOGETHER: dict[str, Kind] = {
    "case.reported_in.v1": "reported_in",
    "case.part_finished.v1": "finished",
    "case.part_excused.v1": "excused",
    "case.consulted.v1": "consulted",
    "case.concluded.v1": "concluded",
    "case.planned.v1": "planned",
    "case.follow_up.v1": "follow_up",
    "case.supervised.v1": "supervise",
    "case.refused.v1": "declined",
    "case.forgotten.v1": "forgotten",
    "case.recused.v1": "moved",
    "case.marked_sensitive.v1": "sensitive",
    "case.info_given.v1": "answered",
    "case.info_missing.v1": "unanswered",
    "clock.pause_requested.v1": "asked",
    "clock.extension_requested.v1": "asked",
    "case.return_requested.v1": "asked",
    "case.rejection_requested.v1": "asked",
    "case.objected.v1": "asked",
    "case.outcome_requested.v1": "asked",
}
"""Event type → kind of alert for the desks of the other units that work on the case."""
_DECIDED: dict[str, Kind] = {
    "clock.paused.v1": "decided",
    "clock.extended.v1": "decided",
    "clock.pause_refused.v1": "refused",
    "clock.extension_refused.v1": "refused",
    "case.returned.v1": "decided",
    "case.return_refused.v1": "refused",
    "case.rejected.v1": "decided",
    "case.rejection_refused.v1": "refused",
    "case.outcome_refused.v1": "refused",
}
"""Event type → kind of alert for who asked, and for the desks whose clock it is."""
_LADDER: dict[str | None, Kind] = {"tell": "breach", "supervise": "supervise", "move_to": "moved"}


def notices(trigger: AlertTrigger) -> list[Notice]:
    """The notices of one event, in the order in which they are sent.

    A new case goes to post A of its queue (who acknowledges) and post B of its ground (who goes there), both at once; a
    danger whose place may be one of several, to the desks of all of them.
    """
    if trigger.quiet:
        return []
    match trigger.type:
        case "case.opened.v1" if trigger.sample is not None:
            known = [Notice("found", trigger.unit, "A")] if trigger.danger else []
            return [*_inspecting(trigger, trigger.by), *known]
        case "case.opened.v1":
            paired = (Notice("need", trigger.unit, person=person) for person in trigger.paired)
            meant = (Notice("new", unit, "A") for unit in trigger.tell)
            return [*paired, *_both(trigger, "new"), *meant, *(Notice("judge", unit, "A") for unit in trigger.judges)]
        case "case.placed.v1":
            return _both(trigger, "answered" if trigger.tell else "moved")
        case "case.reopened.v1":
            return [*_both(trigger, "reopened"), *(Notice("reopened", unit, "A") for unit in trigger.tell)]
        case "clock.warned.v1" | "clock.breached.v1" as type_:
            late: Kind = "breach" if type_ == "clock.breached.v1" else "reminder"
            return [Notice(late, unit, "A") for unit in _responsible(trigger)]
        case "case.called_in.v1" | "case.part_started.v1":
            return [Notice("called", unit, post) for unit in trigger.tell for post in _POSTS]
        case "case.follow_up.v1" if trigger.effect:
            looks = [Notice("follow_up", unit, role="inspector") for unit in trigger.tell]
            return [*looks, *(Notice("follow_up", unit, "A") for unit in trigger.tell)]
        case type_ if type_ in _TOGETHER:
            return [Notice(_TOGETHER[type_], unit, "A") for unit in trigger.tell]
        case type_ if type_ in _DECIDED:
            new = [Notice("moved", trigger.unit, "A")] if type_ == "case.returned.v1" else []
            return [*new, *_decided(trigger, _DECIDED[type_])]
        case "case.confirmed.v1" if trigger.by is not None and trigger.reporter_word is not None:
            return [Notice("found", unit, "A") for unit in trigger.tell]
        case "case.noted.v1" | "case.confirmed.v1" if trigger.reporter_word is not None:
            return [Notice(trigger.reporter_word, unit, "A") for unit in trigger.tell]
        case "case.resolved.v1":
            return _inspecting(trigger, trigger.asked_by or trigger.by)
        case "case.escalated.v1":
            return [Notice(_escalated(trigger), unit, "A") for unit in trigger.tell]
        case "case.offered.v1":
            return [Notice("offered", unit, "A") for unit in trigger.tell]
        case "case.priority_raised.v1":
            return [Notice("raised", unit, "A") for unit in trigger.tell]
        case "case.moved.v1":
            return [Notice("moved", trigger.unit, "A")]
        case "case.assigned.v1" if trigger.assignee is not None:
            return [Notice("assigned", trigger.unit, person=trigger.assignee)]
        case _:
            return []


def _inspecting(trigger: AlertTrigger, resolver: str | None) -> list[Notice]:
    return [Notice("inspect", unit, role="inspector", or_desk=True, but=resolver) for unit in trigger.tell]


def _escalated(trigger: AlertTrigger) -> Kind:
    """A rung before the deadline reminds, one after it tells of the breach; brought up by hand, nothing is overdue."""
    if trigger.act == "tell" and trigger.clock is None:
        return "told"
    return "reminder" if trigger.act == "tell" and trigger.early else _LADDER.get(trigger.act, "told")


def _decided(trigger: AlertTrigger, kind: Kind) -> list[Notice]:
    """Who asked hears the decision, on duty or not; and so do the desks whose clock it is."""
    desks = [Notice(kind, unit, "A") for unit in trigger.tell]
    if trigger.asked_by is None or trigger.asked_by == trigger.by:
        return desks
    unit = trigger.tell[0] if trigger.tell else trigger.unit
    return [Notice(kind, unit, person=trigger.asked_by), *desks]


def _responsible(trigger: AlertTrigger) -> tuple[str, ...]:
    """The units whose clock it is: the case's owner; for a clock of a part, or the time of who has to rule, the units
    that the event names."""
    return (trigger.unit,) if trigger.part is None and trigger.clock != "review" else trigger.tell


def _both(trigger: AlertTrigger, kind: Kind) -> list[Notice]:
    ground = trigger.within or trigger.unit
    return [Notice(kind, trigger.unit, "A"), Notice(kind, ground, "B")]
