"""The problems (RFC 9457) that the services answer: the last segment of ``type``, and the status of each.

They are stable for clients. A test compares this list with the code.
"""

from collections.abc import Mapping
from typing import Any

URN = "urn:whistle:problem:"

PROBLEM_TYPES: Mapping[str, tuple[int, ...]] = {
    "demonstration-ends": (409,),
    "ended": (409,),
    "fault": (500,),
    "forbidden": (403,),
    "idempotency-key": (400,),
    "idempotency-key-reused": (422,),
    "invalid": (422,),
    "supervised": (403,),
    "invitation-over": (410,),
    "invitation-used": (409,),
    "link-over": (410,),
    "link-used": (409,),
    "link-waiting": (409,),
    "method-not-allowed": (405,),
    "no-second-factor": (409,),
    "no-session": (409,),
    "not-a-form": (400,),
    "not-clean-yet": (404,),
    "not-found": (404,),
    "not-json": (400,),
    "not-open": (409,),
    "not-proved": (401,),
    "pin-session": (409,),
    "second-factor": (403,),
    "sso-over": (410,),
    "stale": (412,),
    "taken": (409,),
    "too-costly": (422,),
    "too-large": (413,),
    "too-many": (409, 429),
    "too-many-streams": (429,),
    "unauthorized": (401,),
    "unavailable": (503,),
    "unknown-person": (403,),
    "unreadable": (404, 422),
    "unsupported-media": (415,),
    "wrong-code": (401,),
    "wrong-credentials": (401,),
    "wrong-number": (409,),
}

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. `errors` names each wrong field by JSON pointer, a parameter as `?name`. Some types have "
    "further members, e.g. `not-open` the `commands` that are open.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "trace_id"],
    "properties": {
        "type": {
            "type": "string",
            "description": "one of ProblemType; a later version may have more",
            "examples": [f"{URN}invalid"],
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "trace_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/WrongField"}},
    },
}

WRONG_FIELD: dict[str, Any] = {
    "title": "WrongField",
    "type": "object",
    "required": ["pointer", "detail"],
    "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
}

SCHEMAS: dict[str, Any] = {
    "Problem": PROBLEM,
    "WrongField": WRONG_FIELD,
    "ProblemType": {
        "title": "ProblemType",
        "description": "What `type` of a Problem may be.",
        "type": "string",
        "enum": [f"{URN}{kind}" for kind in PROBLEM_TYPES],
    },
}


def listed() -> list[dict[str, Any]]:
    """Each type with its title and the statuses it comes with."""
    return [
        {"type": f"{URN}{kind}", "title": title(kind), "statuses": list(statuses)}
        for kind, statuses in PROBLEM_TYPES.items()
    ]


def title(kind: str) -> str:
    return kind.replace("-", " ").capitalize()
