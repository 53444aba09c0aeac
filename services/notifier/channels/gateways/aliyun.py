"""Alibaba Cloud: text messages (SendSms) and calls (SingleCallByTts).

https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms
https://help.aliyun.com/zh/vms/developer-reference/api-dyvmsapi-2017-05-25-singlecallbytts: one number once a minute,
five times an hour.
"""

from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from services.notifier.channels.channel import TemplateMessage
from services.notifier.channels.gateways.request import SignedRequest, refused, without_country
from services.notifier.channels.gateways.signing import AccessKey, Operation, acs3_headers, acs3_query
from services.notifier.channels.json_post import answer_of
from services.notifier.delivery.http_post import Reply
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver

TEXTS = "https://dysmsapi.aliyuncs.com"
CALLS = "https://dyvmsapi.aliyuncs.com"
VERSION = "2017-05-25"
RATE = ("isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.CALL_LIMIT", "Throttling", "isp.GATEWAY_TOO_BUSY")
SETTINGS = (
    "isv.SMS_SIGN",
    "isv.SMS_TEMPLATE",
    "isv.TEMPLATE",
    "isv.TTS_TEMPLATE",
    "isv.INVALID_PARAMETERS",
    "isv.PARAM",
    "isv.TEMPLATE_MISSING_PARAMETERS",
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.OUT_OF_SERVICE",
    "isv.ACCOUNT",
    "isv.PRODUCT",
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.VOICE_",
    "isp.RAM_PERMISSION_DENY",
    "Forbidden",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidTimeStamp",
)
"""Somebody must correct signature, template, account, key or number."""


class Aliyun:
    """Parameters go in the address, which is signed; there is no body."""

    def text_message(self, to: Receiver, message: TemplateMessage, at: datetime, nonce: str) -> SignedRequest:
        parameters = {
            "PhoneNumbers": without_country(to.to),
            "SignName": to.signature,
            "TemplateCode": to.templates[message.template],
            "TemplateParam": _json(message),
        }
        return _signed(to, to.url or TEXTS, "SendSms", parameters, at, nonce)

    def call(self, to: Receiver, message: TemplateMessage, at: datetime, nonce: str) -> SignedRequest:
        parameters = {
            "CalledNumber": without_country(to.to),
            "TtsCode": to.templates[message.template],
            "TtsParam": _json(message),
            "PlayTimes": "2",
            **({"CalledShowNumber": to.number} if to.number else {}),
        }
        return _signed(to, to.url or CALLS, "SingleCallByTts", parameters, at, nonce)

    def outcome_of(self, reply: Reply) -> Outcome:
        """``{"Code": "OK", "CallId": "1^2"}``."""
        answer = answer_of(reply)
        code, call = str(answer.get("Code", "")), answer.get("CallId")
        if code == "OK" and 200 <= reply.status < 300:
            return Outcome("delivered", reply.status, call=str(call) if call else None)
        return refused(code, reply, RATE, SETTINGS)


def _json(message: TemplateMessage) -> str:
    return msgspec.json.encode(dict(message.values)).decode()


def _signed(to: Receiver, url: str, action: str, parameters: dict[str, str], at: datetime, nonce: str) -> SignedRequest:
    operation = Operation(urlsplit(url).netloc, action, VERSION)
    query = acs3_query(parameters)
    headers = acs3_headers(AccessKey(to.key, to.secret), operation, query, at, nonce)
    return SignedRequest(f"{url.rstrip('/')}/?{query}", "", headers)
