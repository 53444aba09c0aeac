"""What must hold whatever goes wrong: some laws are watched at every committed write, the rest at the end."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from services.router.cases.stored.case_document import from_doc, opened_event
from services.router.domain.case import ENDED, Case
from services.router.domain.clock import SlaClock
from services.router.http.audit import verified
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import CATALOGUE, decode, topic_of_lane
from shared.contracts.envelope import Envelope, from_record
from shared.kernel.clock import rfc3339
from shared.kernel.ids import alert_id, case_id, event_id, opening_report
from shared.runtime.kafka.outbox_relay import from_stored
from tests.kit.expected_alerts import people_told
from tests.kit.expected_duty import roster_of
from tests.packs import HARBOUR
from tests.simulation.documents import Document
from tests.simulation.people import Ledger
from tests.simulation.world import NAMESPACE, World

FOLDED = "case.report_attached"
"""Of several in a row the history has the last."""
EARLY = timedelta(milliseconds=1)
"""Stored moments are cut to milliseconds."""


class Laws:
    """Watches one world."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        self._world = world
        self._ledger = ledger
        self._reports = world.shelf("intake", "reports")
        self._progress = world.shelf("intake", "progress")
        self._unanswered = world.shelf("intake", "unanswered")
        self._cases = world.shelf("router", "cases")
        self._links = world.shelf("router", "links")
        self._intents = world.shelf("router", "intents")
        self._alerts = world.shelf("notifier", "alerts")
        self._log = world.shelf("router", "events")
        self._marks = {world.shelf(name, "consumer_marks").name for name in ("intake", "router", "notifier")}
        self._broken: list[str] = []
        world.store.watchers.append(self._committed)

    # at every commit

    def _committed(self, shelf: str, id_: Any, before: Document | None, after: Document | None) -> None:
        try:
            if shelf == self._cases.name:
                self._owned(id_, before, after)
            elif shelf in self._marks:
                _goes_on(id_, before, after)
            elif shelf in (self._reports.name, self._alerts.name):
                _law(after is not None, f"{id_} is gone")
        except AssertionError as broken:
            self._broken.append(str(broken))

    def _owned(self, id_: str, before: Document | None, after: Document | None) -> None:
        """A case is its opening report's, in one queue of the pack, and every version of it is told in its history."""
        if after is None:
            raise AssertionError(f"{id_} is gone")
        path = [unit["id"] for unit in after["path"]]
        owner = path[-1]
        _law(path == [*roster_of(HARBOUR).upwards(owner)][::-1], f"{id_} is owned by {owner} with the path {path}")
        _law(
            after.get("historic") or owner in after["queues"],
            f"{id_} lies in {after['queues']}, and not with its owner {owner}",
        )
        reports = [case_id(report["id"]) for report in after["reports"]]
        _law(id_ in reports if self._world.groups else reports == [id_], f"{id_} holds {after['reports']}")
        version = after["version"]
        if before is None:
            _law(version == 1, f"{id_} begins with version {version}")
        else:
            new = {entry["version"] for entry in after["history"] if entry["version"] > before["version"]}
            wanted = set(range(before["version"] + 1, version + 1))
            _law(new == wanted, f"{id_} goes from {before['version']} to {version} and tells {sorted(new)}")
            _law(version > before["version"] or _same_case(before, after), f"{id_} changed within version {version}")

    # while time passes

    def next_due(self) -> datetime | None:
        """When the next clock has something to say, or a report without a case is published again."""
        moments = [d["next_due"] for d in self._cases.committed.values() if "next_due" in d]
        for waiting in self._unanswered.committed.values():
            moments += [at for at in (waiting["route_by"], waiting["republish_at"]) if at < _FAR]
        return min(moments, default=None)

    def left_over(self) -> list[str]:
        """What is still to be done now."""
        cluster = self._world.cluster
        left = [f"{group} lags" for group, topic in cluster.groups if not cluster.drained(group, topic)]
        for shelf in (self._cases, self._reports, self._progress):
            left += [f"{id_} has an outbox" for id_, d in shelf.committed.items() if "outbox" in d or d.get("pending")]
            left += [f"{id_} is not committed" for id_, d in shelf.latest.items() if shelf.committed.get(id_) is not d]
        seen = {**self._progress.committed, **self._unanswered.committed}
        left += [f"{id_} was intended and is not done" for id_ in self._intents.committed]
        left += [
            f"the link of {id_} is not committed" for id_ in self._links.latest if id_ not in self._links.committed
        ]
        left += [f"{id_} was not swept" for id_ in self._reports.committed if id_ not in seen]
        due = self.next_due()
        if due is not None and due <= self._world.now():
            left.append(f"due since {due}")
        return left

    # at the end

    def at_the_end(self) -> None:
        """Every law that can only be judged when all is quiet. Raises ``AssertionError``."""
        _law(not self._broken, f"{self._broken}")
        _law(not self._world.faults, f"{self._world.faults}")
        _law(not self._world.cluster.gone_back, f"gone back again: {self._world.cluster.gone_back}")
        _law(not self._ledger.contradictions, f"{self._ledger.contradictions}")
        cases = {id_: from_doc(document) for id_, document in self._cases.committed.items()}
        self._every_report_has_its_case(cases)
        events = self._published()
        self._every_change_was_told(cases, events)
        self._every_history_is_whole(cases)
        self._every_clock_fired_once(cases, events)
        self._every_alert_is_there(events)
        for name in ("intake", "router", "notifier"):
            _law(not self._world.shelf(name, "dead_letters").committed, f"{name} parked records")

    def _every_report_has_its_case(self, cases: dict[str, Case]) -> None:
        accepted = set(self._ledger.accepted.values())
        _law(accepted <= set(self._reports.committed), f"lost {accepted - set(self._reports.committed)}")
        hanging: Counter[str] = Counter()
        for id_ in self._reports.committed:
            case = cases[self._home(id_, cases)]
            hanging[case.id] += 1
            shown = self._progress.committed[id_]
            shown = self._progress.committed[opening_report(shown.get("on", case_id(id_)))]
            while (into := shown["case"]["merged_into"]) is not None:
                shown = self._progress.committed[opening_report(into)]
            _law(shown["case"]["id"] == case.id, f"{id_} shows {shown['case']['id']} and hangs on {case.id}")
            _law(shown["case"]["version"] == case.version, f"{id_} shows an old state")
        counted = Counter({case.id: case.report_count for case in cases.values() if case.merged_into is None})
        _law(hanging == counted, f"cases count {counted} of {hanging}")
        for case_, command in self._ledger.recorded.values():
            _law(case_ in cases, f"{command} was recorded for a case that is gone")

    def _home(self, report: str, cases: dict[str, Case]) -> str:
        """The one case on which a report hangs."""
        link = self._links.committed.get(report)
        home = link["case"] if link is not None else case_id(report)
        _law(home in cases, f"{report} hangs on {home}, which is not there")
        while (into := cases[home].merged_into) is not None:
            home = into
        return home

    def _published(self) -> dict[str, Envelope]:
        """Every event that crossed the broker. The same id always says the same."""
        events: dict[str, Envelope] = {}
        for record in self._world.cluster.published:
            topic = topic_of_lane(record.topic.removeprefix(f"{NAMESPACE}."))
            event = from_record(topic, record.key, record.value, record.headers)
            first = events.setdefault(event.id, event)
            _law(_said(first) == _said(event), f"{event.id} says two things: {first} and {event}")
        return events

    def _every_change_was_told(self, cases: dict[str, Case], events: dict[str, Envelope]) -> None:
        """The events of a case are its history, version by version."""
        told: dict[str, Counter[tuple[int, str]]] = defaultdict(Counter)
        for event in events.values():
            if event.topic == "cases":
                told[event.subject][event.sequence, event.type.removesuffix(".v1")] += 1
        for case in cases.values():
            happened = Counter((entry.version, entry.what) for entry in case.history)
            folded = {what for _, what in told[case.id] - happened}
            _law(folded <= {FOLDED} and happened <= told[case.id], f"{case.id} told {told[case.id]} of {happened}")
            logged = {id_ for id_, d in self._log.committed.items() if d["subject"] == case.id}
            later = {e.id for e in events.values() if e.subject == case.id and e.sequence > 1}
            _law(logged == later, f"{case.id} has {sorted(logged ^ later)} only told or only in the log")
            ids = {event_id(case.id, v, n) for v in range(1, case.version + 1) for n in range(len(case.history) + 5)}
            _law({e.id for e in events.values() if e.subject == case.id} <= ids, f"{case.id} has odd event ids")

    def _every_history_is_whole(self, cases: dict[str, Case]) -> None:
        """The chain of the stored events is unbroken, whatever was killed between two of them."""
        log: dict[str, list[Envelope]] = defaultdict(list)
        for stored in self._log.committed.values():
            log[stored["subject"]].append(from_stored(stored))
        for case in cases.values():
            told = [opened_event(self._cases.committed[case.id]), *log[case.id]]
            _chained(case, told)
            _law(verified(case, told).wrong is None, f"the router's own check finds {verified(case, told)}")

    def _every_clock_fired_once(self, cases: dict[str, Case], events: dict[str, Envelope]) -> None:
        fired: dict[tuple[str, str, str, datetime | None, str | None], list[datetime]] = defaultdict(list)
        for event in events.values():
            if event.topic == "cases" and event.type.split(".")[0] == "clock":
                data = decode(event, CaseEvent)
                fired[event.type, event.subject, str(data.clock), data.due_at, data.part].append(event.time)
        for case in cases.values():
            for clock in case.clocks:
                warned = fired.pop(("clock.warned.v1", case.id, clock.kind, clock.due_at, clock.part), [])
                breached = fired.pop(("clock.breached.v1", case.id, clock.kind, clock.due_at, clock.part), [])
                _law(len(warned) <= 1, f"{case.id} warned {len(warned)} times of {clock.kind}")
                _law(len(breached) == (clock.state == "breached"), f"{case.id} {clock.kind}: {clock.state} {breached}")
                _law(all(at >= (clock.warn_at or at) - EARLY for at in warned), f"{case.id} warned early")
                _law(all(at >= clock.due_at - EARLY for at in breached), f"{case.id} breached early")
                if clock.waits and case.state not in ENDED:
                    _at_the_top(case, clock)
        _law(not fired, f"clocks fired that no case has: {fired}")

    def _every_alert_is_there(self, events: dict[str, Envelope]) -> None:
        """One for each event and person that it concerns, none else, each told once under one id."""
        wanted = {
            alert_id(event.id, person, "inbox")
            for event in events.values()
            if event.topic == "cases" or event.type == "report.unrouted.v2"
            for person in people_told(event, roster_of(HARBOUR))
        }
        there = set(self._alerts.committed)
        _law(wanted == there, f"alerts missing: {wanted - there}, too many: {there - wanted}")
        sent = {event.subject for event in events.values() if event.type == "alert.sent.v1"}
        _law(sent == there, f"alerts told {len(sent)} of {len(there)}")

    def outcome(self) -> "Outcome":
        """What there was to judge."""
        return Outcome(
            accepted=len(self._ledger.accepted),
            cases=len(self._cases.committed),
            alerts=len(self._alerts.committed),
            published=len(self._world.cluster.published),
            events=len({record.headers for record in self._world.cluster.published}),
        )


