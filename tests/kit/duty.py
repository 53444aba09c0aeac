"""A city's duty as a story tells it: people of a pack press commands, time passes, everybody hears what concerns them.

What the router does around its store is done here with the same parts, in the same order, and every case goes through
the form in which it is stored; only MongoDB, Kafka and HTTP are left out.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import bson
import msgspec
from bson import CodecOptions

from services.intake.reports.bodies import ReportBody
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import record_of
from services.intake.reports.validation import ReportValidator
from services.router.cases.case_store import from_doc
from services.router.cases.case_store import to_doc as case_doc
from services.router.cases.projections import answer, to_envelopes
from services.router.cases.routing import assign
from services.router.cases.visibility import seen_by
from services.router.commands.bodies import BODIES
from services.router.commands.enrichment import completed
from services.router.commands.handler import acting
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, Part
from services.router.domain.commands.decide import decide
from services.router.domain.firing import due
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportSubmitted
from shared.contracts.sight import names_of
from shared.kernel.durations import parse_duration
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Principal
from tests.kit.expected_alerts import people_told
from tests.kit.made_reports import SECRET, TRACE
from tests.kit.stack import ROOT

MORNING = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
APP = Principal(kind="rider_app", city="gardens", app="meituan")
_AWARE: CodecOptions[dict[str, object]] = CodecOptions(tz_aware=True, tzinfo=UTC)


@cache
def gardens() -> Pack:
    """The pack of the stories."""
    return read_pack(read_folder(ROOT / "tests" / "packs" / "gardens"))


@dataclass
class Duty:
    """One case of the gardens, and the clock on the wall."""

    case: Case
    now: datetime = MORNING
    heard: list[tuple[str, str]] = field(default_factory=list)
    """Who was told of which kind of event, in order."""

    @classmethod
    def reported(cls, words: str, place: str = "金港花园3号楼") -> "Duty":
        """A rider's report becomes the case of the community."""
        body = msgspec.convert({"kind": "hazard", "description": words, "location": {"address": place}}, ReportBody)
        submission = ReportValidator(SECRET).submission(body, APP, words, gardens(), MORNING)
        event = submitted_event(record_of(submission, TRACE, MORNING))
        case, opened = assign(decode(event, ReportSubmitted), "gardens", gardens())
        duty = cls(case)
        duty._tell(to_envelopes(case, [opened], TRACE, seen_by=seen_by(case, gardens())))
        return duty

    def does(self, person: str, command: str, **body: Any) -> dict[str, Any]:
        """The case as the router answers it to ``person`` after the command. Raises ``Refusal``."""
        who = gardens().people[person]
        principal = Principal(kind="officer", city="gardens", person=who.id, unit=who.unit, role=who.role)
        if names_of(who.unit, who.id).isdisjoint(seen_by(self.case, gardens())):
            raise Refusal(404, "not-found", "no such case")
        actor = acting(principal, self.case, gardens())
        given = msgspec.convert(body, BODIES[command])
        happened = decide(self.case, completed(command, given, self.case, actor, gardens(), self.now), actor, self.now)
        if happened:
            self._becomes(happened)
        return answer(self.case, acting(principal, self.case, gardens()))

    def waits(self, span: str) -> None:
        """Time passes; the clocks fire when their moments come, not later."""
        ends = self.now + parse_duration(span).plain()
        while (moment := self.case.next_due) is not None and moment <= ends:
            self.now = max(self.now, moment)
            self._becomes(due(self.case, self.now))
        self.now = ends

    def part(self, unit: str) -> Part:
        """The unit's newest part."""
        return next(part for part in reversed(self.case.parts) if part.unit == unit)

    def told(self, person: str) -> list[str]:
        """Kinds of events that the person was told of."""
        return [what for who, what in self.heard if who == person]

    def after(self, days: int) -> datetime:
        return self.now + timedelta(days=days)

    def _becomes(self, happened: list[Any]) -> None:
        before, after = self.case, apply_all(self.case, happened)
        self._tell(to_envelopes(after, happened, TRACE, before, seen_by=seen_by(after, gardens())))
        stored = bson.encode(case_doc(after, seen_by(after, gardens())))
        self.case = from_doc(dict(bson.decode(stored, codec_options=_AWARE)))

    def _tell(self, events: tuple[Envelope, ...]) -> None:
        for event in events:
            what = event.type.removesuffix(".v1")
            self.heard += [(person, what) for person in sorted(people_told(event, gardens()))]
