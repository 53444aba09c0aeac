"""``POST /v1/cases/{id}/{command}``: from the call to a ``CommandRequest``, and from its result to the answer.

Each answer is kept under the caller's idempotency key, and the same one is sent again when the key comes again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec

from services.router.cases.case_answers import CaseAnswer
from services.router.cases.case_views import answer, etag
from services.router.cases.readings import Readings
from services.router.cases.recusal import is_recused
from services.router.cases.sealed_words import SealedWords, bare
from services.router.command_handling.actors import actor_of
from services.router.command_handling.bodies import UnmaskBody, UnsealBody
from services.router.command_handling.commands_from_bodies import BODIES
from services.router.command_handling.handler import CommandHandler, CommandRequest, CommandResult
from services.router.command_handling.unmasking import PROTECTED, ProtectedData
from services.router.domain.case import Case
from services.router.http.kept_answers import KeptAnswers
from services.router.http.reading_answers import UnmaskAnswer, UnsealAnswer
from shared.contracts.persons import KnownReporter
from shared.kernel.errors import Refusal
from shared.runtime.http_server.on_behalf import officer_of
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import Directory
from shared.runtime.pack_library import PackLibrary

_SHOWS: dict[type[msgspec.Struct], type[msgspec.Struct]] = {UnmaskBody: UnmaskAnswer, UnsealBody: UnsealAnswer}
"""What the commands answer that show protected data; the others answer the case."""
OFFICERS = frozenset({"officer"})
ACTORS = OFFICERS | {"service"}


class CommandRoutes:
    """A route for every command of the table."""

    def __init__(
        self,
        handler: CommandHandler,
        protected: ProtectedData,
        kept: KeptAnswers,
        words: SealedWords,
        readings: Readings,
        packs: PackLibrary,
        directory: Directory,
    ) -> None:
        self._handler = handler
        self._protected = protected
        self._kept = kept
        self._words = words
        self._readings = readings
        self._packs = packs
        self._directory = directory

    def routes(self) -> list[Route]:
        calls = "/v1/follow-up-calls/{id}:record"
        commands = [self._route(f"/v1/cases/{{id}}/{name}", name, body) for name, body in BODIES.items()]
        return [*commands, self._route(calls, "record_call", BODIES["record_call"])]

    def _route(self, path: str, name: str, body: type[msgspec.Struct]) -> Route:
        """Protected data is shown to whoever signed in himself, and each look is in the security log."""
        protected = body in PROTECTED
        return post(
            path,
            self._called(name),
            f"{name} a case",
            roles=OFFICERS if protected else ACTORS,
            body=body,
            keyed=True,
            logged="personal_data" if protected else None,
            answers={200: _SHOWS.get(body, CaseAnswer)},
        )

    def _called(self, name: str) -> Callable[[Call], Awaitable[Answer]]:
        async def called(call: Call) -> Answer:
            request = CommandRequest(
                name=name,
                case=call.path["id"],
                body=call.body_as(msgspec.Struct),
                by=await officer_of(call, self._directory),
                key=call.key,
                if_match=call.request.headers.get("if-match"),
                trace=call.trace,
            )
            if type(request.body) in PROTECTED:
                await self._protected.check(request)
                await self._directory.check_confirmed(request.by, call.token)
            return await self.answer(request)

        return called

    async def answer(self, request: CommandRequest) -> Answer:
        """The answer to a command, with protected data where it shows some. Raises ``Refusal``."""
        if type(request.body) not in PROTECTED:
            return await self._answer_with_case(request)
        await self._protected.check(request)
        recorded = await self._answer_with_case(request)
        looked = await self._protected.shown(request)
        case = (
            msgspec.json.decode(recorded.body, type=CaseAnswer)
            if isinstance(recorded.body, msgspec.Raw)
            else recorded.body
        )
        assert isinstance(case, CaseAnswer)  # noqa: S101 - what every command is answered
        shown: UnmaskAnswer | UnsealAnswer
        if isinstance(looked.said, KnownReporter):
            shown = UnmaskAnswer(case=case, report=looked.report, reporter=looked.said)
        else:
            shown = UnsealAnswer(case=case, report=looked.report, sealed=looked.said)
        return Answer(shown, 200, recorded.headers)

    async def _answer_with_case(self, request: CommandRequest) -> Answer:
        """The case as the officer may see it; the first answer again when its key came before. Raises ``Refusal``."""
        key, fingerprint = request.key_id, request.fingerprint
        first = await self._kept.of(key)
        if first is not None and first.is_for(fingerprint):
            return first.repeated()
        try:
            result = await self._handler.handle(request, spent=first is not None)
        except Refusal as refusal:
            await self._kept.keep_refusal(key, fingerprint, refusal)
            raise
        case = await self._on_record(result)
        pack = self._packs.current(case.city)
        actor = actor_of(result.by, case, pack)
        shown = self._words.shown(case, actor, answer(case, actor, pack))
        if is_recused(case, result.by.unit or "", pack):  # whoever recused the own unit has just lost sight of it
            shown = bare(msgspec.structs.replace(shown, description="", summary=""))
        confidential = case.id if case.confidential else None
        kept = await self._kept.keep(key, fingerprint, Answer(shown, 200, {"etag": etag(case)}), confidential)
        return replace(kept, headers={**kept.headers, "idempotent-replayed": "true"}) if result.replayed else kept

    async def _on_record(self, result: CommandResult) -> Case:
        """The case, which the answer shows: of a sensitive one a command that changed nothing is a reading."""
        case, by = result.case, result.by.who
        if any(line.by == by and line.version == case.version for line in case.history):
            return case
        return await self._readings.recorded(case, result.by)
