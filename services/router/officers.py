"""An officer's command, end to end: replay, sight, right, freshness, decision, one guarded update, the first answer."""

import hashlib
from typing import Any

import msgspec
import structlog

from services.router.changes import Changes
from services.router.command_bodies import SplitBody
from services.router.completing import completed
from services.router.domain.case import Case
from services.router.domain.commands import Actor
from services.router.domain.decide import checked, decide
from services.router.merging import Merging
from services.router.photos import PhotoClaims
from services.router.public import answer, etag
from services.router.store import CaseStore
from services.router.visibility import is_guest
from shared.city.pack import Pack
from shared.city.together import consults
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, invalid, key_reused, not_found, unavailable
from shared.kernel.ids import plain_id
from shared.runtime.http_server import Answer, Call
from shared.runtime.identity.directory import Principal
from shared.runtime.mongo import Document
from shared.runtime.packs import PackLibrary

log = structlog.get_logger()

ROUNDS_MAX = 5
MERGING = frozenset({"merge", "split"})
"""Commands that other cases follow."""
_encoder = msgspec.json.Encoder()


class Officers:
    """Carries out commands."""

    def __init__(
        self,
        store: CaseStore,
        changes: Changes,
        packs: PackLibrary,
        photos: PhotoClaims,
        merging: Merging,
        clock: Clock,
    ) -> None:
        self._merging = merging
        self._store = store
        self._changes = changes
        self._packs = packs
        self._photos = photos
        self._clock = clock

    async def carry_out(self, name: str, call: Call, principal: Principal) -> Answer:
        """The answer to a command; the first one again when its key came before. Raises ``Refusal``."""
        case_id = call.path["id"]
        key = plain_id("k", principal.city, principal.who, case_id, call.key)
        fingerprint = hashlib.sha256(name.encode() + b"\n" + _encoder.encode(call.body)).hexdigest()
        first = await self._store.answered(key)
        if first is not None:
            return _replayed(first, fingerprint)
        try:
            case, fresh = await self._through(name, call, principal, key)
        except Refusal as refusal:
            if refusal.status in (409, 412):
                await self._keep(key, fingerprint, refusal.status, _refusal_body(refusal), {})
            raise
        actor = acting(principal, case, self._packs.current(case.city))
        body = _encoder.encode(answer(case, actor)).decode()
        headers = {"etag": etag(case)}
        await self._keep(key, fingerprint, 200, body, headers)
        return Answer(msgspec.Raw(body.encode()), 200, headers if fresh else {**headers, "idempotent-replayed": "true"})

    async def _through(self, name: str, call: Call, principal: Principal, key: str) -> tuple[Case, bool]:
        """The case after the command, and whether it was this call that did it."""
        for _ in range(ROUNDS_MAX):
            found = await self._store.get(principal.city, call.path["id"], principal.unit)
            if found is None:
                raise not_found("case")
            case, seen = found
            if key in seen:
                if name in MERGING:
                    await self._merging.finish(key)
                return case, False
            _if_match(call, case)
            now = self._clock.now()
            pack = self._packs.current(case.city)
            actor = acting(principal, case, pack)
            command = completed(name, call.body, case, actor, pack, now)
            if name in MERGING:
                checked(case, command, actor)
                command = await self._merging.prepared(command, case, principal)
            happened = decide(case, command, actor, now)
            if not happened:
                return case, True
            if command.photos:
                await self._photos.claim(case.city, command.photos, case.id)
            if name in MERGING:
                await self._merging.intend(command, case, key, _category(call.body, pack))
            change = self._changes.of(case, happened, key=key, trace=call.trace)
            if await self._changes.save(change):
                log.info("command.carried_out", command=name, case=case.id, state=change.after.state, trace=call.trace)
                if name in MERGING:
                    await self._merging.finish(key)
                return change.after, True
        raise unavailable("Others are changing this case. Repeat with the same key.", retry_after=1)

    async def _keep(self, key: str, fingerprint: str, status: int, body: str, headers: dict[str, str]) -> None:
        document: Document = {
            "_id": key,
            "fingerprint": fingerprint,
            "status": status,
            "body": body,
            "headers": headers,
            "at": self._clock.now(),
        }
        await self._store.keep_answer(document)


def acting(principal: Principal, case: Case, pack: Pack) -> Actor:
    """The officer, as he stands to the case."""
    assert principal.person and principal.unit and principal.role  # noqa: S101 - officers have all three
    guest = is_guest(case, principal.unit, pack)
    known = pack.units.get(principal.unit)
    path = known.path if known is not None else ()
    consulting = known is not None and consults(pack, principal.unit)
    return Actor(principal.person, principal.unit, principal.role, principal.post, guest, path, consulting)


def _category(body: object, pack: Pack) -> str | None:
    """The category of a second matter."""
    matter = body.matter if isinstance(body, SplitBody) else None
    if matter is None or matter.category is None:
        return None
    if matter.category not in pack.categories:
        raise invalid(FieldError("/matter/category", "is not in the city's list"))
    return matter.category


def _if_match(call: Call, case: Case) -> None:
    given = call.request.headers.get("if-match")
    if given is not None and given not in ("*", etag(case)):
        raise Refusal(412, "stale", "The case changed since you read it. Read it again.", extra={"etag": etag(case)})


def _refusal_body(refusal: Refusal) -> str:
    return _encoder.encode({"kind": refusal.kind, "detail": refusal.detail, "extra": refusal.extra}).decode()


def _replayed(first: dict[str, Any], fingerprint: str) -> Answer:
    if first["fingerprint"] != fingerprint:
        raise key_reused()
    if first["status"] != 200:
        kept = msgspec.json.decode(first["body"])
        raise Refusal(first["status"], kept["kind"], kept["detail"], extra=kept["extra"], replayed=True)
    return Answer(msgspec.Raw(first["body"].encode()), 200, {**first["headers"], "idempotent-replayed": "true"})
