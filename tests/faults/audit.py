"""The ledger against the books: what reporters were answered, compared with what the system then has.

Read with majority from the services' own databases, from outside of them: every report accepted is there and has one
case; every change of a case was told once and every clock that ran out breached once; exactly the people concerned have
an alert of each event, once; every webhook was delivered, under one id. Nothing is left to do, nothing was set aside.
"""

import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from services.router.cases.stored.case_document import from_doc, opened_event
from services.router.domain.case import ENDED, HISTORY_KEPT, Case
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import alert_id, case_id, delivery_id
from shared.runtime.kafka.outbox_relay import from_stored
from tests.faults.ledger import Receiver
from tests.faults.load import Load
from tests.kit.expected_alerts import people_told
from tests.kit.expected_duty import roster_of
from tests.packs import HARBOUR

DRAINED_WITHIN = 60.0
"""What is promised, of a machine that has nothing else to do; a longer drain is marked in the table of a run."""
PATIENCE = 240.0
LOOK_EVERY = 1.0
COMPLAINTS_MAX = 10_000
LATE = timedelta(seconds=5)
Document = dict[str, Any]
GROUPS = {
    "intake": {"intake.progress", "intake.cities"},
    "router": {"router.reports"},
    "notifier": {"notifier.cases", "notifier.unrouted", "notifier.cities"},
}


