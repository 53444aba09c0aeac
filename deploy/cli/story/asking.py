"""The installation as the shared trace asks it, over the command's HTTP client; and the zone of what is printed."""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from deploy.cli.api import Api, Failed, Refused
from deploy.cli.screen import moment
from shared.kernel.errors import Refusal, unavailable
from shared.operations.answers import FoundReports, ServiceName
from shared.operations.asking import Asking

T = TypeVar("T")


class Reached:
    """``shared.operations.asking.Installation``: the services, with the token of ops."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def get(self, service: ServiceName, path: str, shape: type[T], query: Mapping[str, str]) -> T:
        try:
            return msgspec.convert(self._api.get(service, path, **query), shape)
        except Failed as failed:
            raise _refusal(failed) from failed

    async def with_telephone(self, last_four: str) -> FoundReports:
        try:
            answer = self._api.post("intake", "/v1/reporters:find", {"phone_last": last_four})
        except Failed as failed:
            raise _refusal(failed) from failed
        return msgspec.convert(answer, FoundReports)


def answered(asked: Coroutine[Any, Any, T]) -> T:
    """What came of asking. Raises ``Failed`` where a service refused."""
    try:
        return asyncio.run(asked)
    except Refusal as refusal:
        if isinstance(refusal.__cause__, Failed):
            raise refusal.__cause__ from None
        raise Failed(refusal.detail) from refusal


def zone_of(api: Api, city: str | None = None) -> str:
    """The zone in which a command shows times: the city's. UTC where it is not known."""
    return answered(Asking(Reached(api)).zone(city))


def local_time(at: str | datetime, zone: str) -> str:
    """A time in the zone, to the second: ``2026-11-23 08:30:00``."""
    time = moment(at) if isinstance(at, str) else at
    return f"{time.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def _refusal(failed: Failed) -> Refusal:
    """As a page of the console gets it."""
    said = str(failed).splitlines()[0]
    return Refusal(failed.status, failed.kind, said) if isinstance(failed, Refused) else unavailable(said)
