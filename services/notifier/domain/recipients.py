"""Who is told of what: from an event of a case to notices for units and posts. Pure; people are found elsewhere."""

from dataclasses import dataclass
from typing import Literal

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
    """Tell the people on ``post`` (None: everybody at the desk) of ``unit``. ``person``: one person instead; ``role``:
    those with that role at the unit, or at the nearest above it that has any."""

    kind: Kind
    unit: str
    post: Literal["A", "B"] | None = None
    person: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What of an event matters here."""

    type: str
    unit: str
    within: str | None
    offered_to: str | None
    act: str | None
    tell: tuple[str, ...]
    assignee: str | None = None
    historic: bool = False
    paired: tuple[str, ...] = ()
    """People who look after somebody there, for a category that pages them."""
    early: bool = False
    """The clock of a ladder's step has not run out yet."""
    part: str | None = None
    """The part of the case that it is about."""
    effect: bool = False
    """Whether the effect of what was closed is to be looked at: 效果检视."""


_TOGETHER: dict[str, Kind] = {
    "case.reported_in.v1": "reported_in",
    "case.part_finished.v1": "finished",
    "case.part_excused.v1": "excused",
    "case.consulted.v1": "consulted",
    "case.concluded.v1": "concluded",
    "case.planned.v1": "planned",
    "case.follow_up.v1": "follow_up",
    "case.supervised.v1": "supervise",
    "case.forgotten.v1": "forgotten",
    "case.info_given.v1": "answered",
    "case.info_missing.v1": "unanswered",
    "clock.pause_requested.v1": "asked",
    "clock.extension_requested.v1": "asked",
    "clock.paused.v1": "decided",
    "clock.extended.v1": "decided",
    "clock.pause_refused.v1": "refused",
    "clock.extension_refused.v1": "refused",
}
"""What the desks of those who work together hear of each other."""
_LADDER: dict[str | None, Kind] = {"tell": "breach", "supervise": "supervise", "move_to": "moved"}


def notices(told: Told) -> list[Notice]:
    """The notices of one event, in the order in which they are sent.

    A new case goes to post A of its queue (who signs) and post B of its ground (who goes there), both at once.
    """
    if told.historic:
        return []
    match told.type:
        case "case.opened.v1":
            return [*(Notice("need", told.unit, person=person) for person in told.paired), *_both(told, "new")]
        case "case.reopened.v1":
            return [*_both(told, "reopened"), *(Notice("reopened", unit, "A") for unit in told.tell)]
        case "clock.warned.v1":
            return [Notice("reminder", unit, "A") for unit in _responsible(told)]
        case "clock.breached.v1":
            return [Notice("breach", unit, "A") for unit in _responsible(told)]
        case "case.called_in.v1" | "case.part_started.v1":
            return [Notice("called", unit, post) for unit in told.tell for post in _POSTS]
        case "case.follow_up.v1" if told.effect:
            looks = [Notice("follow_up", unit, role="inspector") for unit in told.tell]
            return [*looks, *(Notice("follow_up", unit, "A") for unit in told.tell)]
        case type_ if type_ in _TOGETHER:
            return [Notice(_TOGETHER[type_], unit, "A") for unit in told.tell]
        case "case.escalated.v1":
            kind = "reminder" if told.act == "tell" and told.early else _LADDER.get(told.act, "told")
            return [Notice(kind, unit, "A") for unit in told.tell]
        case "case.offered.v1":
            return [Notice("offered", unit, "A") for unit in told.tell]
        case "case.priority_raised.v1":
            return [Notice("raised", unit, "A") for unit in told.tell]
        case "case.moved.v1":
            return [Notice("moved", told.unit, "A")]
        case "case.assigned.v1" if told.assignee is not None:
            return [Notice("assigned", told.unit, person=told.assignee)]
        case _:
            return []


def _responsible(told: Told) -> tuple[str, ...]:
    """Whose clock it is: the case's owner; of a part, the called unit and whom else the event names."""
    return (told.unit,) if told.part is None else told.tell


def _both(told: Told, kind: Kind) -> list[Notice]:
    ground = told.within or told.unit
    return [Notice(kind, told.unit, "A"), Notice(kind, ground, "B")]
