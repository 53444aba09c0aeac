"""Signatures of requests to Alibaba Cloud and Tencent Cloud. Pure: time and nonce are passed in.

Alibaba, ACS3-HMAC-SHA256: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
Tencent, TC3-HMAC-SHA256: https://cloud.tencent.com/document/api/382/52071
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

ACS3 = "ACS3-HMAC-SHA256"
TC3 = "TC3-HMAC-SHA256"
JSON = "application/json; charset=utf-8"


class AccessKey(NamedTuple):
    """An account's access key: its id, which is sent, and its secret, which never is."""

    id: str
    secret: str


class Operation(NamedTuple):
    """What is asked of a cloud: the host that is asked, the name and version of the operation, and Tencent's name of
    the service."""

    host: str
    action: str
    version: str
    service: str = ""


def acs3_query(parameters: Mapping[str, str]) -> str:
    """The query of an address: sorted by name, everything quoted but letters, digits and ``-_.~``."""
    return "&".join(f"{_quoted(name)}={_quoted(parameters[name])}" for name in sorted(parameters))


def acs3_headers(key: AccessKey, operation: Operation, query: str, at: datetime, nonce: str) -> dict[str, str]:
    """Headers of a POST of ``query`` without a body. ``at`` is aware; ``nonce`` is used once."""
    content = hashlib.sha256(b"").hexdigest()
    signed = {
        "host": operation.host,
        "x-acs-action": operation.action,
        "x-acs-content-sha256": content,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": operation.version,
    }
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    request = f"POST\n/\n{query}\n{lines}\n{names}\n{content}"
    signature = _hex_mac(key.secret.encode(), f"{ACS3}\n{_sha256(request)}")
    authorization = f"{ACS3} Credential={key.id},SignedHeaders={names},Signature={signature}"
    return {**{name: value for name, value in signed.items() if name != "host"}, "authorization": authorization}


def tc3_headers(key: AccessKey, operation: Operation, body: str, at: datetime, region: str = "") -> dict[str, str]:
    """Headers of a POST of the JSON ``body``. ``at`` is aware."""
    seconds, day = int(at.timestamp()), at.astimezone(UTC).strftime("%Y-%m-%d")
    names = "content-type;host;x-tc-action"
    lines = f"content-type:{JSON}\nhost:{operation.host}\nx-tc-action:{operation.action.lower()}\n"
    request = f"POST\n/\n\n{lines}\n{names}\n{_sha256(body)}"
    scope = f"{day}/{operation.service}/tc3_request"
    dated = _mac(f"TC3{key.secret}".encode(), day)
    signature = _hex_mac(
        _mac(_mac(dated, operation.service), "tc3_request"), f"{TC3}\n{seconds}\n{scope}\n{_sha256(request)}"
    )
    return {
        "content-type": JSON,
        "x-tc-action": operation.action,
        "x-tc-version": operation.version,
        "x-tc-timestamp": str(seconds),
        **({"x-tc-region": region} if region else {}),
        "authorization": f"{TC3} Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}",
    }


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _hex_mac(key: bytes, text: str) -> str:
    return _mac(key, text).hex()
