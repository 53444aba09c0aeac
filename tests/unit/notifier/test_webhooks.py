"""Webhooks: signed as Standard Webhooks wants it, carrying the version, telling each app of its own reports only."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from structlog.testing import capture_logs

from services.notifier.delivery.http_post import Poster, Reply
from services.notifier.delivery.webhook_payload import payload
from services.notifier.delivery.webhook_sender import WebhookSender
from services.notifier.delivery.webhook_signing import Secrets, signature
from services.notifier.delivery.webhooks import Webhooks
from services.notifier.documents.delivery import WebhookDelivery
from services.notifier.documents.webhook import Rotation, Webhook, from_doc, to_doc
from services.router.cases.published_events import to_envelopes
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.domain_event import DomainEvent
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CaseEvent, ReportRef
from shared.contracts.catalogue import decode
from tests.kit.made_cases import T0, opened
from tests.kit.made_reports import SECRET, TRACE
from tests.kit.stack import SHEYANG

SECRETS = Secrets(SECRET)
BODY = '{"type":"case.closed","words":"井盖"}'

OF_0_1_0 = {
    "_id": "w1",
    "city": "harbour",
    "app": "app",
    "url": "https://a.example/",
    "types": [],
    "state": "active",
    "made_at": T0,
}
"""A webhook as 0.1.0 stored it: without the key that made it, without a generation."""


def now() -> datetime:
    return datetime.now(UTC)


def test_a_receiver_verifies_it_with_the_standard_library() -> None:
    secret = SECRETS.secret("w1", 1)
    assert Verifier(secret).verify(BODY, signature(secret, "d1", now(), BODY)) == json.loads(BODY)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "d2"},
        {"webhook-timestamp": str(int((now() - timedelta(minutes=10)).timestamp()))},
        {"webhook-timestamp": str(int((now() + timedelta(minutes=10)).timestamp()))},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
    ],
)
def test_whatever_is_changed_on_the_way_is_noticed(changed: dict[str, str]) -> None:
    secret = SECRETS.secret("w1", 1)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(BODY, {**signature(secret, "d1", now(), BODY), **changed})


def test_an_altered_body_and_another_secret_are_noticed() -> None:
    secret = SECRETS.secret("w1", 1)
    signed = signature(secret, "d1", now(), BODY)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(BODY.replace("closed", "opened"), signed)
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRETS.secret("w1", 2)).verify(BODY, signed)


def test_every_webhook_generation_and_installation_has_a_secret_of_its_own() -> None:
    secrets = {
        SECRETS.secret("w1", 1),
        SECRETS.secret("w2", 1),
        SECRETS.secret("w1", 2),
        Secrets("another installation, thirty-two!").secret("w1", 1),
    }
    assert len(secrets) == 4
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in secrets)
    assert SECRETS.current(from_doc(OF_0_1_0)) == SECRETS.secret("w1", 1)


def test_the_payload_carries_the_version_and_only_the_apps_own_reports() -> None:
    noted: list[DomainEvent] = [e.Noted(at=T0, text="a note stays inside")]
    (event,) = to_envelopes(apply_all(opened(), noted), noted, TRACE)
    data = decode(event, CaseEvent)
    others = [*data.case.reports, ReportRef(id="r2", app="another", reporter="p2")]
    shared = CaseEvent(case=msgspec.structs.replace(data.case, reports=others))
    sent = json.loads(payload(event, shared, "app"))
    assert sent["type"] == "case.noted"
    assert sent["data"]["version"] == 2
    assert sent["data"]["event"] == event.id
    assert sent["data"]["reports"] == ["r1"]
    assert not any(word in json.dumps(sent) for word in ("p1", "p2", "r2", "stays inside"))


def test_the_payload_carries_names_and_the_sentence_that_the_reporter_reads() -> None:
    pack = read_pack(read_folder(SHEYANG))
    noted: list[DomainEvent] = [e.Noted(at=T0)]
    (happened,) = to_envelopes(apply_all(opened(), noted), noted, TRACE)
    case = msgspec.structs.replace(
        decode(happened, CaseEvent).case, category="manhole", unit="jiaotonglu", state="claimed"
    )
    mine = [ReportRef(id="r1", app="app"), ReportRef(id="r2", app="app"), ReportRef(id="r3", app="another")]
    event = CaseEvent(case=msgspec.structs.replace(case, reports=mine, report_count=3))
    told = json.loads(payload(happened, event, "app", pack))["data"]
    assert told["unit_name"] == pack.units["jiaotonglu"].name
    assert told["category_name"] == pack.categories["manhole"].name
    opened_it, joined = told["report_details"]
    assert (opened_it["id"], joined["id"]) == ("r1", "r2")
    assert "已接单" in opened_it["message"] and pack.units["jiaotonglu"].name in opened_it["message"]
    assert joined["message"].startswith("已与同一问题合并（3人上报）") and "已接单" in joined["message"]
    assert "channel" not in opened_it


def test_a_webhook_is_stored_with_what_queries_ask_for_and_read_as_it_was() -> None:
    webhook = from_doc(OF_0_1_0)
    assert (webhook.generation, webhook.key, webhook.rotations) == (1, None, [])
    assert to_doc(webhook) == {**OF_0_1_0, "generation": 1}
    older = Rotation(replaces=1, until=T0 + timedelta(days=1), key="k")
    rotated = Webhook(**{**msgspec.structs.asdict(webhook), "generation": 2, "rotations": [older]})
    assert from_doc({**to_doc(rotated), "of_tomorrow": 1}) == rotated
    assert rotated.older_secrets(T0) == [older]
    assert rotated.older_secrets(T0 + timedelta(days=1)) == []


@pytest.mark.parametrize(("status", "what"), [(204, "webhook.delivered"), (500, "webhook.failed")])
async def test_a_line_of_the_log_names_delivery_event_and_case(status: int, what: str) -> None:
    class Answering(Poster):
        def __init__(self) -> None:
            """Calls nobody."""

        async def post(self, *_: object) -> Reply:
            return Reply(status, b"", None)

    sender = WebhookSender(cast(Webhooks, None), Answering(), SECRETS)
    webhook = from_doc({**OF_0_1_0, "url": "http://127.0.0.1:1/hook"})
    delivery = WebhookDelivery(
        id="d1", city="sheyang", receiver=webhook.id, event="c1.2.0", type="case.noted.v1", case="c1", body=BODY,
        state="pending", attempts=1, next_at=T0, made_at=T0,
    )  # fmt: skip
    with capture_logs() as lines:
        await sender.attempt(webhook, delivery)
    (line,) = (line for line in lines if line["event"] == what)
    assert (line["delivery"], line["event_id"], line["case"]) == ("d1", "c1.2.0", "c1")
    assert BODY not in str(lines)
