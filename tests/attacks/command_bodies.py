"""A right body for every command, for walks over all routes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

REASON = {"reason": "a walk over all routes"}


def command_bodies(now: datetime) -> Mapping[str, Any]:
    """Command → a body that is right, at the stack's time ``now``."""
    next_month = (now + timedelta(days=30)).isoformat()
    return {
        "release": REASON,
        "assign": {"to": "quayside"},
        "transfer": {"to": "millfield", **REASON},
        "return": {"reason": "not_our_area", "basis": "a walk over all routes", "suggest": "millfield"},
        "approve_return": {},
        "refuse_return": REASON,
        "refuse": REASON,
        "note": {"text": "a walk"},
        "escalate": REASON,
        "supervise": REASON,
        "recuse": {"about": "works", **REASON},
        "lift_recusal": REASON,
        "redirect": {"elsewhere": "ombudsman"},
        "mark_sensitive": {"kind": "media"},
        "unmark_sensitive": REASON,
        "categorize": {"category": "flooding", **REASON},
        "pause": {"clock": "resolve", "reason": "part_ordered"},
        "approve_pause": {"clock": "resolve"},
        "refuse_pause": {"clock": "resolve", **REASON},
        "resume": {"clock": "resolve"},
        "request_extension": {"clock": "resolve", "until": next_month, **REASON},
        "approve_extension": {"clock": "resolve"},
        "refuse_extension": {"clock": "resolve", **REASON},
        "request_info": {"text": "a walk?"},
        "answer_info": {"text": "a walk"},
        "call_in": {"units": ["works"], **REASON},
        "report_in": {"part": "p1"},
        "finish_part": {"part": "p1", "text": "a walk"},
        "excuse_part": {"part": "p1", **REASON},
        "consult": {"parties": ["works"], "question": "a walk?"},
        "conclude": {"text": "a walk"},
        "plan": {"parts": [{"body": "works", "work": "a walk", "due": next_month}]},
        "resolve": {"how": "repair", "text": "a walk"},
        "refuse_outcome": REASON,
        "inspect": {"ok": True},
        "reopen": REASON,
        "record_call": {"reached": True, "satisfied": 3},
        "reject": {"reason": "not_covered", "text": "a walk over all routes"},
        "refuse_reject": REASON,
        "refuse_objection": REASON,
        "merge": {"into": "c-of-nobody"},
        "split": {"reports": ["r-of-nobody"]},
    }
