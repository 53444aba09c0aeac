"""Promise: whatever is done to a case that is about a unit (回避) or sensitive (敏感件), by whomever, in any order:
nothing of it reaches those who may not see it.

Random walks over all commands, of reporters too, with a word of its own in every text. After each step it is looked for
in every event, frame of a stream, row, alert, group message, digest, webhook, case nearby and log line.
"""

import re
from datetime import timedelta
from typing import Any

import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from services.intake.http.report_access import sees
from services.intake.reports.progress_record import progress_of
from services.notifier.alerts.alert_plan import plan_alerts
from services.notifier.delivery.webhook_payload import payload
from services.router.cases.case_views import row
from services.router.cases.recusal import is_recused
from services.router.cases.routing import fresh_resolve_clock
from services.router.cases.sla_from_pack import review_clock
from services.router.cases.stored.case_document import queues_of
from services.router.cases.visibility import seen_by
from services.router.command_handling.commands_from_bodies import BODIES
from services.router.domain import events as e
from services.router.domain.case import State
from services.router.domain.commands.inspection import judged
from services.router.domain.domain_event import DomainEvent
from services.router.search_words import words_of
from services.router.stream.ring import in_list, listed, raw
from shared.city.people.on_duty import NO_CHANGES
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.sight import Sight, names_of
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import HOWS
from shared.runtime.identity.directory import Principal
from tests.kit.duty import MORNING, Duty, _at_once, gardens
from tests.kit.free_texts import filled

WORD = "Word0000ofreport"
WORDS = re.compile(r"Word\d{4,}of")
OTHER_CASES = {"merge", "split", "unmask"}
"""Commands that need other documents than the case."""
OF_A_LIST = {"pause": "part_ordered", "return": "not_our_area", "reject": "not_covered"}
UNITS = sorted(gardens().units)
PEOPLE = sorted(gardens().people)


class ShieldedCase(RuleBasedStateMachine):
    """One case of the gardens. ``UNDONE``: the command that takes the shield away again, which nobody gives here."""

    UNDONE = ""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Envelope] = []
        self.duty = Duty.reported(f"路灯坏了 {WORD}", place=f"金港花园3号楼 {WORD}")
        becomes = self.duty.becomes

        def kept(change: Any) -> None:
            self.events += change.envelopes
            becomes(change)

        self.duty.becomes = kept  # type: ignore[method-assign]

    @rule(
        name=st.sampled_from(sorted(BODIES.keys() - OTHER_CASES)),
        person=st.sampled_from(PEOPLE),
        unit=st.sampled_from(UNITS),
        how=st.sampled_from(HOWS),
        ok=st.booleans(),
        part=st.sampled_from(["p1", "p2"]),
    )
    def command(self, name: str, person: str, unit: str, how: str, ok: bool, part: str) -> None:
        if name == self.UNDONE:
            return
        later = (self.duty.now + timedelta(days=30)).isoformat()
        codes: dict[str, Any] = {
            **dict.fromkeys(("to", "suggest", "about", "body"), unit),
            "units": [unit],
            "parties": [unit],
            **dict.fromkeys(("until", "due", "follow_up"), later),
            "category": "dogs",
            "elsewhere": "petition",
            "kind": "media",
            "clock": "resolve",
            "how": how,
            "ok": ok,
            "part": part,
        }
        if name in OF_A_LIST:
            codes["reason"] = OF_A_LIST[name]
        body, _ = filled(name, BODIES[name], {k: v for k, v in codes.items() if k in _fields(name)})
        self._does(lambda: self.duty.does(person, name, **body))

    @rule(
        person=st.sampled_from(["town.duty", "county.duty", "power.desk"]), name=st.sampled_from(["claim", "resolve"])
    )
    def work(self, person: str, name: str) -> None:
        """What lets a case come far: most commands of a random walk are refused."""
        body = {"how": "answered", "text": WORD} if name == "resolve" else {}
        self._does(lambda: self.duty.does(person, name, **body))

    @rule()
    def its_desk_gets_more_time(self) -> None:
        desk = f"{self.duty.case.unit}.duty"
        due = next((c.due_at for c in self.duty.case.clocks if c.kind == "resolve" and c.waits), None)
        if desk not in PEOPLE or due is None:
            return
        until = due + timedelta(days=1)
        self._does(lambda: self.duty.does(desk, "request_extension", clock="resolve", until=until, reason=WORD))
        self._does(lambda: self.duty.does("county.duty", "approve_extension", clock="resolve"))

    @rule(score=st.integers(1, 3))
    def the_reporter_rates(self, score: int) -> None:
        duty, pack, at = self.duty, gardens(), self.duty.now
        if duty.case.state not in (State.RESOLVED, State.CLOSED, State.REJECTED):
            return
        clock = review_clock(duty.case, pack, at) if duty.case.state is State.REJECTED else None
        said = e.Rated(at=at, score=score, text=WORD)
        self._happens(judged(duty.case, said, fresh_resolve_clock(duty.case, pack, at), clock))

    @rule()
    def the_reporter_adds(self) -> None:
        self._happens([e.Noted(at=self.duty.now, text=WORD, word="added")])

    @rule(span=st.sampled_from(["PT1H", "P2D", "P40D"]))
    def time_passes(self, span: str) -> None:
        self._does(lambda: self.duty.waits(span))

    def _happens(self, happened: list[DomainEvent]) -> None:
        changes = self.duty._changes
        self._does(lambda: _at_once(changes.save(changes.of(self.duty.case, happened, at=self.duty.now))))

    def _does(self, act: Any) -> None:
        self.events.clear()
        with structlog.testing.capture_logs() as logged:
            try:
                act()
            except Refusal as refused:
                assert not WORDS.search(str(refused.extra) + refused.detail)
        assert not WORDS.search(str(logged))
        for event in self.events:
            self.check(event, decode(event, CaseEvent))

    def check(self, event: Envelope, data: CaseEvent) -> None:
        raise NotImplementedError


