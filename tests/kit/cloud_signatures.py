"""The signatures of Alibaba Cloud and Tencent Cloud, stated anew from their documentation: of a request as it arrived.

Nothing of the product is imported, so that its reading of the documentation is compared with another.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import unquote


def acs3_signature(secret: str, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes) -> str:
    """ACS3-HMAC-SHA256 over the headers that the request says are signed; names of ``headers`` in lower case."""
    path, _, query = path_and_query.partition("?")
    named = re.search(r"SignedHeaders=([^,]+)", headers["authorization"])
    assert named is not None
    parameters = sorted(query.split("&"), key=lambda one: unquote(one.partition("=")[0]))
    canonical = [method, path or "/", "&".join(parameters)]
    canonical.append("".join(f"{name}:{headers[name].strip()}\n" for name in sorted(named[1].split(";"))))
    canonical += [named[1], hashlib.sha256(body).hexdigest()]
    digest = hashlib.sha256("\n".join(canonical).encode("utf-8")).hexdigest()
    return hmac.new(secret.encode(), b"ACS3-HMAC-SHA256\n" + digest.encode(), hashlib.sha256).hexdigest()


def tc3_signature(secret: str, method: str, headers: Mapping[str, str], body: bytes) -> str:
    """TC3-HMAC-SHA256 over the headers that the request says are signed, of a request without a query."""
    found = re.fullmatch(
        r"TC3-HMAC-SHA256 Credential=[^/]+/(\S+), SignedHeaders=(\S+), Signature=\w+", headers["authorization"]
    )
    assert found is not None
    scope, names = found.groups()
    date, service, last = scope.split("/")
    seconds = headers["x-tc-timestamp"]
    assert date == datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
    lowered = {**headers, "x-tc-action": headers["x-tc-action"].lower()}
    request = "\n".join(
        [
            method,
            "/",
            "",
            *(f"{name}:{lowered[name]}" for name in names.split(";")),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    to_sign = f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = ("TC3" + secret).encode()
    for part in (date, service, last):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
