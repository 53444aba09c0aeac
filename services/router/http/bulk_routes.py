"""``POST /v1/cases:bulk``: one command on up to fifty cases, each as if it were sent alone, with an outcome of its own.

Each case is found, checked, changed and answered as by its own route, under the same idempotency key, which stands for
one command on one case. So a bulk that is sent again does nothing twice, and what failed may be sent again alone.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Annotated

import msgspec
import structlog
from msgspec import UNSET, UnsetType

from services.router.command_handling.commands_from_bodies import BODIES
from services.router.command_handling.handler import CommandRequest
from services.router.command_handling.unmasking import PROTECTED
from services.router.http.command_routes import ACTORS, CommandRoutes
from shared.kernel.errors import FieldError, Refusal, invalid, unavailable
from shared.kernel.vocabulary import StateName
from shared.runtime.http_server.decoding import Body
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.on_behalf import officer_of
from shared.runtime.http_server.problem_types import URN, title
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import Directory
from shared.runtime.storage.mongo import MongoError

log = structlog.get_logger()

CASES_MAX = 50
AT_ONCE = 5
BODY_MAX = 64 * 1024
OPEN_TO_BULK = {name: body for name, body in BODIES.items() if body not in PROTECTED}
"""Protected data is looked at one case at a time."""


class BulkCase(msgspec.Struct, forbid_unknown_fields=True):
    """``if_match``: the ETag of the case as it was read."""

    id: Ident
    if_match: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class BulkBody(msgspec.Struct, forbid_unknown_fields=True):
    """``command`` and ``body``: as of ``POST /v1/cases/{id}/{command}``, but for ``unmask`` and ``unseal``."""

    command: Ident
    cases: Annotated[list[BulkCase], msgspec.Meta(min_length=1, max_length=CASES_MAX)]
    body: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))


class WrongPart(msgspec.Struct, frozen=True):
    pointer: str
    detail: str


class CaseProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As the problem of the command's own route. ``commands``: what is open now; ``reason``: of a refusal."""

    type: str
    title: str
    detail: str
    errors: list[WrongPart] = []
    reason: str | UnsetType = UNSET
    state: StateName | UnsetType = UNSET
    commands: list[str] | UnsetType = UNSET
    etag: str | UnsetType = UNSET


class BulkOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one case: ``status`` as its own route would answer, and the case's new state, or the problem."""

    id: str
    status: int
    version: int | UnsetType = UNSET
    state: StateName | UnsetType = UNSET
    assignee: str | UnsetType | None = UNSET
    etag: str | UnsetType = UNSET
    problem: CaseProblem | UnsetType = UNSET


class BulkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of the request. ``done``: how many were carried out."""

    done: int
    items: list[BulkOutcome]


class _After(msgspec.Struct, frozen=True):
    """What is told of a case after its command."""

    version: int
    state: StateName
    assignee: str | None


class BulkRoutes:
    """The route."""

    def __init__(self, commands: CommandRoutes, directory: Directory) -> None:
        self._commands = commands
        self._directory = directory
        self._bodies = {name: Body(shape) for name, shape in OPEN_TO_BULK.items()}

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/cases:bulk",
                self.bulk,
                "One command on up to fifty cases, with an outcome for each",
                roles=ACTORS,
                body=BulkBody,
                json_max=BODY_MAX,
                keyed=True,
                answers={200: BulkAnswer},
            )
        ]

    async def bulk(self, call: Call) -> Answer:
        body = call.body_as(BulkBody)
        command = self._command(body)
        by, at_once = await officer_of(call, self._directory), asyncio.Semaphore(AT_ONCE)
        first = CommandRequest(name=body.command, case="", body=command, by=by, key=call.key, trace=call.trace)

        async def one(case: BulkCase) -> tuple[BulkOutcome, bool]:
            async with at_once:
                return await self._outcome(replace(first, case=case.id, if_match=case.if_match))

        found = await asyncio.gather(*map(one, body.cases))
        items = [outcome for outcome, _ in found]
        headers = {"idempotent-replayed": "true"} if all(repeated for _, repeated in found) else {}
        return Answer(BulkAnswer(done=sum(item.status == 200 for item in items), items=items), headers=headers)

    def _command(self, body: BulkBody) -> msgspec.Struct:
        """The command's body. Raises ``Refusal`` 422."""
        twice = [id_ for id_, times in Counter(case.id for case in body.cases).items() if times > 1]
        if twice:
            raise invalid(FieldError("/cases", f"has a case twice: {', '.join(twice)[:200]}"))
        if body.command not in self._bodies:
            raise invalid(FieldError("/command", f"is none of {', '.join(self._bodies)}"))
        try:
            command: msgspec.Struct = self._bodies[body.command].read(bytes(body.body))
        except Refusal as wrong:
            raise invalid(*(FieldError(f"/body{e.pointer}", e.detail) for e in wrong.errors)) from wrong
        return command

    async def _outcome(self, request: CommandRequest) -> tuple[BulkOutcome, bool]:
        """What became of the case, and whether that was so before."""
        try:
            answer = await self._commands.answer(request)
        except Refusal as refusal:
            return _refused(request.case, refusal), refusal.replayed
        except (MongoError, TimeoutError) as error:
            log.warning("bulk.unknown", case=request.case, error=str(error), trace=request.trace)
            return _refused(request.case, unavailable("It is unknown whether this was done. Send it again.")), False
        after = (
            msgspec.json.decode(answer.body, type=_After)
            if isinstance(answer.body, msgspec.Raw)
            else msgspec.convert(answer.body, _After, from_attributes=True)
        )
        outcome = BulkOutcome(
            id=request.case,
            status=answer.status,
            version=after.version,
            state=after.state,
            assignee=after.assignee,
            etag=answer.headers["etag"],
        )
        return outcome, "idempotent-replayed" in answer.headers


def _refused(case: str, refusal: Refusal) -> BulkOutcome:
    told = {name: value for name, value in refusal.extra.items() if name in CaseProblem.__struct_fields__}
    problem = msgspec.convert(
        {
            "type": f"{URN}{refusal.kind}",
            "title": title(refusal.kind),
            "detail": refusal.detail,
            "errors": [{"pointer": error.pointer, "detail": error.detail} for error in refusal.errors],
            **told,
        },
        CaseProblem,
    )
    return BulkOutcome(id=case, status=refusal.status, problem=problem)
