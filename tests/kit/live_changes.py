"""Changes of cases as the router's stream tells them, made up."""

from typing import Any

import msgspec

from services.console.live.changes import Beat, CaseChange
from services.console.live.feed import Feed
from tests.kit.made_router import NOW, row

SEEN_BY = ("quayside", "county")


def change(number: int, minutes: int | None, *, version: int = 1, **given: Any) -> CaseChange:
    """A case of the quayside's queue, due in so many minutes; ``given``: of the row, or of the change."""
    of_change = {name: given.pop(name) for name in list(given) if name in CaseChange.__struct_fields__}
    asked = {
        "city": "harbour",
        "what": "case.opened",
        "open": True,
        "queues": ["quayside"],
        "seen_by": SEEN_BY,
        "was_seen_by": SEEN_BY,
        "row": {**row(number, "normal", "queued", minutes), "version": version, **given},
        **of_change,
    }
    return msgspec.convert(asked, CaseChange)


def wake(feed: Feed, **packs: str) -> None:
    """The router lives."""
    feed.beat(Beat(NOW, packs))
