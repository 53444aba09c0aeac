"""Parts of the services on a real database, with a broker that only listens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from services.intake.privacy.identities import Identities
from services.intake.privacy.sealing import Vault
from services.intake.reports.group_commit import GroupCommit
from services.intake.reports.report_store import ReportStore
from services.router.cases.case_access import CaseAccess
from services.router.cases.case_store import CaseStore
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from services.router.cases.sealed_words import SealedWords
from services.router.cases.stored.case_indexes import INDEXES as CASE_INDEXES
from services.router.cases.unit_of_work import Changes
from services.router.cases.visibility import seen_by
from services.router.consumers import ReportEvents
from services.router.dedup.attacher import Attachments
from services.router.dedup.merge_saga import MergeSaga
from services.router.dedup.placement import Placement
from services.router.dedup.report_links import Links
from services.router.dedup.shielded_family import ShieldedFamily
from services.router.domain.case import Case
from services.router.domain.values import replace
from services.router.rota.rota_changes import Rota
from shared.city.reading import read_folder
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportSubmitted
from shared.kernel.clock import StoppedClock
from shared.runtime.kafka.broker import Publisher
from shared.runtime.kafka.outbox_relay import EVENT_INDEXES, OUTBOX_INDEX, Outbox, Relay
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Collection, Database
from tests.kit.made_reports import NOW, SECRET, TRACE, harbour, submitted
from tests.kit.stack import HARBOUR


class Listener(Publisher):
    """A publisher that keeps what it is given. ``fails``: raised one by one, before anything is kept."""

    def __init__(self) -> None:
        self.heard: list[Envelope] = []
        self.fails: list[Exception] = []

    async def publish(self, events: Sequence[Envelope]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.heard += events

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.heard]


@dataclass
class Routing:
    """The router's store with what moves it."""

    database: Database
    store: CaseStore
    packs: PackLibrary
    relay: Relay
    outbox: Outbox
    changes: Changes
    events: Collection
    listener: Listener = field(default_factory=Listener)


async def routing(database: Database) -> Routing:
    """A router's store with its indexes, and the harbour's pack as the one that holds."""
    store, packs, listener = CaseStore(database), await library(database), Listener()
    await store.cases.ensure_indexes(*CASE_INDEXES, OUTBOX_INDEX)
    events = database.collection("events")
    await events.ensure_indexes(*EVENT_INDEXES)
    relay = Relay("router", events, listener)
    outbox = relay.source(store.cases)
    return Routing(database, store, packs, relay, outbox, Changes(store, packs, outbox, token_hex), events, listener)


def case_access(router: Routing) -> CaseAccess:
    """How officers see cases, with the router's own rota."""
    changes = router.database.collection("rota_changes")
    outbox = Relay("router", router.events, router.listener).source(changes)
    return CaseAccess(router.store, Rota(changes, router.packs, outbox, StoppedClock(NOW)), router.packs)


def hearing(router: Routing) -> ReportEvents:
    """What the router does with reports."""
    links = Links(router.database)
    attachments = Attachments(router.store, links, router.changes, router.packs, StoppedClock(NOW))
    return ReportEvents(
        router.store, router.changes, router.packs, router.listener, Placement(router.store, links), attachments
    )


async def library(database: Database) -> PackLibrary:
    """A library in which the harbour's pack holds."""
    packs = PackLibrary(database, remote=None)
    await packs.open()
    if packs.cities.get("harbour") != harbour().version:
        await packs.store(harbour(), read_folder(HARBOUR))
        await packs.switch("harbour", harbour().version, NOW)
    return packs


def routed(key: str = "k1", **fields: Any) -> tuple[Case, Envelope, list[str]]:
    """A report's case with its first event and who sees it, as the consumer makes it."""
    event = submitted(key, **fields)
    case, happened = assign(decode(event, ReportSubmitted), "harbour", harbour())
    seeing = seen_by(case, harbour())
    first = to_envelopes(case, [happened], TRACE, seen_by=seeing)[0]
    return replace(case, head=first.head), first, seeing


@dataclass
class Intake:
    """Intake's store with what fills it."""

    store: ReportStore
    relay: Relay
    outbox: Outbox
    commit: GroupCommit
    listener: Listener
    identities: Identities


def intake(database: Database) -> Intake:
    store, listener = ReportStore(database), Listener()
    relay = Relay("intake", database.collection("events"), listener)
    outbox = relay.source(store.reports)
    identities = Identities(database, Vault(SECRET))
    return Intake(store, relay, outbox, GroupCommit(store, identities, outbox), listener, identities)


def merging(router: Routing) -> MergeSaga:
    """What merges and splits cases, stopped at ``NOW``."""
    links = Links(router.database)
    attachments = Attachments(router.store, links, router.changes, router.packs, StoppedClock(NOW))
    return MergeSaga(
        router.database,
        router.store,
        links,
        router.changes,
        attachments,
        router.packs,
        router.listener,
        SealedWords(SECRET),
        ShieldedFamily(router.store, attachments, router.changes, router.packs, StoppedClock(NOW)),
        StoppedClock(NOW),
        token_hex,
    )
