"""``GET`` and ``PUT /v1/me/alert-rules``: a person's preferences; and a test alert over all channels."""

from datetime import timedelta

import msgspec

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.alerts.new_alert import Subject, new_alert
from services.notifier.alerts.wording import test_text
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.delivery.preferences import PER_MAX, PreferenceStore, RulesBody, span
from services.notifier.domain.recipients import Notice
from shared.contracts.envelope import Envelope
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid, not_found, too_many
from shared.kernel.ids import plain_id
from shared.runtime.http_server.field_types import NoBody
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.pack_library import PackLibrary

DELAY_MAX = timedelta(hours=12)
TESTS_AN_HOUR = 6


class TriedChannels(msgspec.Struct, frozen=True):
    """``channels``: over which it is sent."""

    id: str
    channels: list[str]


class PreferenceRoutes:
    """Handlers of a person's own preferences."""

    def __init__(
        self, rules: PreferenceStore, deliveries: AlertDeliveries, alerts: AlertStore, packs: PackLibrary, clock: Clock
    ) -> None:
        self._rules = rules
        self._deliveries = deliveries
        self._alerts = alerts
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        officers = frozenset({"officer"})
        path = "/v1/me/alert-rules"
        return [
            get(path, self.show, "How I am told beside the inbox", roles=officers, answers={200: RulesBody}),
            Route(
                method="PUT",
                path=path,
                handler=self.put,
                summary="How I wish to be told beside the inbox",
                roles=officers,
                body=RulesBody,
                answers={200: RulesBody},
            ),
            post(
                "/v1/me/test-alert",
                self.test,
                "One alert over all my channels",
                roles=officers,
                body=NoBody,
                keyed=True,
                idempotent_as="test alerts",
                answers={201: TriedChannels},
            ),
        ]

    async def show(self, call: Call) -> Answer:
        return Answer(await self._rules.get(call.principal.city, call.principal.who) or RulesBody())

    async def put(self, call: Call) -> Answer:
        body = call.body_as(RulesBody)
        if errors := _wrong(body):
            raise invalid(*errors)
        await self._rules.put(call.principal.city, call.principal.who, body)
        return Answer(body)

    async def test(self, call: Call) -> Answer:
        """Sent over every channel at once, whatever the preferences. It has no case and no link."""
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
        notice = Notice("test", person.unit)
        alert = new_alert(event, subject, notice, person.id, language, now, state="test", at_once=True)
        if await self._alerts.get(who.city, alert.id) is None:
            lately = await self._alerts.tests_since(who.city, person.id, now - timedelta(hours=1), TESTS_AN_HOUR)
            if lately >= TESTS_AN_HOUR:
                raise too_many(f"At most {TESTS_AN_HOUR} test alerts an hour.", retry_after=600)
            await self._alerts.add_test(alert)
        deliveries = {
            id_: delivery for id_, delivery in self._deliveries.plan(pack, [alert]).items() if delivery.to == "person"
        }
        await self._deliveries.add(deliveries)
        channels = [delivery.channel for delivery in deliveries.values()]
        return Answer(TriedChannels(alert.id, channels), 201)


def _wrong(body: RulesBody) -> list[FieldError]:
    errors = []
    kinds = [rule.channel for rule in body.channels]
    for n, rule in enumerate(body.channels):
        if (after := span(rule.after)) is None or after > DELAY_MAX:
            errors.append(FieldError(f"/channels/{n}/after", "is a time like PT5M, twelve hours at most"))
        if kinds.index(rule.channel) != n:
            errors.append(FieldError(f"/channels/{n}/channel", "has a rule already"))
    for n, hours in enumerate(body.quiet):
        if hours.from_ == hours.to:
            errors.append(FieldError(f"/quiet/{n}/to", "quiet hours do not last all day"))
    if body.limit is not None and not timedelta(minutes=1) <= (span(body.limit.per) or timedelta(0)) <= PER_MAX:
        errors.append(FieldError("/limit/per", "is a time from PT1M to P1D"))
    return errors
