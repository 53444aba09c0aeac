"""Tencent Cloud: text messages (SendSms) and calls (SendTtsVoice).

https://cloud.tencent.com/document/api/382/55981, https://cloud.tencent.com/document/api/1128/51558
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from services.notifier.channels.channel import TemplateMessage
from services.notifier.channels.gateways.request import SignedRequest, refused, with_country
from services.notifier.channels.gateways.signing import AccessKey, Operation, tc3_headers
from services.notifier.channels.json_post import answer_of
from services.notifier.delivery.http_post import Reply
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver

TEXTS, TEXTS_VERSION = "https://sms.tencentcloudapi.com", "2021-01-11"
CALLS, CALLS_VERSION = "https://vms.tencentcloudapi.com", "2020-09-02"
REGION = "ap-guangzhou"
RATE = ("LimitExceeded", "RequestLimitExceeded")
SETTINGS = (
    "AuthFailure",
    "UnauthorizedOperation",
    "InvalidParameter",
    "MissingParameter",
    "UnsupportedOperation",
    "FailedOperation.SignatureIncorrectOrUnapproved",
    "FailedOperation.Template",
    "FailedOperation.ParametersOtherError",
    "FailedOperation.InsufficientBalance",
    "FailedOperation.PhoneNumberInBlacklist",
)
"""Somebody must correct signature, template, account, key or number."""


class Tencent:
    """Parameters go in a JSON body, which is signed; values of variables in the order of the template."""

    def text_message(self, to: Receiver, message: TemplateMessage, at: datetime, nonce: str) -> SignedRequest:
        body = {
            "PhoneNumberSet": [with_country(to.to)],
            "SmsSdkAppId": to.app,
            "SignName": to.signature,
            "TemplateId": to.templates[message.template],
            "TemplateParamSet": [value for _, value in message.values],
        }
        return _signed(to, to.url or TEXTS, Operation("", "SendSms", TEXTS_VERSION, "sms"), body, at)

    def call(self, to: Receiver, message: TemplateMessage, at: datetime, nonce: str) -> SignedRequest:
        body = {
            "CalledNumber": with_country(to.to),
            "VoiceSdkAppid": to.app,
            "TemplateId": to.templates[message.template],
            "TemplateParamSet": [value for _, value in message.values],
            "PlayTimes": 2,
        }
        return _signed(to, to.url or CALLS, Operation("", "SendTtsVoice", CALLS_VERSION, "vms"), body, at)

    def outcome_of(self, reply: Reply) -> Outcome:
        """``{"Response": {"SendStatusSet": [{"Code": "Ok"}]}}``, of a call ``{"SendStatus": {"CallId": …}}``; a failure
        is ``{"Error": {"Code": …}}`` or the code of the number."""
        response = _object(answer_of(reply).get("Response"))
        numbers = response.get("SendStatusSet")
        status = _object(numbers[0] if isinstance(numbers, list) and numbers else response.get("SendStatus"))
        failure = _object(response.get("Error")).get("Code") or status.get("Code") or ""
        call = status.get("CallId")
        if 200 <= reply.status < 300 and (failure == "Ok" or (call and not failure)):
            return Outcome("delivered", reply.status, call=str(call) if call else None)
        return refused(str(failure), reply, RATE, SETTINGS)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _signed(to: Receiver, url: str, operation: Operation, body: dict[str, Any], at: datetime) -> SignedRequest:
    text = msgspec.json.encode(body).decode()
    host = urlsplit(url).netloc
    headers = tc3_headers(AccessKey(to.key, to.secret), operation._replace(host=host), text, at, to.region or REGION)
    return SignedRequest(f"{url.rstrip('/')}/", text, headers)
