"""A person's own alert rules: when which channel tells him, his quiet hours, how many messages he takes."""

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from services.notifier.city_cache import INDEX, Kept
from services.notifier.domain.preferences import ByChannel, Limit, Quiet, Rules
from shared.city.model.channels import ChannelKind
from shared.city.model.entry import Clock as WallTime
from shared.city.pack import Pack
from shared.kernel.durations import DurationError, parse_duration
from shared.kernel.vocabulary import Priority
from shared.runtime.storage.mongo import Database, Document

INDEXES = (INDEX,)
PER_MAX = timedelta(days=1)
Span = Annotated[str, Meta(pattern=r"^PT?[0-9][0-9DTHMS]*$", max_length=20, description="ISO 8601: PT5M, PT2H")]


class ChannelRule(msgspec.Struct, forbid_unknown_fields=True):
    """``after``: so long after the alert, if it is not acknowledged by then; ``priorities``: all when empty."""

    channel: ChannelKind
    after: Span = "PT0S"
    priorities: Annotated[list[Priority], Meta(max_length=4)] = []


class QuietHours(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """In the city's time; an end that is not after the start is on the next day."""

    from_: WallTime
    to: WallTime


class PageLimit(msgspec.Struct, forbid_unknown_fields=True):
    most: Annotated[int, Meta(ge=1, le=1000)]
    per: Span = "PT1H"


class RulesBody(msgspec.Struct, forbid_unknown_fields=True):
    """All rules of a person; what is left out is not wished any more."""

    channels: Annotated[list[ChannelRule], Meta(max_length=5)] = []
    quiet: Annotated[list[QuietHours], Meta(max_length=4)] = []
    limit: PageLimit | None = None


class AlertRules:
    """The ``alert_rules`` of the notifier."""

    def __init__(self, database: Database) -> None:
        self.kept: Kept[Mapping[str, Rules]] = Kept(database.collection("alert_rules"), _by_person, {})

    def of(self, pack: Pack, person: str) -> Rules:
        """A person's own; the city's limit where the person has none."""
        own = self.kept.of(pack.city.id).get(person, _NONE)
        paging = pack.city.paging
        if own.limit is not None or paging is None:
            return own
        return Rules(own.channels, own.quiet, Limit(paging.most, parse_duration(paging.per).plain()))


_NONE = Rules()


def span(text: str) -> timedelta | None:
    try:
        return parse_duration(text).plain()
    except DurationError:
        return None


def _by_person(rows: Sequence[Document]) -> Mapping[str, Rules]:
    return {row["person"]: _rules(msgspec.convert(row["rules"], RulesBody)) for row in rows}


def _rules(body: RulesBody) -> Rules:
    return Rules(
        tuple(ByChannel(r.channel, span(r.after) or timedelta(0), frozenset(r.priorities)) for r in body.channels),
        tuple(Quiet(time.fromisoformat(q.from_), time.fromisoformat(q.to)) for q in body.quiet),
        Limit(body.limit.most, span(body.limit.per) or PER_MAX) if body.limit is not None else None,
    )
