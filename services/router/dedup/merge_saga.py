"""The steps of a merge, a split, a recusal or a mark as sensitive, also taken back, that change other cases than the
command's own.

Two documents are never changed at once. First the intent is stored, then the command's case is changed, then the other
cases, each step guarded so that it happens once. If a process dies in between, the intent is left, and the loop here
carries it out.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec
import structlog

from services.router.cases.case_store import CaseStore
from services.router.cases.dedup_from_pack import rising_of
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign, fresh_resolve_clock
from services.router.cases.sealed_words import SealedWords
from services.router.cases.unit_of_work import Changes
from services.router.cases.visibility import seen_by
from services.router.dedup.attacher import Attachments, LostRaceError
from services.router.dedup.placement import JoiningReport, arrived
from services.router.dedup.report_links import Link, Links
from services.router.dedup.shielded_family import ShieldedFamily, shielded_as
from services.router.domain.attachment import ArrivedReport, Attached, raised
from services.router.domain.case import Case, State
from services.router.domain.case_parts.remark import Remark
from services.router.domain.commands.merge import Merge, SplitCase
from services.router.domain.commands.recusal import LiftRecusal, Recuse
from services.router.domain.commands.sensitivity import MarkSensitive, UnmarkSensitive
from services.router.domain.domain_event import DomainEvent
from services.router.domain.events import Reopened
from services.router.domain.timer_rules import as_of
from services.router.domain.values import replace
from shared.city.confidential import category_and_priority
from shared.city.pack import Pack
from shared.contracts.reports import Place, ReportSubmitted
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, invalid
from shared.kernel.ids import Ids, case_id, plain_id
from shared.runtime.identity.directory import Principal
from shared.runtime.kafka.broker import Publisher
from shared.runtime.observability.trace_id import new_trace
from shared.runtime.pack_library import PackLibrary
from shared.runtime.periodic import every
from shared.runtime.storage.mongo import Collection, Database, IndexModel, MongoError
from shared.runtime.timekeeping.wall_clock import real_now

log = structlog.get_logger()

ROUNDS_MAX = 5
PAGE = 512
LOOK_SECONDS = 5.0
LEFT_AFTER = timedelta(seconds=5)
INDEXES = (IndexModel([("at", 1)], name="at"),)
MergeOrSplit: TypeAlias = Merge | SplitCase
Shielding: TypeAlias = Recuse | LiftRecusal | MarkSensitive | UnmarkSensitive
"""Commands after which what was merged into the case is shielded as it is."""
AlsoElsewhere: TypeAlias = Merge | SplitCase | Shielding
"""Commands after which other cases change too."""


class Intent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Work to do once ``case`` has the idempotency key ``key`` with ``said``, the command's fingerprint."""

    key: str
    said: str | None = None
    at: datetime
    city: str
    case: str
    into: str | None = None
    reports: tuple[str, ...] = ()
    matter: str | None = None
    category: str | None = None
    shields: bool = False
    """Whether what was merged into ``case`` is shielded as it is."""
    by: str | None = None
    by_unit: str | None = None


