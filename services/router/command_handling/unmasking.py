"""Who sent a report, and what a confidential report says: intake is asked, for officers whom the city's pack names.

The look is recorded on the case first. What intake answers is shown to the officer and stored nowhere, so a repeated
request asks intake again, and the right is checked again.
"""

from dataclasses import dataclass

from services.router.cases.case_access import CaseAccess
from services.router.command_handling.actors import actor_of
from services.router.command_handling.bodies import UnmaskBody, UnsealBody
from services.router.command_handling.handler import CommandRequest
from services.router.command_handling.intake_client import IntakePersons
from shared.contracts.persons import KnownReporter, SealedReport
from shared.kernel.errors import forbidden, not_found
from shared.kernel.ids import opening_report
from shared.runtime.pack_library import PackLibrary

PROTECTED = frozenset({UnmaskBody, UnsealBody})
"""Bodies of the commands that show such data."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Which report was looked at, and what intake says of it."""

    report: str
    said: KnownReporter | SealedReport


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

    async def shown(self, request: CommandRequest) -> Looked:
        """The report's id and what intake says of it. Raises ``Refusal`` 404, 503."""
        about = {"city": request.by.city, "case": request.case, "person": request.by.who}
        match request.body:
            case UnmaskBody(report=report):
                return Looked(report, await self._persons.unmask({**about, "report": report}))
            case UnsealBody(report=named):
                report = named or opening_report(request.case)
                return Looked(report, await self._persons.unseal({**about, "report": report}))
        raise TypeError(f"{request.name} shows nothing that is protected")
