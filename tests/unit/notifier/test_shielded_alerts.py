"""Promise: what was told of a case before a unit was recused, or before it was marked as sensitive, is taken back."""

from datetime import timedelta
from typing import Any, cast

import msgspec

from services.notifier.alerts.shielded_alerts import ShieldedAlerts
from services.notifier.documents.alert import Alert, from_doc, to_doc
from services.notifier.http.alert_views import command_of, view
from services.router.cases.published_events import to_envelopes
from services.router.cases.visibility import seen_by
from services.router.domain.apply import apply_all
from services.router.domain.case_parts.marks import Sensitive
from services.router.domain.commands.recusal import Recused
from services.router.domain.commands.sensitivity import MarkedSensitive
from services.router.domain.domain_event import DomainEvent
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from tests.kit.duty import MORNING, Duty, gardens
from tests.kit.made_alerts import ALERT
from tests.kit.made_reports import TRACE

WORD = "zebra"
CASE = Duty.reported("路灯坏了").case.id


class Kept:
    """The alerts of one case, and whose deliveries were ended."""

    def __init__(self, alerts: list[Alert]) -> None:
        self.alerts = alerts
        self.ended: list[str] = []

    async def of_case(self, _: str) -> list[Alert]:
        return [alert for alert in self.alerts if alert.visit_for is None]

    async def of_visits_for(self, case: str) -> list[Alert]:
        return [alert for alert in self.alerts if alert.visit_for == case]

    async def end(self, alerts: list[str]) -> None:
        self.ended += alerts


def alert(id_: str, recipient: str, **fields: Any) -> Alert:
    told = {"id": id_, "recipient": recipient, "unit": gardens().people[recipient].unit}
    words = {"text": WORD, "group_text": WORD, "category": "other", "case": CASE, **fields}
    return msgspec.structs.replace(ALERT, city="gardens", **told, **words)


def visit_alert(id_: str, recipient: str, visit: str = "v1") -> Alert:
    told = f"景港社区 · {WORD} · 6月11日9:00"
    at = MORNING + timedelta(days=1)
    about: dict[str, Any] = {"case": visit, "visit_for": CASE, "event_type": "visit.planned.v1", "owner": "jingang"}
    return alert(id_, recipient, kind="patrol", text=told, group_text=None, happens_at=at, **about)


def after(event: DomainEvent) -> tuple[Envelope, CaseEvent]:
    """The event of a gardens' case that was reported before, and claimed."""
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "claim")
    case = apply_all(duty.case, [event])
    (envelope,) = to_envelopes(case, [event], TRACE, duty.case, seen_by=seen_by(case, gardens()))
    return envelope, decode(envelope, CaseEvent)


async def taken_back(event: DomainEvent, alerts: list[Alert]) -> tuple[list[Alert], Kept]:
    """The alerts as they are stored afterwards: what MongoDB would match and set is done here."""
    kept = Kept(alerts)
    envelope, data = after(event)
    writes = await ShieldedAlerts(cast(Any, kept), cast(Any, kept)).take_back(envelope, data, gardens())
    found = []
    for one in alerts:
        document = to_doc(one)
        for write in cast(Any, writes):
            where, change = write._filter, write._doc["$set"]
            people = where.get("recipient", {}).get("$in", [one.recipient])
            kinds = where.get("kind", {}).get("$nin", [])
            older = where["case_version"]["$lt"] if "case_version" in where else one.case_version + 1
            mine = where["case"] == one.case and one.recipient in people
            if mine and one.kind not in kinds and one.case_version < older:
                document |= change
        found.append(from_doc(document))
    return found, kept


async def test_of_whoever_is_recused_every_alert_says_that_alone_and_none_is_sent_any_more() -> None:
    path = Duty.reported("路灯坏了").case.path[:-1]
    event = Recused(at=MORNING, by="town.duty", by_unit="town", text="?", about="jingang", path=path)
    told = [alert("a1", "jingang.duty"), alert("a2", "property.desk"), alert("a3", "town.duty")]
    (desk, company, town), kept = await taken_back(event, told)
    assert town == told[2]
    assert kept.ended == ["a1", "a2"]
    for taken in (desk, company):
        assert WORD not in str(taken)
        assert (taken.kind, taken.state, taken.due_at, taken.category) == ("recused", "over", None, None)
        assert CASE not in str(msgspec.structs.replace(view(taken), id=""))
        assert command_of(taken) is None


async def test_of_a_case_that_is_sensitive_no_alert_keeps_its_words_and_who_is_recused_reads_nothing_new() -> None:
    event = MarkedSensitive(at=MORNING, by="town.duty", by_unit="town", sensitive=Sensitive("self_harm", "county"))
    told = [alert("a1", "town.duty"), alert("a2", "jingang.duty", kind="recused", text="…", group_text="…")]
    (town, recused), kept = await taken_back(event, told)
    assert WORD not in str(town)
    assert "敏感件" in town.text
    assert recused == told[1]
    assert kept.ended == []


async def test_of_visits_for_a_case_that_is_sensitive_no_alert_keeps_the_place() -> None:
    event = MarkedSensitive(at=MORNING, by="town.duty", by_unit="town", sensitive=Sensitive("self_harm", "county"))
    told = [visit_alert("a1", "jingang.duty"), visit_alert("a2", "property.desk", "v2"), alert("a3", "town.duty")]
    first, second, _ = (await taken_back(event, told))[0]
    for taken in (first, second):
        assert WORD not in str(taken)
        assert gardens().units["jingang"].name in taken.text
        assert (taken.state, taken.kind, taken.happens_at) == ("sent", "patrol", told[0].happens_at)


async def test_of_visits_for_a_case_those_who_are_recused_keep_no_place() -> None:
    path = Duty.reported("路灯坏了").case.path[:-1]
    event = Recused(at=MORNING, by="town.duty", by_unit="town", text="?", about="jingang", path=path)
    told = [visit_alert("a1", "jingang.duty"), visit_alert("a2", "town.duty")]
    (desk, town), kept = await taken_back(event, told)
    assert WORD not in str(desk)
    assert town == told[1]
    assert kept.ended == [], "that there is a visit is told all the same"
