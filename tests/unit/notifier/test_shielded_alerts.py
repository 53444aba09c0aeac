"""Promise: what was told of a case before a unit was recused, or before it was marked as sensitive, is taken back."""

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


class Kept:
    """The alerts of one case, and whose deliveries were ended."""

    def __init__(self, alerts: list[Alert]) -> None:
        self.alerts = alerts
        self.ended: list[str] = []

    async def of_case(self, _: str) -> list[Alert]:
        return self.alerts

    async def end(self, alerts: list[str]) -> None:
        self.ended += alerts


def alert(id_: str, recipient: str, **fields: Any) -> Alert:
    told = {"id": id_, "recipient": recipient, "unit": gardens().people[recipient].unit}
    words = {"text": WORD, "group_text": WORD, "category": "other", **fields}
    return msgspec.structs.replace(ALERT, city="gardens", **told, **words)


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
            if one.recipient in people and one.kind not in kinds and one.case_version < where["case_version"]["$lt"]:
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
        assert "c1" not in str(msgspec.structs.replace(view(taken), id=""))
        assert command_of(taken) is None


async def test_of_a_case_that_is_sensitive_no_alert_keeps_its_words_and_who_is_recused_reads_nothing_new() -> None:
    event = MarkedSensitive(at=MORNING, by="town.duty", by_unit="town", sensitive=Sensitive("self_harm", "county"))
    told = [alert("a1", "town.duty"), alert("a2", "jingang.duty", kind="recused", text="…", group_text="…")]
    (town, recused), kept = await taken_back(event, told)
    assert WORD not in str(town)
    assert "敏感件" in town.text
    assert recused == told[1]
    assert kept.ended == []