@dataclass(frozen=True)
class Outcome:
    """What a seed did, for whoever wants to know that it did something."""

    accepted: int = 0
    cases: int = 0
    alerts: int = 0
    published: int = 0
    events: int = 0


def _chained(case: Case, told: list[Envelope]) -> None:
    """Each event's head is the SHA-256 over the head before it and what it says; the case keeps the last."""
    head = ""
    for event in sorted(told, key=lambda event: (event.sequence, int(event.id.rpartition(".")[2]))):
        said = (head, event.id, event.type, rfc3339(event.time), event.data)
        head = hashlib.sha256("\x1f".join(said).encode()).hexdigest()
        _law(event.head == head, f"{event.id} is not linked to the event before it")
    _law(case.head == head, f"{case.id} keeps another head than that of its last event")


def _goes_on(group: str, before: Document | None, after: Document | None) -> None:
    """Work that was done never shrinks: no log loses anything here, so that no mark goes back."""
    marks = after["parts"] if after is not None else {}
    for number, mark in (before["parts"] if before is not None else {}).items():
        now = marks.get(number)
        if now is not mark and (now is None or now["offset"] < mark["offset"] or now["at"] < mark["at"]):
            raise AssertionError(f"{group} goes back in {number}: {mark} to {now}")


def _at_the_top(case: Case, clock: SlaClock) -> None:
    """A neglected clock breached and climbed every rung; who was moved up stays there until officers move it."""
    _law(clock.state == "breached", f"{case.id} {clock.kind} was never breached")
    _law(clock.fired == len(clock.rungs), f"{case.id} stands on rung {clock.fired} of {clock.kind}")
    if any(rung.act == "move_to" for rung in clock.rungs):
        lifts = [i for i, e in enumerate(case.history) if e.act == "move_to" and e.clock == clock.kind]
        _law(bool(lifts), f"{case.id} was neglected and never moved up")
        moved_later = any(entry.what == "case.moved" for entry in case.history[lifts[0] :])
        _law(
            moved_later or case.unit == roster_of(HARBOUR).entries.city.root,
            f"{case.id} was neglected and is still at {case.unit}",
        )


def _said(event: Envelope) -> tuple[Envelope, msgspec.Struct]:
    """What an event says; defaults may be written out or left out."""
    return msgspec.structs.replace(event, data=""), decode(event, CATALOGUE[event.type][1])


def _same_case(before: Document, after: Document) -> bool:
    return all(before.get(name) == after.get(name) for name in ("state", "unit", "clocks", "history", "seen"))


def _law(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


_FAR = datetime.fromisoformat("9000-01-01T00:00:00+00:00")
