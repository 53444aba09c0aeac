"""What a queue is filtered by: it stands in the address, so that it can be kept, sent and gone back to."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

PAGE = 100
VALUES_MAX = 16
TEXT_MAX = 100
WITHIN = re.compile(r"(-?\d{1,3}(\.\d{1,8})?,){4}(wgs84|gcj02)")
STATES = ("queued", "acknowledged", "claimed", "on_site", "in_progress", "waiting_reporter", "resolved", "reopened")
"""Those of open cases, in the order of their life."""
PRIORITIES = ("danger", "urgent", "normal", "low")


@dataclass(frozen=True, slots=True)
class Filters:
    """``below``: with the units below; ``within``: west, south, east, north and datum of a map; ``nowhere``: only what
    is on no map; ``after``: the cursor of a further page."""

    state: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    overdue: bool = False
    mine: bool = False
    below: bool = False
    q: str = ""
    within: str = ""
    nowhere: bool = False
    after: str = ""

    @classmethod
    def of(cls, query: QueryParams) -> Self:
        """What cannot be read means nothing."""
        return cls(
            state=_chosen(query, "state", STATES),
            category=tuple(dict.fromkeys(one for one in query.getlist("category") if one))[:VALUES_MAX],
            priority=_chosen(query, "priority", PRIORITIES),
            overdue="overdue" in query,
            mine="mine" in query,
            below="below" in query,
            q=query.get("q", "").strip()[:TEXT_MAX],
            within=given if WITHIN.fullmatch(given := query.get("within", "")) else "",
            nowhere="nowhere" in query,
            after=query.get("after", ""),
        )

    @property
    def count(self) -> int:
        """How many of them narrow the list."""
        lists = len(self.state) + len(self.category) + len(self.priority)
        return lists + sum((self.overdue, self.mine, bool(self.q), bool(self.within), self.nowhere))

    @property
    def is_elsewhere(self) -> bool:
        """Whether only the services can say what matches: what comes live does not carry it."""
        return bool(self.q or self.within or self.nowhere)

    @property
    def query(self) -> str:
        """As in the address."""
        pairs = [(name, one) for name in ("state", "category", "priority") for one in getattr(self, name)]
        pairs += [(name, "1") for name in ("overdue", "mine", "below", "nowhere") if getattr(self, name)]
        pairs += [(name, getattr(self, name)) for name in ("q", "within", "after") if getattr(self, name)]
        return urlencode(pairs)

    def but(self, **changed: object) -> str:
        """The address's query with something changed, from its first page."""
        query = replace(self, **{"after": "", **changed}).query  # type: ignore[arg-type]
        return f"?{query}" if query else "?"

    def asked(self, now: datetime) -> dict[str, str]:
        """As the router is asked."""
        lists = {name: ",".join(getattr(self, name)) for name in ("state", "category", "priority")}
        words = {"text": self.q, "cursor": self.after, "due_before": now.isoformat() if self.overdue else ""}
        bbox, _, crs = self.within.rpartition(",")
        words |= {"bbox": bbox, "crs": crs, "placed": "false" if self.nowhere else ""}
        flags = {"mine": self.mine, "subtree": self.below}
        given = {name: value for name, value in {**lists, **words}.items() if value}
        return {**given, **{name: "true" for name, is_on in flags.items() if is_on}, "limit": str(PAGE)}


def _chosen(query: QueryParams, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    given = query.getlist(name)
    return tuple(one for one in known if one in given)
