"""The words that are stored, cross Kafka and stand in packs and in the API: each listed once, here.

They lie in the kernel because the router's domain, the city packs and the event contracts all name them, and the kernel
is the one room that all three may import. A word added here is a change of the wire: a reader of an older version
parks an event with a word that it does not know, as it parks an unknown type (docs/delivery.md).
"""

from typing import Literal, get_args

StateName = Literal[
    "queued",
    "acknowledged",
    "claimed",
    "on_site",
    "in_progress",
    "waiting_reporter",
    "resolved",
    "closed",
    "rejected",
    "merged",
    "reopened",
]
"""The states of a case. In the router's domain they are the enumeration ``State``."""
ENDED_STATES: frozenset[StateName] = frozenset({"closed", "rejected", "merged"})
"""Nothing more is owed for the case, unless it is opened again."""

Priority = Literal["danger", "urgent", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""Most pressing first."""

ReportKind = Literal["hazard", "opinion", "clue", "need"]

ClockKind = Literal["acknowledge", "on_site", "resolve", "report_in", "finish_part", "confirm"]
CLOCK_KINDS: tuple[ClockKind, ...] = get_args(ClockKind)
CASE_CLOCKS: tuple[ClockKind, ...] = ("acknowledge", "on_site", "resolve")
"""They start when a case is opened; the others start with a call to another unit or a question to the reporter."""
ClockStateName = Literal["running", "paused", "met", "breached", "void"]

Act = Literal["tell", "supervise", "move_to"]
"""What a step of a ladder does: tell a unit, have it supervise the owner (督办), or move the case to it."""
ACTS: tuple[Act, ...] = get_args(Act)

PartStateName = Literal["waiting", "called", "reported_in", "finished", "excused"]
"""Of what a called unit does for a case."""

FeedbackKind = Literal["fixed", "thanks"]
"""A report that reports nothing new."""

VisitKind = Literal["joint_enforcement", "patrol", "campaign", "service"]
VisitStateName = Literal["planned", "held", "cancelled"]

Role = Literal[
    "duty_officer",
    "grid_leader",
    "grid_member",
    "parttime_grid_member",
    "supervisor",
    "inspector",
    "department_officer",
    "property",
    "member",
]
DESK_ROLES: frozenset[Role] = frozenset({"duty_officer", "grid_leader", "supervisor", "department_officer", "property"})
"""Who runs a desk: assigns, transfers, decides on pauses, changes the rota and sets silences."""
