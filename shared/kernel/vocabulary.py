"""The closed lists of words that are stored, cross Kafka, and occur in packs and in the API: each defined once.

They are in the kernel because the router's domain, the city packs and the event contracts use them, and all three may
import only the kernel. Adding a word changes the wire format: a consumer of an older version parks an event with a word
that it does not know, as it parks an unknown type (docs/delivery.md).
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
"""The states of a case; the router's domain has them as the enumeration ``State``."""
ENDED_STATES: frozenset[StateName] = frozenset({"closed", "rejected", "merged"})
"""States in which no more work is due, unless the case is reopened."""

Priority = Literal["danger", "urgent", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""Most pressing first."""

ReportKind = Literal["hazard", "opinion", "clue", "need"]

ClockKind = Literal["acknowledge", "on_site", "resolve", "report_in", "finish_part", "confirm"]
CLOCK_KINDS: tuple[ClockKind, ...] = get_args(ClockKind)
CASE_CLOCKS: tuple[ClockKind, ...] = ("acknowledge", "on_site", "resolve")
"""Clocks that start when a case is opened. The others start when a unit is called in or the reporter is asked."""
ClockStateName = Literal["running", "paused", "met", "breached", "void"]

AfterPhoto = Literal["none", "asked", "required"]
"""Whether a photo is sent when a case of a category is resolved (处置后照片)."""

Act = Literal["tell", "supervise", "move_to"]
"""What a step of an escalation ladder does: tell a unit, let it supervise the owner (督办), move the case to it."""
ACTS: tuple[Act, ...] = get_args(Act)

PartStateName = Literal["waiting", "called", "reported_in", "finished", "excused"]
"""The states of a part, which is what a called-in unit does for a case."""

ReporterWord = Literal["added", "fixed", "withdrawn"]
"""What a reporter says afterwards: more about it, that it is fixed, or that the report is withdrawn."""

FeedbackKind = Literal["fixed", "thanks"]
"""The kinds of reports that report nothing new: it is fixed, or thanks."""

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
"""Roles of a desk: they assign, transfer, decide on pauses, change the rota and set silences."""

RefusalReason = Literal[
    "role",
    "not_named",
    "guest",
    "moved_up",
    "nobody_of_the_city",
    "ended",
    "state",
    "taken",
    "claimed_by_another",
    "claim_first",
    "not_resolved",
    "inspected_already",
    "own_work",
    "not_inspected",
    "nothing_offered",
    "offered_elsewhere",
    "offered_already",
    "no_level_above",
    "not_above",
    "parts_open",
    "nobody_called",
    "not_called_in",
    "not_your_part",
    "turn_not_come",
    "part_ended",
    "no_part_open",
    "caller_excuses",
    "no_clock",
    "waits_for_reporter",
    "asked_already",
    "nothing_asked",
    "not_yours_to_grant",
    "not_your_clock",
    "nothing_paused",
    "consulted_above",
    "consults_already",
    "nobody_consults",
    "concluded",
    "consult_first",
    "plan_open",
    "confidential",
    "older_ended",
    "is_younger",
    "asked_too_often",
    "nobody_asked",
    "not_confidential",
]
"""Why a command on a case is refused with 403 or 409: the member ``reason`` of the problem document."""
