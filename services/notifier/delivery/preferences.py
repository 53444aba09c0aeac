"""A person's alert rules: which channel is used after what delay, quiet hours, and a limit of messages."""

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from services.notifier.city_cache import INDEX, CityCache, stamped
from services.notifier.domain.preferences import ChannelPreference, Limit, Preferences, QuietTime
from shared.city.model.channels import ChannelKind
from shared.city.model.entry import TimeOfDay as WallTime
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


class StoredPreferences(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A document of ``alert_rules``, without ``stored_at``, which the store adds."""

    id: str
    city: str
    person: str
    rules: RulesBody


def to_doc(stored: StoredPreferences) -> Document:
    document: Document = msgspec.to_builtins(stored)
    return document


def from_doc(document: Document) -> StoredPreferences:
    """The rules that ``to_doc`` stored; fields of a newer version are passed over beside them."""
    return msgspec.convert(document, StoredPreferences)


class PreferenceStore:
    """The ``alert_rules`` collection, with each city's preferences in memory."""

    def __init__(self, database: Database) -> None:
        self.cache: CityCache[Mapping[str, Preferences]] = CityCache(database.collection("alert_rules"), _by_person, {})

    async def get(self, city: str, person: str) -> RulesBody | None:
        """What a person wishes, as it was put; None for somebody who never did."""
        row = await self.cache.rows.find_one({"_id": _id(city, person)})
        return from_doc(row).rules if row is not None else None

    async def put(self, city: str, person: str, rules: RulesBody) -> None:
        """Replace all of a person's rules."""
        stored = StoredPreferences(id=_id(city, person), city=city, person=person, rules=rules)
        document = stamped(to_doc(stored))
        await self.cache.rows.update({"_id": document.pop("_id")}, {"$set": document}, upsert=True)
        await self.cache.refresh()

    def of_person(self, pack: Pack, person: str) -> Preferences:
        """A person's preferences, with the city's limit where the person has none."""
        own = self.cache.get(pack.city.id).get(person, _NONE)
        paging = pack.city.paging
        if own.limit is not None or paging is None:
            return own
        return Preferences(own.channels, own.quiet, Limit(paging.most, parse_duration(paging.per).plain()))


_NONE = Preferences()


def span(text: str) -> timedelta | None:
    try:
        return parse_duration(text).plain()
    except DurationError:
        return None


def _by_person(rows: Sequence[Document]) -> Mapping[str, Preferences]:
    return {stored.person: _rules(stored.rules) for stored in map(from_doc, rows)}


def _id(city: str, person: str) -> str:
    return f"{city}/{person}"


def _rules(body: RulesBody) -> Preferences:
    return Preferences(
        tuple(
            ChannelPreference(r.channel, span(r.after) or timedelta(0), frozenset(r.priorities)) for r in body.channels
        ),
        tuple(QuietTime(time.fromisoformat(q.from_), time.fromisoformat(q.to)) for q in body.quiet),
        Limit(body.limit.most, span(body.limit.per) or PER_MAX) if body.limit is not None else None,
    )
