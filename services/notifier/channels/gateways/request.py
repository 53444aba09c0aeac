"""What clouds are asked and answer: a signed request, numbers as clouds write them, and codes of answers in words."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.notifier.channels.json_post import BUSY_SECONDS, SETTINGS_SECONDS
from services.notifier.delivery.http_post import Reply
from services.notifier.domain.retry import Outcome

CHINA = "+86"
_SEPARATORS = re.compile(r"[\s()-]")


class SignedRequest(NamedTuple):
    """A POST that is made as it is here, because its signature covers it."""

    url: str
    body: str
    headers: Mapping[str, str]


def with_country(number: str) -> str:
    """``+8613800000000``: a number without a country's prefix is Chinese; that of a landline loses its 0."""
    plain = _SEPARATORS.sub("", number)
    return plain if plain.startswith("+") else CHINA + plain.removeprefix("0")


def without_country(number: str) -> str:
    """``13800000000``; a number of another country keeps its digits."""
    return _SEPARATORS.sub("", number).removeprefix(CHINA).removeprefix("+")


def refused(code: str, reply: Reply, rate: Sequence[str], settings: Sequence[str]) -> Outcome:
    """What a code of failure means: ``rate`` and ``settings`` are beginnings of codes."""
    if reply.status == 429 or code.startswith(tuple(rate)):
        return Outcome("rate", reply.status, wait=reply.retry_after or BUSY_SECONDS, counts=False)
    if code.startswith(tuple(settings)):
        return Outcome("settings", reply.status, wait=SETTINGS_SECONDS)
    return Outcome("refused", reply.status, wait=reply.retry_after)
