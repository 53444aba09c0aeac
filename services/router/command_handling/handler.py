"""Carries out an officer's command: finds the case, checks key and version, decides, saves with a guarded update."""

from dataclasses import dataclass
from functools import cached_property

import msgspec
import structlog

from services.router.cases.case_access import CaseAccess
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import etag
from services.router.cases.sealed_words import SealedWords
from services.router.cases.sla_from_pack import calendars_of
from services.router.cases.unit_of_work import Changes
from services.router.command_handling.actors import actor_of
from services.router.command_handling.commands_from_bodies import to_command
from services.router.command_handling.idempotency import IdempotencyKey, fingerprint
from services.router.command_handling.pack_lookups import Context
from services.router.command_handling.photo_claims import PhotoClaims
from services.router.dedup.merge_saga import MergeSaga, Shielding
from services.router.domain.case import Case
from services.router.domain.commands.command import Command, Decision, HasPhotos
from services.router.domain.commands.decide import decide, open_rule
from services.router.domain.commands.merge import Merge, SplitCase
from services.router.domain.commands.recusal import LiftRecusal, Recuse
from services.router.domain.commands.sensitivity import MarkSensitive, UnmarkSensitive
from services.router.domain.timer_rules import as_of
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, key_reused, not_found, unavailable
from shared.kernel.ids import plain_id
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()

ROUNDS_MAX = 5
MERGING = frozenset({Merge.NAME, SplitCase.NAME})
"""Commands after which other cases change too."""
SHIELDING = frozenset({Recuse.NAME, LiftRecusal.NAME, MarkSensitive.NAME, UnmarkSensitive.NAME})
"""Commands after which the cases change that were merged into this one."""


@dataclass(frozen=True, kw_only=True)
class CommandRequest:
    """An officer's command on a case, as it was sent.

    ``key``: the caller's idempotency key; ``if_match``: the ETag of the case as the caller read it, ``*`` for any.
    """

    name: str
    case: str
    body: msgspec.Struct
    by: Principal
    key: str
    if_match: str | None = None
    trace: str = ""

    @cached_property
    def key_id(self) -> str:
        """The key as it is stored: one caller's key on one case."""
        return plain_id("k", self.by.city, self.by.who, self.case, self.key)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self.name, self.body)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The case after the command. ``by``: the officer, with the unit through which he may see the case.

    ``replayed``: the case knew the key with this command already, and nothing was done.
    """

    case: Case
    by: Principal
    replayed: bool


class CommandHandler:
    def __init__(
        self,
        store: CaseStore,
        case_access: CaseAccess,
        changes: Changes,
        packs: PackLibrary,
        photos: PhotoClaims,
        merging: MergeSaga,
        words: SealedWords,
        clock: Clock,
    ) -> None:
        self._merging = merging
        self._store = store
        self._case_access = case_access
        self._changes = changes
        self._packs = packs
        self._photos = photos
        self._clock = clock
        self._words = words

    async def handle(self, request: CommandRequest, *, spent: bool = False) -> CommandResult:
        """Carries the command out once for its key, however often it is sent. ``spent``: see ``IdempotencyKey``.

        Raises ``Refusal``: 404 when the officer does not see the case, 403 and 409 as ``decide`` says, 412 when the
        case has another version than ``if_match``, 422 for a wrong field or the key of another command, 503 when others
        changed the case five times meanwhile.
        """
        key = IdempotencyKey(request.key_id, self._words.digest(request.fingerprint), spent)
        for _ in range(ROUNDS_MAX):
            if (result := await self._attempt(request, key)) is not None:
                return result
        raise unavailable("Others are changing this case. Repeat with the same key.", retry_after=1)

    async def _attempt(self, request: CommandRequest, key: IdempotencyKey) -> CommandResult | None:
        """None when another change of the case was saved first."""
        found = await self._case_access.load(request.by, request.by.city, request.case)
        if found is None:
            raise not_found("case")
        by, stored, document = found
        known = await self._store.keys.find(document, key.id)
        if key.is_another(known):
            raise key_reused()
        if known is not None:
            if request.name in MERGING | SHIELDING:
                await self._merging.finish(key.id, key.fingerprint)
            return CommandResult(stored, by, replayed=True)
        _check_version(request, stored)
        case, command, happened = await self._decided(request, stored, by)
        if not happened:
            noted = await self._store.note(stored, key.id, key.fingerprint)
            return CommandResult(stored, by, replayed=False) if noted else None
        if isinstance(command, HasPhotos) and command.photos:
            await self._photos.claim(case.city, command.photos, case.id)
        elsewhere = request.name in MERGING or (request.name in SHIELDING and case.absorbed)
        if elsewhere and isinstance(command, Merge | SplitCase | Shielding):
            await self._merging.intend(command, case, key.id, key.fingerprint)
        change = self._changes.of(stored, happened, key=key.id, fingerprint=key.fingerprint, trace=request.trace)
        if not await self._changes.save(change):
            return None
        after = change.after
        log.info("command.carried_out", command=request.name, case=case.id, state=after.state, trace=request.trace)
        if elsewhere:
            await self._merging.finish(key.id, key.fingerprint)
        return CommandResult(after, by, replayed=False)

    async def _decided(self, request: CommandRequest, stored: Case, by: Principal) -> tuple[Case, Command, Decision]:
        """The case as of now, the complete command, and its events."""
        now, pack = self._clock.now(), self._packs.current(stored.city)
        case = as_of(stored, now)
        sealed = self._words.body(case, request.body)
        actor = actor_of(by, case, pack, request.name)
        context = Context(case, actor, pack, now, await calendars_of(case, self._packs))
        command = to_command(request.name, sealed, context)
        if isinstance(command, Merge | SplitCase):
            open_rule(case, command, actor)
            command = await self._merging.prepared(command, case, by)
        return case, command, decide(case, command, actor, now)


def _check_version(request: CommandRequest, case: Case) -> None:
    if request.if_match not in (None, "*", etag(case)):
        raise Refusal(412, "stale", "The case changed since you read it. Read it again.", extra={"etag": etag(case)})
