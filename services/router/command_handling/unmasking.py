"""Who sent a report, and what a confidential report says: intake is asked, for officers whom the city's pack names.

The look is recorded on the case first. What intake answers is shown to the officer and stored nowhere, so a repeated
request asks intake again, and the right is checked again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from services.router.cases.case_access import CaseAccess
from services.router.command_handling.actors import actor_of
from services.router.command_handling.bodies import UnmaskBody, UnsealBody
from services.router.command_handling.handler import CommandRequest
from services.router.command_handling.intake_client import IntakePersons
from shared.kernel.errors import forbidden, not_found
from shared.kernel.ids import opening_report
from shared.runtime.pack_library import PackLibrary

PROTECTED = frozenset({UnmaskBody, UnsealBody})
"""Bodies of the commands that show such data."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Which report is looked at, under which name the answer stands, and what intake is asked."""

    report: str
    name: str
    ask: Callable[[dict[str, str]], Awaitable[dict[str, Any]]]


class ProtectedData:
    """What ``unmask`` and ``unseal`` show beside the case."""

    def __init__(self, case_access: CaseAccess, packs: PackLibrary, persons: IntakePersons) -> None:
        self._case_access = case_access
        self._packs = packs
        self._persons = persons

    async def check(self, request: CommandRequest) -> None:
        """Raises ``Refusal``: 403 when the pack does not name the officer, 404 when he does not see the case."""
        by = request.by
        found = await self._case_access.load(by, by.city, request.case)
        if found is None:
            raise not_found("case")
        if not actor_of(found[0], found[1], self._packs.current(by.city)).trusted:
            raise forbidden(f"The city's pack does not name you for {request.name}.", reason="not_named")

    async def shown(self, request: CommandRequest) -> dict[str, object]:
        """The report's id and what intake says of it. Raises ``Refusal`` 404, 503."""
        look = self._look(request)
        if look is None:
            return {}
        about = {"city": request.by.city, "case": request.case, "report": look.report, "person": request.by.who}
        return {"report": look.report, look.name: await look.ask(about)}

    def _look(self, request: CommandRequest) -> _Look | None:
        match request.body:
            case UnmaskBody(report=report):
                return _Look(report, "reporter", self._persons.unmask)
            case UnsealBody(report=report):
                return _Look(report or opening_report(request.case), "sealed", self._persons.unseal)
            case _:
                return None
