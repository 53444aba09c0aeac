"""By what the router knows whose request it is."""

import re

from shared.runtime.http_server.route import Call

_UNSENDABLE = re.compile(r"[^ -~]")


def from_client(call: Call) -> dict[str, str]:
    """Headers: address and browser."""
    agent = _UNSENDABLE.sub("?", call.request.headers.get("user-agent", ""))
    return {"x-forwarded-for": call.address, "user-agent": agent[:200]}
