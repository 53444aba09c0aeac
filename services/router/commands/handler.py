"""An officer's command, end to end: replay, sight, right, freshness, decision, one guarded update, the first answer."""

from dataclasses import dataclass, replace

import structlog

from services.router.cases.case_access import Sightings
from services.router.cases.case_store import CaseStore
from services.router.cases.projections import answer, etag
from services.router.cases.sealed_words import SealedWords
from services.router.cases.sla_from_pack import calendars_of
from services.router.cases.unit_of_work import Changes
from services.router.cases.visibility import is_guest, seen_by
from services.router.commands.from_body import to_command
from services.router.commands.idempotency import FirstAnswers, fingerprint
from services.router.commands.pack_lookups import Context
from services.router.commands.photo_claims import PhotoClaims
from services.router.dedup.merge_saga import Merging
from services.router.domain.case import Case
from services.router.domain.commands.command import Actor, HasPhotos
from services.router.domain.commands.decide import decide, open_commands, open_rule
from services.router.domain.commands.merge import Merge, SplitCase
from services.router.domain.firing import as_of
from shared.city.cooperation import consults
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, key_reused, not_found, unavailable
from shared.kernel.ids import plain_id
from shared.runtime.http_server.server import Answer, Call
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document

log = structlog.get_logger()

ROUNDS_MAX = 5
MERGING = frozenset({Merge.NAME, SplitCase.NAME})
"""Commands that other cases follow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command's idempotency key on its case, and the fingerprint of command and body.

    ``spent``: another command was refused for good under the key, so only what the case itself remembers is repeated.
    """

    key: str
    fingerprint: str
    spent: bool

    def is_another(self, came: Document | None) -> bool:
        """Whether the key stands for something else. Version 0.1.0 remembered keys without fingerprints."""
        if came is None:
            return self.spent
        return bool(came.get("fingerprint", self.fingerprint) != self.fingerprint)


class Officers:
    """Carries out commands."""

    def __init__(
        self,
        store: CaseStore,
        sightings: Sightings,
        changes: Changes,
        packs: PackLibrary,
        photos: PhotoClaims,
        merging: Merging,
        words: SealedWords,
        clock: Clock,
    ) -> None:
        self._merging = merging
        self._store = store
        self._sightings = sightings
        self._changes = changes
        self._packs = packs
        self._photos = photos
        self._clock = clock
        self._words = words
        self._answers = FirstAnswers(store, words)

    async def carry_out(self, name: str, call: Call, principal: Principal) -> Answer:
        """The answer to a command; the first one again when its key came before. Raises ``Refusal``."""
        case_id = call.path["id"]
        key = plain_id("k", principal.city, principal.who, case_id, call.key)
        said = fingerprint(name, call.body)
        first = await self._answers.of(key)
        if first is not None and first.to(said):
            return first.repeated()
        asked = Asked(key, self._words.digest(said), spent=first is not None)
        try:
            case, fresh, principal = await self._through(name, call, principal, asked)
        except Refusal as refusal:
            await self._answers.keep_refusal(key, said, refusal)
            raise
        actor = acting(principal, case, self._packs.current(case.city))
        shown = self._words.shown(case, actor, answer(case, actor))
        confidential = case.id if case.confidential else None
        answered = await self._answers.keep(key, said, Answer(shown, 200, {"etag": etag(case)}), confidential)
        return answered if fresh else replace(answered, headers={**answered.headers, "idempotent-replayed": "true"})

    async def _through(self, name: str, call: Call, asking: Principal, asked: Asked) -> tuple[Case, bool, Principal]:
        """The case after the command, whether it was this call that did it, and who asks, as he sees the case."""
        for _ in range(ROUNDS_MAX):
            found = await self._sightings.of(asking, asking.city, call.path["id"])
            if found is None:
                raise not_found("case")
            principal, stored, document = found
            came = await self._store.keys.came(document, asked.key)
            if asked.is_another(came):
                raise key_reused()
            if came is not None:
                if name in MERGING:
                    await self._merging.finish(asked.key, asked.fingerprint)
                return stored, False, principal
            _if_match(call, stored)
            now = self._clock.now()
            pack = self._packs.current(stored.city)
            case = as_of(stored, now)
            actor = acting(principal, case, pack, name)
            calendars = await calendars_of(case, self._packs)
            context = Context(case, actor, pack, now, calendars)
            command = to_command(name, self._words.body(case, call.body), context)
            if isinstance(command, Merge | SplitCase):
                open_rule(case, command, actor)
                command = await self._merging.prepared(command, case, principal)
            happened = decide(case, command, actor, now)
            if not happened:
                if await self._store.note(stored, asked.key, asked.fingerprint):
                    return stored, True, principal
                continue
            if isinstance(command, HasPhotos) and command.photos:
                await self._photos.claim(case.city, command.photos, case.id)
            if isinstance(command, Merge | SplitCase):
                await self._merging.intend(command, case, asked.key, asked.fingerprint)
            change = self._changes.of(stored, happened, key=asked.key, fingerprint=asked.fingerprint, trace=call.trace)
            if await self._changes.save(change):
                log.info("command.carried_out", command=name, case=case.id, state=change.after.state, trace=call.trace)
                if name in MERGING:
                    await self._merging.finish(asked.key, asked.fingerprint)
                return change.after, True, principal
        raise unavailable("Others are changing this case. Repeat with the same key.", retry_after=1)

    async def is_trusted(self, principal: Principal, case_id: str) -> bool:
        """Whether the pack names the officer for this case. Raises ``Refusal`` 404."""
        found = await self._sightings.of(principal, principal.city, case_id)
        if found is None:
            raise not_found("case")
        return acting(found[0], found[1], self._packs.current(principal.city)).trusted


def acting(principal: Principal, case: Case, pack: Pack, command: str | None = None) -> Actor:
    """The officer, as he stands to the case: as one of the unit that has it in hand, be he placed or on duty there.

    With a ``command``, as one of the first of his units that may carry it out now.
    """
    assert principal.unit  # noqa: S101 - officers have one
    units = (principal.unit,) if case.confidential else principal.units
    actors = [_of_unit(principal, unit, case, pack) for unit in units]
    able = [a for a in actors if command is not None and command in open_commands(case, a)]
    seeing = seen_by(case, pack) if len(units) > 1 else []
    rest = sorted(actors, key=lambda a: (a.guest, a.unit not in seeing))  # of equals the own unit comes first
    return (able or rest)[0]


def _of_unit(principal: Principal, unit: str, case: Case, pack: Pack) -> Actor:
    assert principal.person and principal.role  # noqa: S101 - officers have both
    guest = is_guest(case, unit, principal.person, pack)
    known = pack.units.get(unit)
    path = known.path if known is not None else ()
    consulting = known is not None and consults(pack, unit)
    trust = pack.trust
    named = trust.is_handler(principal.person, case.category, case.unit)
    trusted = named if case.confidential else trust.unmasks(principal.person)
    return Actor(principal.person, unit, principal.role, principal.post, guest, path, consulting, trusted)


def _if_match(call: Call, case: Case) -> None:
    given = call.request.headers.get("if-match")
    if given is not None and given not in ("*", etag(case)):
        raise Refusal(412, "stale", "The case changed since you read it. Read it again.", extra={"etag": etag(case)})
