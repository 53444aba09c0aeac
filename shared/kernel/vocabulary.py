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
STATES: tuple[StateName, ...] = get_args(StateName)
ENDED_STATES: frozenset[StateName] = frozenset({"closed", "rejected", "merged"})
"""States in which no more work is due, unless the case is reopened."""

Priority = Literal["danger", "urgent", "normal", "low"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""Most pressing first."""

ReportKind = Literal["hazard", "opinion", "clue", "need"]
ReportChannel = Literal["app", "group", "window", "phone", "visit", "hotline", "patrol"]
"""How a report came: ``patrol`` is what officers find themselves (巡查); all others but ``app`` were entered by
somebody for the reporter (代录)."""
Sample = Literal["drawn", "not_drawn"]
"""Whether a patrol find that was handled on the spot was drawn for inspection (抽查)."""
KINDS_OF_THINGS: tuple[ReportKind, ...] = ("hazard", "opinion")
"""The others are about people, whatever their category: of them no point and no word leaves for everybody."""

ClockKind = Literal["acknowledge", "on_site", "resolve", "report_in", "finish_part", "confirm", "review"]
CLOCK_KINDS: tuple[ClockKind, ...] = get_args(ClockKind)
CASE_CLOCKS: tuple[ClockKind, ...] = ("acknowledge", "on_site", "resolve")
"""Clocks that start when a case is opened. The others start when a unit is called in, the reporter is
asked, or a level above is asked to rule (``review``)."""
ClockStateName = Literal["running", "paused", "met", "breached", "void"]

AfterPhoto = Literal["none", "asked", "required"]
"""Whether a photo is sent when a case of a category is resolved (处置后照片)."""

Sensitivity = Literal["mass_incident", "self_harm", "media"]
"""Why a case is sensitive (敏感件): many people may gather, somebody may harm himself, media ask or write."""
SENSITIVITIES: tuple[Sensitivity, ...] = get_args(Sensitivity)
Suspicion = Literal["about_us", "mass_incident", "self_harm", "media"]
"""What the words of a report suggest, until an officer decides it: it is about those who would handle it (回避), or it
is sensitive."""

Act = Literal["tell", "supervise", "move_to"]
"""What a step of an escalation ladder does: tell a unit, let it supervise the owner (督办), move the case to it."""
ACTS: tuple[Act, ...] = get_args(Act)

PartStateName = Literal["waiting", "called", "reported_in", "finished", "excused"]
"""The states of a part, which is what a called-in unit does for a case."""

RulingKind = Literal["return", "rejection", "objection", "outcome"]
"""What the owner of a case, or with an objection its reporter, asks a level above to rule on."""

How = Literal["repair", "agreement", "enforcement", "referral", "answered", "unfounded", "self_restored", "long_term"]
"""How a case is resolved. ``long_term``: kept on the books with a day to look again 挂账."""
HOWS: tuple[How, ...] = get_args(How)
GRANTED_ABOVE: frozenset[How] = frozenset({"unfounded", "long_term"})
"""Ways that a level above grants."""

SHOWN_BY_A_PHOTO: frozenset[How] = frozenset({"repair", "agreement", "enforcement"})
"""Ways of which a photo can show what was done."""

ReporterWord = Literal["added", "fixed", "withdrawn"]
"""What a reporter says afterwards: more about it, that it is fixed, or that the report is withdrawn."""

FeedbackKind = Literal["fixed", "thanks"]
"""The kinds of reports that report nothing new: it is fixed, or thanks."""

RemarkCode = Literal[
    "reporter_adds",
    "reporter_fixed",
    "reporter_thanks",
    "reporter_withdraws",
    "entered_adds",
    "entered_fixed",
    "entered_withdraws",
    "entered_rates",
    "reported_again",
    "reported_after_closing",
    "reported_at_once",
    "split_off",
    "refused_twice",
    "level_missing",
    "pause_reason",
    "reporter_asked",
    "visit_planned",
    "visit_held",
    "visit_cancelled",
    "found_drawn",
    "found_not_drawn",
    "found_elsewhere",
    "found_again",
    "call_satisfied",
    "call_mostly_satisfied",
    "call_dissatisfied",
    "call_not_reached",
    "call_never_reached",
]
"""What the system itself says in a line of a case's history, beside what people wrote. ``entered``: by an officer for a
reporter. Words: ``shared/city/remarks.py``."""

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
RESOLVING_ROLES: frozenset[Role] = frozenset(get_args(Role)) - {"inspector"}
"""Roles that may resolve a case, and report as handled what they found on patrol."""
DESK_ROLES: frozenset[Role] = frozenset({"duty_officer", "grid_leader", "supervisor", "department_officer", "property"})
"""Roles of a desk: they assign, transfer, decide on pauses, change the rota and set silences."""
SUPERIOR_ROLES: frozenset[Role] = frozenset({"supervisor", "grid_leader"})
"""Roles that rule at their own desk, where no level above does."""

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
    "owner_asks",
    "returned_already",
    "too_late_to_return",
    "rejection_refused",
    "must_handle",
    "command_centre_rules",
    "ruling_pending",
    "undecided",
    "recused",
    "recused_already",
    "recuse_first",
    "not_recused",
    "not_above_recused",
    "sensitive",
    "not_sensitive",
    "sensitive_above",
    "danger_stays",
    "inspected_above",
    "no_call_due",
    "called_above",
    "handled_it",
]
"""Why a command on a case is refused with 403 or 409: the member ``reason`` of the problem document."""
