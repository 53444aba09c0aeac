"""``POST /v1/sessions:holders``: who holds sessions now, for a service that streams to many people and ends the
streams of those whose session or rights have ended."""

from typing import Annotated

import msgspec

from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import Directory

HASHES_MAX = 2000
BODY_MAX = 160 * 1024
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class HoldersBody(msgspec.Struct, forbid_unknown_fields=True):
    """``hashes``: SHA-256 of tokens, which open nothing."""

    hashes: Annotated[list[Hash], msgspec.Meta(max_length=HASHES_MAX)]


class SessionHolder(msgspec.Struct, frozen=True, kw_only=True):
    """An officer as the pack and the rota have him now."""

    city: str
    person: str
    unit: str
    on_duty_for: tuple[str, ...]


class HoldersAnswer(msgspec.Struct, frozen=True):
    """By hash. What has ended, and what is no officer's, is left out."""

    items: dict[str, SessionHolder]


class HolderRoutes:
    """The route. It reads the directory anew: what it says is not older than the call."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/sessions:holders",
                self.holders,
                "Who holds these sessions now",
                roles=frozenset({"service"}),
                body=HoldersBody,
                json_max=BODY_MAX,
                answers={200: HoldersAnswer},
            )
        ]

    async def holders(self, call: Call) -> Answer:
        found = await self._directory.holders(call.body_as(HoldersBody).hashes)
        items = {
            hashed: SessionHolder(city=who.city, person=who.person, unit=who.unit, on_duty_for=who.on_duty_for)
            for hashed, who in found.items()
            if who.kind == "officer" and who.person is not None and who.unit is not None
        }
        return Answer(HoldersAnswer(items))
