"""The commands of officers as forms: what each asks for, under which heading it stands, and its words.

Which of them are open, the router says (``commands``); what may be chosen, its ``choices``. A test compares the table
with the router's own bodies.
"""

from dataclasses import dataclass
from typing import Literal

from services.console.frame.languages import N_

Kind = Literal[
    "text",
    "line",
    "code",
    "moment",
    "date",
    "photos",
    "receiver",
    "unit",
    "units",
    "send_to",
    "reason",
    "how",
    "sensitivity",
    "category",
    "clock",
    "asked_clock",
    "paused_clock",
    "part",
    "report",
    "reports",
    "near_case",
    "elsewhere",
    "verdict",
    "works",
    "call",
]
"""How a field is filled in, and from what."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. ``name``: in the command's body; ``of``: which of the case's choices; ``most``: characters."""

    name: str
    kind: Kind
    label: str
    required: bool = True
    of: str = ""
    most: int = 2000


@dataclass(frozen=True, slots=True)
class Command:
    """``danger``: it takes something away, and looks so."""

    label: str
    fields: tuple[Field, ...] = ()
    hint: str = ""
    danger: bool = False


REASON = Field("reason", "text", N_("Reason"))
WHY = Field("reason", "text", N_("Reason"), required=False)
PHOTOS = Field("photos", "photos", N_("Photos"), required=False)
TEXT = Field("text", "text", N_("Remark"), required=False)
CLOCK = Field("clock", "clock", N_("Which time limit"))
ASKED = Field("clock", "asked_clock", N_("Which request"))
PART = Field("part", "part", N_("Which part"))