class MergeSaga:
    """Carries out merges and splits step by step; a loop finishes those that a dead process left."""

    def __init__(
        self,
        database: Database,
        store: CaseStore,
        links: Links,
        changes: Changes,
        attachments: Attachments,
        packs: PackLibrary,
        publisher: Publisher,
        words: SealedWords,
        shielded: ShieldedFamily,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self.intents: Collection = database.collection("intents")
        self._store = store
        self._links = links
        self._changes = changes
        self._attachments = attachments
        self._packs = packs
        self._publisher = publisher
        self._words = words
        self._shielded = shielded
        self._clock = clock
        self._ids = ids

    async def prepared(self, command: MergeOrSplit, case: Case, principal: Principal) -> MergeOrSplit:
        """The command, completed from other documents. Raises ``Refusal`` 422 for a report that is not on this case."""
        if isinstance(command, Merge):
            found = await self._store.get(principal.city, command.into, principal.sight)
            return dataclasses.replace(command, older=found[0] if found is not None else None)
        where = await self._where(case, command.reports)
        if strangers := [i for i, report in enumerate(command.reports) if report not in where]:
            raise invalid(*(FieldError(f"/reports/{i}", "does not hang on this case") for i in strangers))
        out = {home for report, home in where.items() if home != case.id and home == case_id(report)}
        others = [report for report, home in where.items() if home not in out]
        along = await self._where(case, [report.id for report in case.reports])
        with_them = [report for report, home in along.items() if home in out and report not in where]
        counted = [link for link in (await self._links.by_report(others)).values() if link.counts]
        remaining = await self._attachments.count(case, without=out) - len(counted)
        return dataclasses.replace(command, remaining=remaining, reports=(*command.reports, *with_them))

    async def _where(self, case: Case, reports: Sequence[str]) -> dict[str, str]:
        """Report → its case, for those of ``reports`` that are on ``case`` or on a case that was merged into it."""
        family = set(await self._attachments.family(case))
        links = await self._links.by_report(reports)
        at = {report: links[report].case if report in links else case_id(report) for report in reports}
        return {report: home for report, home in at.items() if home in family}

    async def intend(self, command: AlsoElsewhere, case: Case, key: str, said: str | None = None) -> None:
        """Stores the intent; must be called before the case changes. A repeat replaces the stored one."""
        split = command if isinstance(command, SplitCase) else None
        matter = split.matter if split is not None else None
        intent = Intent(
            key=key,
            said=said,
            at=real_now(),
            city=case.city,
            case=case.id,
            into=command.into if isinstance(command, Merge) else None,
            reports=split.reports if split is not None else (),
            matter=matter.words if matter is not None else None,
            category=matter.category if matter is not None else None,
            shields=isinstance(command, Shielding),
        )
        document = msgspec.to_builtins(intent, builtin_types=(datetime,))
        await self.intents.update({"_id": _intended(key, said)}, {"$set": document}, upsert=True)

    async def finish(self, key: str, said: str | None = None) -> None:
        """Does the steps that follow the change under ``key``, if that was applied. A repeat has no further effect."""
        await self._finish(_intended(key, said))

    async def _finish(self, id_: str) -> None:
        document = await self.intents.find_one({"_id": id_})
        if document is None:
            return
        intent = msgspec.convert({"key": id_, **document}, Intent)
        loaded = await self._store.load(intent.case)
        came = await self._store.keys.find(loaded[1], intent.key) if loaded is not None else None
        if loaded is not None and came is not None and intent.said in (None, came.get("fingerprint", intent.said)):
            if intent.shields:
                await self._shielded.shield(loaded[0])
            elif intent.into is not None:
                await self._taken_in(intent, loaded[0])
            elif intent.matter is not None:
                await self._second(intent, loaded[0])
            else:
                await self._taken_apart(intent, loaded[0])
        await self.intents.delete({"_id": id_, "at": document["at"]})

    async def _taken_in(self, intent: Intent, younger: Case) -> None:
        """Counts the younger case's reports on the older case; reopens the older case if it was closed meanwhile."""
        if younger.merged_into is None or intent.into is None:
            return
        key = f"{intent.key}.into"
        for _ in range(ROUNDS_MAX):
            loaded = await self._attachments.merge_chain.unless_done(intent.into, key)
            if loaded is None:
                raise LookupError(f"no case {intent.into} to merge into")
            stored, done = loaded
            if done:
                return
            now = self._clock.now()
            home = as_of(stored, now)
            count = await self._attachments.count(home, {younger.id})
            pack = self._packs.current(home.city)
            same = pack.categories[home.category].same if home.category in pack.categories else None
            happened: list[DomainEvent] = [
                Attached(at=now, arrived=(), count=count, from_case=younger.id, came=younger.reports)
            ]
            if home.state is State.CLOSED:
                happened.append(Reopened(at=now, clock=fresh_resolve_clock(home, pack, now)))
            came = [ArrivedReport(report=younger.reports[-1], priority=younger.priority)]
            happened += raised(home, came, count, rising_of(same) if same is not None else (), now)
            change = self._changes.of(stored, happened, key=key)
            if await self._changes.save(change):
                if change.after.recused or change.after.sensitive is not None:
                    await self._shielded.shield(change.after)
                return
        raise LostRaceError(f"case {intent.into}")

    async def _taken_apart(self, intent: Intent, case: Case) -> None:
        """Reopens merged cases whose first report was named; the other named reports get one new case together."""
        links = await self._links.by_report(intent.reports)
        out = {case_id(r) for r in intent.reports if r not in links or links[r].said is None}
        for merged in sorted(out):
            await self._out(intent, merged)
        others = [link for link in links.values() if link.said is not None and link.case not in out]
        if others:
            await self._own(intent, case, others)

    async def _out(self, intent: Intent, case: str) -> None:
        key = f"{intent.key}.out"
        for _ in range(ROUNDS_MAX):
            loaded = await self._store.load(case)
            if loaded is None or loaded[0].merged_into is None:
                return
            if await self._store.keys.find(loaded[1], key) is not None:
                return
            now = self._clock.now()
            clock = fresh_resolve_clock(loaded[0], self._packs.current(intent.city), now)
            again = Reopened(at=now, clock=clock, remark=Remark("split_off"))
            counted = Attached(at=now, arrived=(), count=await self._attachments.count(loaded[0]))
            if await self._changes.save(self._changes.of(loaded[0], [again, counted], key=key)):
                return
        raise LostRaceError(f"case {case}")

    async def _own(self, intent: Intent, before: Case, links: Sequence[Link]) -> None:
        """The oldest report opens a case, unless that is open already; then all reports are attached to it."""
        links = sorted(links, key=lambda link: (link.received_at, link.report))
        own = case_id(links[0].report)
        would_be: dict[str, Case] = {}
        for link in links:
            assert link.said is not None  # noqa: S101 - others have a case
            pack = await self._packs.get(intent.city, link.said.pack_version)
            case, opened = assign(link.said, intent.city, pack)
            would_be[link.report] = case
            if case.id == own:
                case = replace(case, linked_to=None if before.recused or before.confidential else before.id)
                seeing = seen_by(case, pack)
                event = to_envelopes(case, [opened], new_trace(self._ids), seen_by=seeing)[0]
                await self._publisher.publish(await self._store.insert_opened([(case, event, seeing)]))
        joining = []
        for link in links:
            moved = link
            if link.case != own:
                if not await self._links.move(link, own):
                    raise LostRaceError(f"report {link.report} was moved meanwhile")
                moved = msgspec.structs.replace(link, case=own, rev=link.rev + 1, on=None)
            if moved.on is None:
                joining.append(JoiningReport(moved, arrived(moved, would_be[link.report]), new_trace(self._ids)))
        await self._attachments.join(joining)

    async def _second(self, intent: Intent, case: Case) -> None:
        """Opens a case for the report's second matter, with the officer's text; the report stays on its case."""
        (report,) = intent.reports
        link = (await self._links.by_report([report])).get(report)
        place = Place(lon=case.location.lon, lat=case.location.lat, address=case.location.address)
        hung = next((one for one in case.reports if one.id == report), None)
        pack = self._packs.current(case.city)
        said = link.said if link is not None else None
        made = ReportSubmitted(
            report=report,
            app=said.app if said is not None else hung.app if hung is not None else "",
            kind=case.kind,
            description=intent.matter or "",
            category=intent.category,
            place=said.place if said is not None else place,
            received_at=said.received_at if said is not None else case.opened_at,
            pack_version=pack.version,
            cell=case.location.cell,
            photos=said.photos if said is not None else list(case.photos),
            reporter=said.reporter if said is not None else hung.reporter if hung is not None else None,
            confidential=case.confidential,
            historic=case.historic,
            channel=said.channel if said is not None else hung.channel if hung is not None else "app",
            outside_number=said.outside_number
            if said is not None
            else hung.outside_number
            if hung is not None
            else None,
            about_us=bool(case.recused),
        )
        if case.confidential:
            made = self._discreet(made, pack)
        second, opened = assign(made, case.city, pack)
        words = intent.matter or ""
        second = replace(second, id=plain_id("c", intent.key), description=words, linked_to=case.id, traits=None)
        second = shielded_as(second, case, pack)
        seeing = seen_by(second, pack)
        event = to_envelopes(second, [opened], new_trace(self._ids), seen_by=seeing)[0]
        await self._publisher.publish(await self._store.insert_opened([(second, event, seeing)]))

    def _discreet(self, made: ReportSubmitted, pack: Pack) -> ReportSubmitted:
        """A second matter of a confidential report goes to those whom the pack names, as the report itself did."""
        words = self._words.opened(made.description)
        category, priority = category_and_priority(pack, made.category, made.kind, made.app, words, made.channel)
        return msgspec.structs.replace(
            made,
            category=category,
            priority=priority,
            description="",
            place=Place(),
            photos=[],
            reporter=None,
            outside_number=None,
            sealed=True,
        )

    async def run(self) -> None:
        """Every ``LOOK_SECONDS``, until it is cancelled."""
        await every(LOOK_SECONDS, self.end_what_was_left, "merging")

    async def end_what_was_left(self) -> None:
        """Carries out intents that no process works on any more; one that fails is tried again after the others."""
        left = await self.intents.find(
            {"at": {"$lte": real_now() - LEFT_AFTER}}, {"_id": 1}, sort=[("at", 1)], limit=PAGE
        )
        for document in left:
            try:
                await self._finish(document["_id"])
            except MongoError:
                raise
            except Exception:
                log.exception("merging.failed", key=document["_id"])
                await self.intents.update({"_id": document["_id"]}, {"$set": {"at": real_now()}})


def _intended(key: str, said: str | None) -> str:
    """The intent's id. Each command under a key has its own intent; the case says which of them was applied."""
    return key if said is None else f"{key} {said}"