def marked(client: MongoClient[Document], namespace: str) -> bool:
    """Whether every consumer has noted once how far it has come, those of quiet topics too."""
    marks = {service: client[f"{namespace}_{service}"]["consumer_marks"].distinct("_id") for service in GROUPS}
    return all(GROUPS[service] <= set(marks[service]) for service in GROUPS)


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook that was asked for, and the app whose reports it is about."""

    id: str
    app: str
    receiver: Receiver


@dataclass(frozen=True, slots=True)
class Balance:
    """What there was to compare."""

    accepted: int
    cases: int
    breaches: int
    alerts: int
    delivered: int
    drained: float
    """Seconds until the books balanced."""


class Audit:
    """Compares one namespace of a MongoDB with a ledger."""

    def __init__(self, uri: str, namespace: str) -> None:
        self._client: MongoClient[Document] = MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=5000)
        self._namespace = namespace
        self._told: dict[str, tuple[Envelope, set[str]]] = {}
        """Event id → the event, and who had to be alerted: events never change."""

    def close(self) -> None:
        self._client.close()

    def now(self) -> datetime:
        """The stack's time as it has to be: this machine's, shifted as far as the stack's was when it began."""
        began = self._client[f"{self._namespace}_identity"]["clock"].find_one({"_id": "shift"}) or {}
        return datetime.now(UTC) + timedelta(milliseconds=began.get("start_millis", 0))

    def all_of(self, service: str, collection: str, fields: Document | None = None) -> list[Document]:
        """Every document of a collection that a majority has."""
        database = self._client.get_database(f"{self._namespace}_{service}", read_concern=ReadConcern("majority"))
        return list(database[collection].find({}, fields))

    def marked(self) -> bool:
        """Whether every consumer has a mark."""
        return marked(self._client, self._namespace)

    def routed(self) -> set[str]:
        """The reports that have a case."""
        return {
            report["id"] for case in self.all_of("router", "cases", {"reports.id": 1}) for report in case["reports"]
        }

    def early(self) -> list[str]:
        """Cases with a clock that breached before its time, by this machine's clock and where the stack's began."""
        now = self.now()
        return self._with_clock("breached", lambda due: due > now)

    def overdue(self) -> list[str]:
        """Cases with a clock that should have breached and has not."""
        now = self.now()
        return self._with_clock("running", lambda due: due < now - LATE)

    def _with_clock(self, state: str, when: Callable[[datetime], bool]) -> list[str]:
        cases = self.all_of("router", "cases", {"clocks": 1})
        return [case["_id"] for case in cases for c in case["clocks"] if c["state"] == state and when(c["due_at"])]

    def due_within(self, kind: str, seconds: float) -> list[tuple[str, float]]:
        """Cases with such a clock that runs out within ``seconds``, and in how many."""
        now, cases = self.now(), self.all_of("router", "cases", {"clocks": 1})
        left = [
            (case["_id"], (clock["due_at"] - now).total_seconds())
            for case in cases
            for clock in case["clocks"]
            if clock["state"] == "running" and clock["kind"] == kind
        ]
        return [(case, seconds_left) for case, seconds_left in left if 0 < seconds_left < seconds]

    def lateness(self, unit: str, since: datetime, share: float = 0.95) -> float:
        """How many seconds late ``share`` of a unit's breaches since then were, of clocks that ran before."""
        late = []
        for event in map(from_stored, self.all_of("router", "events")):
            if event.type == "clock.breached.v1" and event.time > since:
                data = decode(event, CaseEvent)
                if data.case.unit == unit and data.due_at is not None and data.case.opened_at < data.due_at:
                    late.append((event.time - data.due_at).total_seconds())
        assert late, f"no clock of {unit} ran out"
        return sorted(late)[int(share * (len(late) - 1))]

    def balance(self, load: Load, hooks: Sequence[Hook] = (), within: float = PATIENCE) -> Balance:
        """Raises AssertionError, saying what is lost or doubled, unless all is well after ``within`` seconds."""
        assert not load.contradictions, load.contradictions[:5]
        assert load.accepted, "nothing was accepted: the fault proved nothing"
        began = time.monotonic()
        while True:
            wrong = self._complaints(load, hooks)
            if not wrong:
                return self._counted(load, hooks, time.monotonic() - began)
            if time.monotonic() - began > within:
                worst = sorted(wrong, key=lambda complaint: not complaint.startswith(("lost", "doubled")))
                raise AssertionError(f"seed {load.seed}, {len(wrong)} complaints:\n" + "\n".join(worst[:12]))
            time.sleep(LOOK_EVERY)

    def _complaints(self, load: Load, hooks: Sequence[Hook]) -> list[str]:
        try:
            return list(itertools.islice(self._all_complaints(load, hooks), COMPLAINTS_MAX))
        except PyMongoError as error:
            return [f"the books cannot be read: {error}"]

    def _all_complaints(self, load: Load, hooks: Sequence[Hook]) -> Iterator[str]:
        documents = self.all_of("router", "cases")
        cases = {document["_id"]: from_doc(document) for document in documents}
        yield from self._reports(load, cases)
        events = self._events(documents)
        yield from _changes(cases, events.values())
        yield from _clocks(cases, events.values(), self.now())
        yield from self._alerts(events)
        for hook in hooks:
            yield from self._deliveries(hook, events.values())
        yield from self._left_over(documents)

    def _reports(self, load: Load, cases: dict[str, Case]) -> Iterator[str]:
        reports = {document["_id"] for document in self.all_of("intake", "reports", {"_id": 1})}
        yield from (f"lost: report {id_} was accepted" for id_ in set(load.accepted.values()) - reports)
        shown = Counter(report.id for case in cases.values() for report in case.reports)
        yield from (f"report {id_} has no case" for id_ in reports if id_ not in shown)
        yield from (f"doubled: report {id_} has {count} cases" for id_, count in shown.items() if count > 1)
        yield from (f"case {id_} has no report" for id_ in cases.keys() - {case_id(report) for report in reports})
        progress = {d["_id"]: d["case"]["version"] for d in self.all_of("intake", "progress", {"case.version": 1})}
        for case in cases.values():
            if any(progress.get(report.id) != case.version for report in case.reports):
                yield f"the reporter of {case.id} does not see its version {case.version}"

    def _events(self, cases: Sequence[Document]) -> dict[str, Envelope]:
        """Every event of a case: first ones follow from the case, later ones are in the log."""
        for document in cases:
            self._note(opened_event(document))
        later = [from_stored(document) for document in self.all_of("router", "events")]
        for event in later:
            if event.topic == "cases":
                self._note(event)
        known = {event.id for event in later} | {document["first_event"]["id"] for document in cases}
        return {id_: event for id_, (event, _) in self._told.items() if id_ in known}

    def _note(self, event: Envelope) -> None:
        if event.id not in self._told:
            self._told[event.id] = event, people_told(event, roster_of(HARBOUR))

    def _alerts(self, events: dict[str, Envelope]) -> Iterator[str]:
        wanted = {
            alert_id(id_, person, "inbox"): f"{event.type} of {event.subject} to {person}"
            for id_, (event, people) in self._told.items()
            if id_ in events
            for person in people
        }
        for document in self.all_of("intake", "events"):
            event = from_stored(document)
            if event.type == "report.unrouted.v2":
                for person in people_told(event, roster_of(HARBOUR)):
                    wanted[alert_id(event.id, person, "inbox")] = f"{event.subject} unrouted to {person}"
        there = {d["_id"]: d for d in self.all_of("notifier", "alerts", {"because": 1, "recipient": 1, "case": 1})}
        yield from (f"lost: the alert of {wanted[id_]}" for id_ in wanted.keys() - there.keys())
        yield from (f"doubled or uncalled for: alert {there[id_]}" for id_ in there.keys() - wanted.keys())

    def _deliveries(self, hook: Hook, events: Iterable[Envelope]) -> Iterator[str]:
        """Every opening of a case with a report of the app: on record once, and received under that id alone."""
        mine = {e.id for e in events if e.type == "case.opened.v1" and hook.app in _apps(e)}
        wanted = {delivery_id(event, hook.id): event for event in mine}
        there = [d["_id"] for d in self.all_of("notifier", "deliveries") if d["webhook"] == hook.id]
        yield from (f"lost: the delivery of {wanted[id_]}" for id_ in wanted.keys() - set(there))
        yield from (f"uncalled for: delivery {id_}" for id_ in set(there) - wanted.keys())
        heard = dict(hook.receiver.ids)
        yield from (f"the receiver has not heard of {wanted[id_]}" for id_ in wanted.keys() - heard.keys())
        yield from (f"doubled: the receiver heard {id_}" for id_ in heard.keys() - wanted.keys())

    def _left_over(self, cases: Sequence[Document]) -> Iterator[str]:
        for document in itertools.chain(cases, self.all_of("intake", "reports", {"outbox": 1, "pending": 1})):
            if "outbox" in document or document.get("pending"):
                yield f"{document['_id']} has events that have not left"
        for service in ("intake", "router", "notifier"):
            for parked in self.all_of(service, "dead_letters"):
                yield f"{service} parked {parked['_id']}: {parked['reason']}"

    def _counted(self, load: Load, hooks: Sequence[Hook], drained: float) -> Balance:
        cases = self.all_of("router", "cases", {"clocks.state": 1})
        return Balance(
            accepted=len(load.accepted),
            cases=len(cases),
            breaches=sum(clock["state"] == "breached" for case in cases for clock in case["clocks"]),
            alerts=len(self.all_of("notifier", "alerts", {"_id": 1})),
            delivered=sum(len(hook.receiver.ids) for hook in hooks),
            drained=drained,
        )


