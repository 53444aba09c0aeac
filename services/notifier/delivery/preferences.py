"""What people wish for themselves: ``GET`` and ``PUT /v1/me/alert-rules``, and a test of all their channels."""

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from services.notifier.alerts.alert_record import Subject, record
from services.notifier.alerts.city_cache import INDEX, Kept, stamped
from services.notifier.alerts.wording import test_text
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.domain.preferences import ByChannel, Limit, Quiet, Rules
from services.notifier.domain.recipients import Notice
from shared.city.model.channels import ChannelKind
from shared.city.model.entry import Clock as WallTime
from shared.city.model.entry import Priority
from shared.city.pack import Pack
from shared.contracts.envelope import Envelope
from shared.kernel.clock import Clock
from shared.kernel.durations import DurationError, parse_duration
from shared.kernel.errors import FieldError, invalid, not_found, too_many
from shared.kernel.ids import plain_id
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.server import Answer, Call, Route, get, post
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Collection, Database, Document

INDEXES = (INDEX,)
DELAY_MAX = timedelta(hours=12)
PER_MAX = timedelta(days=1)
TESTS_AN_HOUR = 6
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


class MyAlerts:
    """A person's own routes."""

    def __init__(
        self, rules: AlertRules, owed: AlertDeliveries, alerts: Collection, packs: PackLibrary, clock: Clock
    ) -> None:
        self._rules = rules
        self._owed = owed
        self._alerts = alerts
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        officers = frozenset({"officer"})
        path = "/v1/me/alert-rules"
        return [
            get(path, self.show, "How I am told beside the inbox", roles=officers),
            Route(
                method="PUT",
                path=path,
                handler=self.put,
                summary="How I wish to be told beside the inbox",
                roles=officers,
                body=RulesBody,
            ),
            post(
                "/v1/me/test-alert",
                self.test,
                "One alert over all my channels",
                roles=officers,
                body=NoBody,
                keyed=True,
                once="test alerts",
                answers={201: None},
            ),
        ]

    async def show(self, call: Call) -> Answer:
        row = await self._rules.kept.rows.find_one({"_id": _id(call)})
        return Answer(row["rules"] if row is not None else msgspec.to_builtins(RulesBody()))

    async def put(self, call: Call) -> Answer:
        body = call.body_as(RulesBody)
        if errors := _wrong(body):
            raise invalid(*errors)
        rules = msgspec.to_builtins(body)
        row = stamped({"city": call.principal.city, "person": call.principal.who, "rules": rules})
        await self._rules.kept.rows.update({"_id": _id(call)}, {"$set": row}, upsert=True)
        await self._rules.kept.look()
        return Answer(rules)

    async def test(self, call: Call) -> Answer:
        """Over every channel at once, whatever the rules; it asks for nothing, so it has no case and no link."""
        who, now = call.principal, self._clock.now()
        pack = self._packs.current(who.city)
        person = pack.people.get(who.who)
        if person is None:
            raise not_found("person")
        language = pack.city.languages[0]
        id_ = plain_id("e", "test alert", who.city, who.who, call.key)
        event = Envelope(
            id=id_, type="test", topic="", key="", subject=id_, city=who.city, sequence=1, time=now, data=""
        )
        subject = Subject("", 0, "normal", test_text(language), None)
        alert = {**record(event, subject, Notice("test", person.unit), person.id, language, now), "state": "test"}
        if await self._alerts.find_one({"_id": alert["_id"]}) is None:
            lately = {
                "city": who.city,
                "recipient": person.id,
                "state": "test",
                "at": {"$gt": now - timedelta(hours=1)},
            }
            if await self._alerts.count(lately, limit=TESTS_AN_HOUR) >= TESTS_AN_HOUR:
                raise too_many(f"At most {TESTS_AN_HOUR} test alerts an hour.", retry_after=600)
            await self._alerts.insert(alert)
        deliveries = {
            id_: delivery
            for id_, delivery in self._owed.of(pack, [{**alert, "at_once": True}]).items()
            if delivery["to"] == "person"
        }
        await self._owed.add(deliveries)
        channels = [delivery["channel"] for delivery in deliveries.values()]
        return Answer({"id": alert["_id"], "channels": channels}, 201)


_NONE = Rules()


def _id(call: Call) -> str:
    return f"{call.principal.city}/{call.principal.who}"


def _wrong(body: RulesBody) -> list[FieldError]:
    errors = []
    kinds = [rule.channel for rule in body.channels]
    for n, rule in enumerate(body.channels):
        if (after := _span(rule.after)) is None or after > DELAY_MAX:
            errors.append(FieldError(f"/channels/{n}/after", "is a time like PT5M, twelve hours at most"))
        if kinds.index(rule.channel) != n:
            errors.append(FieldError(f"/channels/{n}/channel", "has a rule already"))
    for n, hours in enumerate(body.quiet):
        if hours.from_ == hours.to:
            errors.append(FieldError(f"/quiet/{n}/to", "quiet hours do not last all day"))
    if body.limit is not None and not timedelta(minutes=1) <= (_span(body.limit.per) or timedelta(0)) <= PER_MAX:
        errors.append(FieldError("/limit/per", "is a time from PT1M to P1D"))
    return errors


def _span(text: str) -> timedelta | None:
    try:
        return parse_duration(text).plain()
    except DurationError:
        return None


def _by_person(rows: Sequence[Document]) -> Mapping[str, Rules]:
    return {row["person"]: _rules(msgspec.convert(row["rules"], RulesBody)) for row in rows}


def _rules(body: RulesBody) -> Rules:
    return Rules(
        tuple(ByChannel(r.channel, _span(r.after) or timedelta(0), frozenset(r.priorities)) for r in body.channels),
        tuple(Quiet(time.fromisoformat(q.from_), time.fromisoformat(q.to)) for q in body.quiet),
        Limit(body.limit.most, _span(body.limit.per) or PER_MAX) if body.limit is not None else None,
    )