class RecusedCase(ShieldedCase):
    """About the community: neither it nor its people, its property company and the units below it."""

    UNDONE = "lift_recusal"

    @initialize()
    def is_about_the_community(self) -> None:
        """Also to a company that was called in before."""
        self.duty.does("jingang.duty", "claim")
        self.duty.does("jingang.duty", "call_in", units=["jingang-property"], reason=WORD)
        self._does(lambda: self.duty.does("jingang.duty", "recuse", reason=WORD))

    def check(self, event: Envelope, data: CaseEvent) -> None:
        pack, case = gardens(), self.duty.case
        blind = [person for person in pack.people.values() if is_recused(case, person.unit, pack)]
        assert {"jingang.duty", "property.desk", "owners.chair"} <= {person.id for person in blind}
        alerts = plan_alerts(event, data, pack, NO_CHANGES, (), MORNING)
        assert not {alert.recipient for alert in alerts} & {person.id for person in blind}, event.type
        assert all(alert.group_text and not WORDS.search(alert.group_text) for alert in alerts), "groups"
        assert progress_of(data).discreet, "apps nearby are not shown it"
        record = raw(MORNING, 0, 0, [("ce_city", b"gardens")], event.data.encode())
        assert not WORDS.search((record.data("left") or b"").decode())
        seeing = seen_by(case, pack)
        for person in blind:
            names = names_of(person.unit, person.id)
            assert names.isdisjoint(seeing), event.type
            assert person.unit not in queues_of(case)
            who = Principal(kind="officer", city="gardens", person=person.id, unit=person.unit, role=person.role)
            assert not sees(who, [progress_of(data)], pack)
            for unit in UNITS:
                shown = record.is_for(in_list(unit), subtree=True, sight=listed(Sight(names)))
                assert shown in (None, "left"), (event.type, unit)


class SensitiveCase(ShieldedCase):
    """No word leaves the case, to nobody."""

    UNDONE = "unmark_sensitive"

    @initialize()
    def is_sensitive(self) -> None:
        self._does(lambda: self.duty.does("county.duty", "mark_sensitive", kind="self_harm", text=WORD))

    def check(self, event: Envelope, data: CaseEvent) -> None:
        pack = gardens()
        assert not WORDS.search(event.data), event.type
        assert not WORDS.search(str(row(self.duty.case)))
        assert not any(WORDS.search(word.capitalize()) for word in words_of(self.duty.case)), "searches"
        assert not WORDS.search(str(plan_alerts(event, data, pack, NO_CHANGES, (), MORNING)))
        for app in ("rider-app-1", "rider-app-2"):
            assert not WORDS.search(payload(event, data, app, pack)), event.type
        near = progress_of(data)
        assert near.discreet
        assert (near.lon, near.lat) == (None, None)
        frame = raw(MORNING, 0, 0, [("ce_city", b"gardens")], event.data.encode()).data("case")
        assert not WORDS.search((frame or b"").decode())


def _fields(name: str) -> set[str]:
    """Every field of the command's body and of what is in it; a reason of a list too."""
    own = set(BODIES[name].__struct_fields__)
    return own | ({"body", "due"} if "parts" in own else set())


TestRecusedCase = RecusedCase.TestCase
TestRecusedCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestSensitiveCase = SensitiveCase.TestCase
TestSensitiveCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