def _apps(event: Envelope) -> set[str]:
    return {report.app for report in decode(event, CaseEvent).case.reports}


def _changes(cases: dict[str, Case], events: Iterable[Envelope]) -> Iterator[str]:
    """The events of a case are its history, version by version."""
    told: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
    for event in events:
        told[event.subject][event.sequence, event.type.removesuffix(".v1")] += 1
    for case in cases.values():
        happened = Counter((entry.version, entry.what) for entry in case.history)
        if len(case.history) < HISTORY_KEPT and told[case.id] != happened:
            yield f"lost or doubled: {case.id} told {dict(told[case.id])} of {dict(happened)}"


def _clocks(cases: dict[str, Case], events: Iterable[Envelope], now: datetime) -> Iterator[str]:
    """Each clock that ran out breached once, and none before its time."""
    breached: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event.type == "clock.breached.v1":
            data = decode(event, CaseEvent)
            breached[event.subject, str(data.clock)] += 1
            if data.due_at is None or event.time < data.due_at - timedelta(milliseconds=1):
                yield f"{event.id} breached before {data.due_at}"
    for case in cases.values():
        for clock in case.clocks:
            if clock.state == "running" and clock.due_at < now - LATE and case.state not in ENDED and not case.historic:
                yield f"lost: the breach of {case.id} {clock.kind} at {clock.due_at}"
            if breached[case.id, clock.kind] != (clock.state == "breached"):
                yield f"{case.id} {clock.kind} is {clock.state} and breached {breached[case.id, clock.kind]} times"
