"""Text messages and calls through clouds: what is asked of them, signed, and what their answers mean."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from services.notifier.channels.channel import Message, TemplateMessage
from services.notifier.channels.gateways.aliyun import Aliyun
from services.notifier.channels.gateways.cloud import NO_TEMPLATE, Gateways
from services.notifier.channels.gateways.request import with_country, without_country
from services.notifier.channels.gateways.tencent import Tencent
from services.notifier.channels.sms import Sms
from services.notifier.channels.voice import Voice
from services.notifier.delivery.http_post import Poster, Reply
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.ssrf_guard import Guard
from tests.kit.cloud_signatures import acs3_signature, tc3_signature
from tests.kit.made_reports import NOW
from tests.kit.robots import Robot, robot

DANGER = TemplateMessage("danger", (("unit", "交通路社区"), ("category", "供水管网"), ("code", "Ab3dEf6hIj9l")))
CALL = TemplateMessage("call", (("unit", "交通路社区"), ("category", "供水管网")))
TEMPLATES: Any = {"danger": "SMS_1", "call": "TTS_2"}
SECRET = "the-secret-of-the-key"


def base(cloud: Robot) -> str:
    return cloud.url.removesuffix("/robot")


def receiver(cloud: Robot, kind: Any, gateway: Any, **more: Any) -> Receiver:
    settings: dict[str, Any] = {
        "key": "AKexample",
        "secret": SECRET,
        "signature": "建湖网格",
        "templates": TEMPLATES,
        "app": "1400000001",
        "to": "13800000000",
        **more,
    }
    return Receiver(id="v1", kind=kind, gateway=gateway, url=base(cloud), **settings)


async def sent(cloud: Robot, kind: Any, gateway: Any, guard: str = "127.0.0.0/8", **more: Any) -> Outcome:
    gateways = Gateways(Poster(Guard(guard), http_client.client()), lambda: NOW, lambda: "a-nonce")
    channel = Voice(gateways) if kind == "voice" else Sms(gateways.poster, gateways)
    message = Message("m1", "a text that is not sent", by_template=CALL if kind == "voice" else DANGER)
    try:
        return await channel.send(receiver(cloud, kind, gateway, **more), message)
    finally:
        await http_client.close_all()


async def test_alibaba_is_asked_for_a_text_message_by_template_and_signature() -> None:
    with robot(lambda _: {"Code": "OK", "BizId": "1^0"}) as cloud:
        assert await sent(cloud, "sms", "aliyun", to="+8613800000000") == Outcome("delivered", 200)
    asked = parse_qs(urlsplit(cloud.paths[0]).query)
    values = json.loads(asked.pop("TemplateParam")[0])
    assert values == {"unit": "交通路社区", "category": "供水管网", "code": "Ab3dEf6hIj9l"}
    assert asked == {"PhoneNumbers": ["13800000000"], "SignName": ["建湖网格"], "TemplateCode": ["SMS_1"]}
    headers = cloud.headers[0]
    assert (headers["x-acs-action"], headers["x-acs-version"]) == ("SendSms", "2017-05-25")
    assert headers["authorization"].endswith(acs3_signature(SECRET, "POST", cloud.paths[0], headers, b""))


async def test_alibaba_is_asked_for_a_call_and_names_it() -> None:
    with robot(lambda _: {"Code": "OK", "CallId": "116012354148^102281448148"}) as cloud:
        outcome = await sent(cloud, "voice", "aliyun", number="051200000000")
    assert outcome == Outcome("delivered", 200, call="116012354148^102281448148")
    asked = parse_qs(urlsplit(cloud.paths[0]).query)
    assert json.loads(asked.pop("TtsParam")[0]) == {"unit": "交通路社区", "category": "供水管网"}
    assert asked == {
        "CalledNumber": ["13800000000"],
        "CalledShowNumber": ["051200000000"],
        "TtsCode": ["TTS_2"],
        "PlayTimes": ["2"],
    }
    headers = cloud.headers[0]
    assert headers["x-acs-action"] == "SingleCallByTts"
    assert headers["authorization"].endswith(acs3_signature(SECRET, "POST", cloud.paths[0], headers, b""))


async def test_tencent_is_asked_for_a_text_message_with_values_in_the_templates_order() -> None:
    with robot(lambda _: {"Response": {"SendStatusSet": [{"Code": "Ok"}], "RequestId": "r"}}) as cloud:
        assert await sent(cloud, "sms", "tencent") == Outcome("delivered", 200)
    assert cloud.got == [
        {
            "PhoneNumberSet": ["+8613800000000"],
            "SmsSdkAppId": "1400000001",
            "SignName": "建湖网格",
            "TemplateId": "SMS_1",
            "TemplateParamSet": ["交通路社区", "供水管网", "Ab3dEf6hIj9l"],
        }
    ]
    headers, body = cloud.headers[0], json.dumps(cloud.got[0], ensure_ascii=False, separators=(",", ":")).encode()
    assert (headers["x-tc-action"], headers["x-tc-region"]) == ("SendSms", "ap-guangzhou")
    assert "/sms/tc3_request" in headers["authorization"]
    assert headers["authorization"].endswith(tc3_signature(SECRET, "POST", headers, body))


async def test_tencent_is_asked_for_a_call_and_names_it() -> None:
    with robot(lambda _: {"Response": {"SendStatus": {"CallId": "cid-1", "SessionContext": ""}}}) as cloud:
        assert await sent(cloud, "voice", "tencent", region="ap-beijing") == Outcome("delivered", 200, call="cid-1")
    assert cloud.got[0] == {
        "CalledNumber": "+8613800000000",
        "VoiceSdkAppid": "1400000001",
        "TemplateId": "TTS_2",
        "TemplateParamSet": ["交通路社区", "供水管网"],
        "PlayTimes": 2,
    }
    assert (cloud.headers[0]["x-tc-action"], cloud.headers[0]["x-tc-region"]) == ("SendTtsVoice", "ap-beijing")
    assert "/vms/tc3_request" in cloud.headers[0]["authorization"]


@pytest.mark.parametrize(
    ("status", "answer", "name", "wait", "counts"),
    [
        (200, {"Code": "OK", "BizId": "1^0"}, "delivered", None, True),
        (200, {"Code": "isv.BUSINESS_LIMIT_CONTROL"}, "rate", 60, False),
        (400, {"Code": "Throttling.User"}, "rate", 60, False),
        (429, {}, "rate", 60, False),
        (200, {"Code": "isv.SMS_SIGNATURE_ILLEGAL"}, "settings", 300, True),
        (200, {"Code": "isv.SMS_TEMPLATE_ILLEGAL"}, "settings", 300, True),
        (200, {"Code": "isv.AMOUNT_NOT_ENOUGH"}, "settings", 300, True),
        (404, {"Code": "InvalidAccessKeyId.NotFound"}, "settings", 300, True),
        (400, {"Code": "SignatureDoesNotMatch"}, "settings", 300, True),
        (200, {"Code": "isp.SYSTEM_ERROR"}, "refused", None, True),
        (200, {"Code": "isv.SOMETHING_NEW"}, "refused", None, True),
        (500, {"Code": "OK"}, "refused", None, True),
        (200, [0], "refused", None, True),
        (200, {}, "refused", None, True),
    ],
)
def test_an_answer_of_alibaba_is_taken_as_it_is_documented(
    status: int, answer: Any, name: str, wait: float | None, counts: bool
) -> None:
    outcome = Aliyun().outcome_of(Reply(status, json.dumps(answer).encode(), None))
    assert (outcome.name, outcome.wait, outcome.counts, outcome.status) == (name, wait, counts, status)
    assert not outcome.final


@pytest.mark.parametrize(
    ("response", "name", "wait", "counts"),
    [
        ({"SendStatusSet": [{"Code": "Ok"}]}, "delivered", None, True),
        ({"SendStatus": {"CallId": "c"}}, "delivered", None, True),
        ({"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberDailyLimit"}]}, "rate", 60, False),
        ({"Error": {"Code": "RequestLimitExceeded"}}, "rate", 60, False),
        ({"Error": {"Code": "AuthFailure.SignatureFailure"}}, "settings", 300, True),
        (
            {"SendStatusSet": [{"Code": "FailedOperation.TemplateIncorrectOrUnapproved"}]},
            "settings",
            300,
            True,
        ),
        ({"SendStatusSet": [{"Code": "InvalidParameterValue.IncorrectPhoneNumber"}]}, "settings", 300, True),
        ({"Error": {"Code": "InternalError"}, "SendStatus": {"CallId": "c"}}, "refused", None, True),
        ({"SendStatusSet": [{"Code": "Something.New"}]}, "refused", None, True),
        ({"SendStatusSet": []}, "refused", None, True),
        ({}, "refused", None, True),
        (None, "refused", None, True),
    ],
)
def test_an_answer_of_tencent_is_taken_as_it_is_documented(
    response: Any, name: str, wait: float | None, counts: bool
) -> None:
    outcome = Tencent().outcome_of(Reply(200, json.dumps({"Response": response}).encode(), None))
    assert (outcome.name, outcome.wait, outcome.counts) == (name, wait, counts)
    assert not outcome.final


@pytest.mark.parametrize("cloud", [Aliyun(), Tencent()])
@pytest.mark.parametrize("content", [b"", b"<html>502</html>", b"[0]", b"null", b'{"Code":0}', b"\xff", b'{"Code'])
def test_an_answer_that_cannot_be_read_delivers_nothing(cloud: Aliyun | Tencent, content: bytes) -> None:
    assert cloud.outcome_of(Reply(200, content, None)) == Outcome("refused", 200)


@pytest.mark.parametrize("kind", ["sms", "voice"])
@pytest.mark.parametrize("gateway", ["aliyun", "tencent"])
async def test_a_gateway_inside_is_not_called_and_no_log_has_a_key_or_a_number(kind: Any, gateway: Any) -> None:
    with robot() as inside, capture_logs() as logs:
        assert (await sent(inside, kind, gateway, guard="")).name == "refused_address"
    assert inside.got == []
    assert SECRET not in str(logs)
    assert "13800000000" not in str(logs)


@pytest.mark.parametrize(
    ("number", "with_prefix", "without"),
    [
        ("13800000000", "+8613800000000", "13800000000"),
        ("+86 138-0000-0000", "+8613800000000", "13800000000"),
        ("0512-00000000", "+8651200000000", "051200000000"),
        ("+31600000000", "+31600000000", "31600000000"),
    ],
)
def test_a_number_is_written_as_each_cloud_takes_it(number: str, with_prefix: str, without: str) -> None:
    assert (with_country(number), without_country(number)) == (with_prefix, without)


@pytest.mark.parametrize("kind", ["sms", "voice"])
async def test_a_text_without_a_template_is_not_sent_to_a_cloud(kind: Any) -> None:
    with robot() as cloud:
        gateways = Gateways(Poster(Guard("127.0.0.0/8"), http_client.client()), lambda: NOW, lambda: "a-nonce")
        channel = Voice(gateways) if kind == "voice" else Sms(gateways.poster, gateways)
        outcome = await channel.send(receiver(cloud, kind, "aliyun"), Message("m1", "an invitation"))
        await http_client.close_all()
    assert (outcome, cloud.paths) == (NO_TEMPLATE, [])
