"""Who reported, and what a confidential report says: asked of intake, for those whom the pack names, on the record.

The act is recorded first. What intake answers goes to the officer and is kept nowhere.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from services.router.commands.bodies import UnmaskBody, UnsealBody
from services.router.commands.handler import Officers
from services.router.commands.intake_client import IntakePersons
from shared.kernel.errors import forbidden
from shared.kernel.ids import opening_report
from shared.runtime.http_server.server import Answer, Call
from shared.runtime.identity.directory import Principal


class Privacy:
    """``unmask`` and ``unseal``: commands that answer more than the case."""

    def __init__(self, officers: Officers, persons: IntakePersons) -> None:
        self._officers = officers
        self._persons = persons

    async def unmask(self, call: Call, who: Principal) -> Answer:
        report = call.body_as(UnmaskBody).report
        return await self._looked("unmask", call, who, report, "reporter", self._persons.unmask)

    async def unseal(self, call: Call, who: Principal) -> Answer:
        report = call.body_as(UnsealBody).report or opening_report(call.path["id"])
        return await self._looked("unseal", call, who, report, "sealed", self._persons.unseal)

    async def _looked(
        self,
        name: str,
        call: Call,
        who: Principal,
        report: str,
        field: str,
        ask: Callable[[dict[str, str]], Awaitable[dict[str, Any]]],
    ) -> Answer:
        """An answer that is repeated is asked for anew, so the right is looked at anew as well."""
        if not await self._officers.is_trusted(who, call.path["id"]):
            raise forbidden(f"The city's pack does not name you for {name}.")
        recorded = await self._officers.carry_out(name, call, who)
        about = {"city": who.city, "case": call.path["id"], "report": report, "person": who.who}
        return Answer({"case": recorded.body, "report": report, field: await ask(about)}, 200, recorded.headers)
