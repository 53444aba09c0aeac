"""Patrol finds (巡查发现): which of those that were handled on the spot (当场已处置) are inspected.

The rest close by themselves. Who finds cannot know beforehand which are drawn: a case's id follows from the
installation's secret. The same case is always drawn, or never, by one pack.
"""

import hashlib
from datetime import datetime

from services.router.domain.case_parts.marks import Found
from shared.kernel.vocabulary import Priority

_SPAN = 2**64


def is_drawn(case: str, share: float) -> bool:
    """Whether the case of that id is among the ``share`` (0 to 1) that is inspected."""
    digest = hashlib.sha256(f"patrol sample\x1f{case}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * _SPAN


def found(case: str, priority: Priority, share: float, by: str, by_unit: str, at: datetime) -> Found:
    """The find, with what was drawn: of dangers every one."""
    drawn = priority == "danger" or is_drawn(case, share)
    return Found(at, by, by_unit, "drawn" if drawn else "not_drawn")
