"""Ids in log lines: which report, case, alert, delivery or event a unit of work was about.

Only ids that were derived here (``shared.kernel.ids``) are logged: what a caller put into a path is foreign text.
"""

import re
from collections.abc import Sequence

NAMED_MAX = 8
"""Of a batch so many are named: a line stays a line."""
_KINDS = {"r": "report", "c": "case", "a": "alert", "d": "delivery"}
_DERIVED = re.compile(r"([rcad])[a-z2-7]{26}")
_EVENT = re.compile(r"([rcad][a-z2-7]{26})\.\d{1,9}\.\d{1,9}")


def ids_in(*texts: str) -> dict[str, str]:
    """Those of ``texts`` that are ids, by kind; an event's id also names what the event is about."""
    found: dict[str, str] = {}
    for text in texts:
        if event := _EVENT.fullmatch(text):
            found["event_id"], text = text, event[1]
        if derived := _DERIVED.fullmatch(text):
            found.setdefault(_KINDS[derived[1]], text)
    return found


def ids_of(kind: str, ids: Sequence[str]) -> dict[str, str | list[str]]:
    """Of one thing ``{"report": id}``, of several ``{"report_ids": […]}`` with the first ``NAMED_MAX``."""
    if len(ids) == 1:
        return {kind: ids[0]}
    return {f"{kind}_ids": list(ids[:NAMED_MAX])} if ids else {}