COMMANDS: dict[str, Command] = {
    "acknowledge": Command(N_("Acknowledge")),
    "claim": Command(N_("Claim")),
    "release": Command(N_("Give back"), (WHY,), N_("Without a reason within ten seconds; later say why.")),
    "on_site": Command(N_("On site"), (Field("text", "text", N_("What is there"), required=False), PHOTOS)),
    "start": Command(N_("Begin the work"), (TEXT, PHOTOS)),
    "note": Command(N_("Note"), (Field("text", "text", N_("Note")), PHOTOS)),
    "resolve": Command(
        N_("Resolved"),
        (
            Field("how", "how", N_("How it ended")),
            Field("text", "text", N_("What was done")),
            Field("photos", "photos", N_("Photos of what was done"), required=False),
            Field("look_again", "date", N_("Day to look again"), required=False),
        ),
    ),
    "inspect": Command(N_("Inspect"), (Field("ok", "verdict", N_("Result")), TEXT, PHOTOS)),
    "close": Command(N_("Close"), (TEXT,)),
    "reopen": Command(N_("Open it again"), (Field("reason", "text", N_("Why it is opened again")),)),
    "record_call": Command(
        N_("Record the call"),
        (
            Field("call", "call", N_("What came of the call")),
            Field("text", "text", N_("What was said"), required=False),
        ),
    ),
    "assign": Command(N_("Assign"), (Field("to", "receiver", N_("To whom")), TEXT)),
    "transfer": Command(N_("Transfer"), (Field("to", "unit", N_("To which unit"), of="send_to"), REASON)),
    "accept": Command(N_("Accept")),
    "refuse": Command(N_("Decline"), (REASON,), danger=True),
    "return": Command(
        N_("Return to the level above"),
        (
            Field("reason", "reason", N_("Reason"), of="returns"),
            Field("basis", "text", N_("What it is based on")),
            Field("suggest", "unit", N_("Which unit should have it"), required=False, of="send_to"),
        ),
    ),
    "approve_return": Command(
        N_("Grant the return"), (Field("to", "send_to", N_("Which unit gets it"), required=False), WHY)
    ),
    "refuse_return": Command(N_("Refuse the return"), (REASON,)),
    "escalate": Command(N_("Move up"), (REASON,)),
    "supervise": Command(N_("Supervise"), (Field("reason", "text", N_("What is asked, and until when")),)),
    "call_in": Command(
        N_("Call units in"),
        (
            Field("units", "units", N_("Which units"), of="call_in"),
            Field("reason", "text", N_("What they are to do")),
        ),
    ),
    "report_in": Command(N_("Report in"), (PART,)),
    "finish_part": Command(N_("Part done"), (PART, Field("text", "text", N_("What was done")), PHOTOS)),
    "excuse_part": Command(N_("Part not needed any more"), (PART, REASON)),
    "consult": Command(
        N_("Consult"),
        (Field("parties", "units", N_("Which units"), of="parties"), Field("question", "text", N_("Question"))),
    ),
    "conclude": Command(N_("Conclude the consultation"), (Field("text", "text", N_("Conclusion")), PHOTOS)),
    "plan": Command(
        N_("Plan the work"),
        (Field("parts", "works", N_("Who does what until when"), of="parties"), TEXT),
    ),
    "pause": Command(
        N_("Ask for a pause"),
        (
            CLOCK,
            Field("reason", "reason", N_("Reason"), of="pauses"),
            Field("until", "moment", N_("Until"), required=False),
        ),
    ),
    "approve_pause": Command(N_("Grant the pause"), (ASKED,)),
    "refuse_pause": Command(N_("Refuse the pause"), (ASKED, REASON)),
    "resume": Command(N_("Let the time run again"), (Field("clock", "paused_clock", N_("Which time limit")), WHY)),
    "request_extension": Command(N_("Ask for more time"), (CLOCK, Field("until", "moment", N_("Until")), REASON)),
    "approve_extension": Command(
        N_("Grant more time"), (ASKED, Field("until", "moment", N_("Another day"), required=False))
    ),
    "refuse_extension": Command(N_("Refuse more time"), (ASKED, REASON)),
    "request_info": Command(N_("Ask the reporter"), (Field("text", "text", N_("Question"), most=500),)),
    "answer_info": Command(N_("Write down the reporter's answer"), (Field("text", "text", N_("Answer")), PHOTOS)),
    "unmask": Command(
        N_("Show who reported"),
        (
            Field("report", "report", N_("Which report")),
            REASON,
            Field("totp", "code", N_("One-time code (6 digits)"), False),
        ),
        N_("Every look is on record, with its reason."),
    ),
    "unseal": Command(
        N_("Show the confidential words"),
        (
            Field("report", "report", N_("Which report"), False),
            Field("totp", "code", N_("One-time code (6 digits)"), False),
        ),
        N_("Every look is on record."),
    ),
    "categorize": Command(N_("Change the category"), (Field("category", "category", N_("Category")), REASON)),
    "mark_sensitive": Command(N_("Mark as sensitive"), (Field("kind", "sensitivity", N_("Which kind")), TEXT)),
    "unmark_sensitive": Command(N_("Not sensitive"), (REASON,)),
    "recuse": Command(
        N_("Recuse"),
        (
            Field("reason", "text", N_("Whom it is about, and why")),
            Field("about", "unit", N_("About which unit"), False, of="parties"),
        ),
    ),
    "lift_recusal": Command(N_("No recusal"), (REASON,)),
    "redirect": Command(N_("Send elsewhere"), (Field("elsewhere", "elsewhere", N_("Who deals with it"), False),)),
    "reject": Command(
        N_("Ask not to take it on"),
        (
            Field("reason", "reason", N_("Reason"), of="rejections"),
            Field("text", "text", N_("What the reporter reads beside it"), False),
        ),
        danger=True,
    ),
    "approve_reject": Command(N_("Do not take it on"), danger=True),
    "refuse_reject": Command(N_("Take it on"), (REASON,)),
    "approve_objection": Command(N_("The objection holds"), (WHY,)),
    "refuse_objection": Command(N_("Uphold the rejection"), (REASON,)),
    "approve_outcome": Command(N_("Grant the ending")),
    "refuse_outcome": Command(N_("Work on"), (REASON,)),
    "merge": Command(N_("Merge"), (Field("into", "near_case", N_("Into which older case")), WHY)),
    "split": Command(N_("Split"), (Field("reports", "reports", N_("Which reports get a case of their own")), WHY)),
}

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        N_("Work"),
        ("acknowledge", "claim", "release", "on_site", "start", "note", "resolve", "inspect", "close", "reopen"),
    ),
    (
        N_("Who handles it"),
        (
            "assign",
            "transfer",
            "accept",
            "refuse",
            "return",
            "approve_return",
            "refuse_return",
            "escalate",
            "supervise",
        ),
    ),
    (N_("With others"), ("call_in", "report_in", "finish_part", "excuse_part", "consult", "conclude", "plan")),
    (
        N_("Time limits"),
        (
            "pause",
            "approve_pause",
            "refuse_pause",
            "resume",
            "request_extension",
            "approve_extension",
            "refuse_extension",
        ),
    ),
    (N_("The reporter"), ("request_info", "answer_info", "record_call", "unmask", "unseal")),
    (
        N_("What it is"),
        ("categorize", "mark_sensitive", "unmark_sensitive", "recuse", "lift_recusal", "redirect", "merge", "split"),
    ),
    (
        N_("Endings"),
        (
            "reject",
            "approve_reject",
            "refuse_reject",
            "approve_objection",
            "refuse_objection",
            "approve_outcome",
            "refuse_outcome",
        ),
    ),
)
"""Every command once, in the order in which a page lists them."""
UNGUARDED = frozenset(
    {
        "acknowledge",
        "claim",
        "release",
        "on_site",
        "start",
        "note",
        "resolve",
        "report_in",
        "finish_part",
        "answer_info",
        "supervise",
        "unmask",
        "unseal",
    }
)
"""Sent also where the case changed since it was shown; the others judge what was shown."""
WORKS_MAX = 5
"""Lines of a plan on the page."""
