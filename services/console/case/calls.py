"""Calls about one case, as the officer who is signed in."""

from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from services.console.case.answers import (
    Choices,
    Explained,
    FullCase,
    Geometry,
    History,
    NearCases,
    Reports,
    Shown,
    Stands,
)
from services.console.router_client import Services
from services.console.service_paths import ServiceName
from shared.kernel.errors import Refusal, unavailable
from shared.kernel.ids import opening_report

T = TypeVar("T")
NEAR_METRES = 300


class CaseCalls:
    """``case`` and ``command`` raise ``Refusal``; the others answer nothing where it cannot be asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def case(self, token: str, id_: str) -> tuple[FullCase, str]:
        """The case and the version that was shown."""
        answer = await self._services.answer("router", "GET", _path(id_), token)
        return _case(answer.content, answer.headers.get("etag", ""))

    async def command(
        self, token: str, id_: str, command: str, body: dict[str, Any], *, key: str, if_match: str | None
    ) -> tuple[FullCase, str] | Shown | None:
        """The case afterwards; what it shows of a person or a confidential report; None where a repeat was answered."""
        headers = {"idempotency-key": key, **({"if-match": f'"{if_match}"'} if if_match is not None else {})}
        answer = await self._services.answer(
            "router", "POST", f"{_path(id_)}/{command}", token, json=body, headers=headers
        )
        if command in ("unmask", "unseal"):
            return _read(answer.content, Shown)
        if "idempotent-replayed" in answer.headers:
            return None
        return _case(answer.content, answer.headers.get("etag", ""))

    async def reports(self, token: str, id_: str) -> Reports:
        return await self._extra("router", f"{_path(id_)}/reports?limit=20", Reports, token)

    async def history(self, token: str, id_: str) -> History:
        return await self._extra("router", f"{_path(id_)}/history", History, token)

    async def explained(self, token: str, id_: str) -> Explained:
        return await self._extra("router", f"{_path(id_)}/explain", Explained, token)

    async def choices(self, token: str, id_: str) -> Choices:
        return await self._extra("router", f"{_path(id_)}/choices", Choices, token)

    async def geometry(self, token: str, unit: str) -> Geometry:
        return await self._extra(
            "router", f"/v1/units/{quote(unit, safe='')}/geometry?places=true&simplify=5", Geometry, token
        )

    async def near(self, token: str, point: tuple[float, float] | None) -> NearCases:
        if point is None:
            return NearCases()
        query = f"lon={point[0]}&lat={point[1]}&crs=wgs84&radius={NEAR_METRES}"
        return await self._extra("router", f"/v1/cases:nearby?{query}", NearCases, token)

    async def stands(self, token: str, case: str) -> Stands:
        """Where the report that opened the case stands, as its reporter reads it."""
        return await self._extra("intake", f"/v1/reports/{quote(opening_report(case), safe='')}", Stands, token)

    async def _extra(self, service: ServiceName, path: str, shape: type[T], token: str) -> T:
        try:
            return _read((await self._services.answer(service, "GET", path, token)).content, shape)
        except Refusal:
            return shape()


def _path(id_: str) -> str:
    return f"/v1/cases/{quote(id_, safe='')}"


def _case(content: bytes, etag: str) -> tuple[FullCase, str]:
    return _read(content, FullCase), etag.strip('"')


def _read(content: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError as wrong:
        raise unavailable("The service's answer cannot be read.") from wrong
