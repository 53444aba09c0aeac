"""The only way in which a case changes: decided events become the next version, which is saved under a guard; the
events are then handed to the relay.

Clocks that are due by then fire first, in the same update and as a version of their own, so that no breach is lost when
a command comes before the timer. Metrics count what fired when it is stored, in the process that stored it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from prometheus_client import Counter

from services.router.cases.case_store import CaseStore, Change
from services.router.cases.published_events import to_envelopes
from services.router.cases.visibility import seen_by
from services.router.domain.apply import apply_all
from services.router.domain.case import ENDED, Case, State
from services.router.domain.clock import SlaClock
from services.router.domain.domain_event import DomainEvent
from services.router.domain.events import Inspected
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.contracts.envelope import Envelope
from shared.kernel.ids import Ids
from shared.runtime.kafka.outbox_relay import Outbox
from shared.runtime.observability.trace_id import new_trace
from shared.runtime.pack_library import PackLibrary

_FIRED = Counter("whistle_clock_events_total", "Warnings, breaches and rungs that fired.")
_BREACHED = Counter(
    "whistle_clock_breaches_total", "Breaches by the kind of clock and the pack's commitment.", ["clock", "commitment"]
)
_ENDED = Counter(
    "whistle_cases_ended_total",
    "Cases of citizens that ended, by how: closed after a repair or otherwise, and apart from these rejected, merged.",
    ["outcome"],
)

_INSPECTED = Counter(
    "whistle_patrol_inspections_total",
    "Inspections of what was handled on patrol: passed, or refused, so that the case is open again.",
    ["outcome"],
)


class Changes:
    """Makes and saves changes."""

    def __init__(self, store: CaseStore, packs: PackLibrary, outbox: Outbox, ids: Ids) -> None:
        self._store = store
        self._packs = packs
        self._outbox = outbox
        self._ids = ids

    def of(
        self,
        case: Case,
        happened: Sequence[DomainEvent],
        *,
        at: datetime | None = None,
        key: str | None = None,
        fingerprint: str | None = None,
        trace: str = "",
    ) -> Change:
        """The change that ``happened`` makes to the stored ``case``, after what is due at ``at``.

        ``at``: by default the time of the first event with ``MOVES``.

        ``happened`` must have been decided on the case ``as_of`` that time. Events without ``MOVES`` (a rating, a line
        of a visit) fire no clocks and change no ETag. Raises ``ValueError`` when nothing happens at all.
        """
        moment = at or next((event.at for event in happened if event.MOVES), None)
        fired = due(case, moment) if moment is not None else []
        trace = trace or new_trace(self._ids)
        pack = self._packs.current(case.city)
        before, envelopes = _next(case, fired, trace, pack)
        breached = tuple(new for old, new in _both(case, before) if new.state == "breached" != old.state)
        after, more = _next(before, list(happened), trace, pack)
        if not (envelopes or more):
            raise ValueError(f"nothing happens to case {case.id}")
        return Change(
            case,
            after,
            (*envelopes, *more),
            seen_by(after, pack),
            key,
            fingerprint,
            mark=self._ids(8),
            fired=len(fired),
            breached=breached,
        )

    async def save(self, change: Change) -> bool:
        """Writes the change if the case still has the version that it was decided on. Returns False if it does not."""
        took = await self._store.save(change)
        if took:
            self._stored([change])
        return took

    async def save_all(self, changes: Sequence[Change]) -> list[Change]:
        """Writes in bulk; returns the updates that were applied."""
        if not changes:
            return []
        count = await self._store.save_all(changes)
        took = list(changes) if count == len(changes) else await self._store.which_applied(changes) if count else []
        self._stored(took)
        return took

    def _stored(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._outbox.offer(change.after.id, change.after.version, change.envelopes)
            _FIRED.inc(change.fired)
            if change.before.sampled and any(event.type == Inspected.TYPE for event in change.envelopes):
                _INSPECTED.labels("refused" if change.after.inspected_by is None else "passed").inc()
            for clock in change.breached:
                _BREACHED.labels(clock.kind, clock.commitment.partition("@")[0]).inc()
            citizens = change.after.channel != "patrol"
            if citizens and (outcome := how_it_ended(change.before, change.after)) is not None:
                _ENDED.labels(outcome).inc()


def how_it_ended(before: Case, after: Case) -> str | None:
    """``rejected``, ``merged``, or how a case was resolved that is closed now; None where it did not end."""
    if after.state not in ENDED or before.state in ENDED:
        return None
    closed = after.state is State.CLOSED and after.outcome is not None
    return after.outcome.how if closed and after.outcome is not None else after.state.value


def _next(case: Case, events: list[DomainEvent], trace: str, pack: Pack) -> tuple[Case, tuple[Envelope, ...]]:
    """The next version of ``case``, and its envelopes, chained to the last hash; without events: the case as it is."""
    if not events:
        return case, ()
    after = apply_all(case, events)
    seeing = seen_by(after, pack)
    gone = sorted(set(seen_by(case, pack)) - set(seeing))
    envelopes = to_envelopes(after, events, trace, case, seen_by=seeing, was_seen_by=gone)
    return replace(after, head=envelopes[-1].head), envelopes


def _both(before: Case, after: Case) -> Iterable[tuple[SlaClock, SlaClock]]:
    """Pairs of the same clock before and after; firing neither adds nor removes clocks."""
    return zip(before.clocks, after.clocks, strict=True)
