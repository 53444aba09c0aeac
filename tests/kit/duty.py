"""A city's duty as a story tells it: people of a pack give commands, time passes, everybody hears what concerns them.

Commands go through the router's own handler, and every case through the form in which it is stored; only MongoDB, Kafka
and HTTP are left out.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from secrets import token_hex
from typing import Any, TypeVar, cast

import bson
import msgspec
from bson import CodecOptions

from services.intake.reports.bodies import ReportBody
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import record_of
from services.intake.reports.validation import ReportValidator
from services.router.cases.case_store import Change
from services.router.cases.case_views import answer
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from services.router.cases.sealed_words import SealedWords
from services.router.cases.stored.case_document import from_doc
from services.router.cases.stored.case_document import to_doc as case_doc
from services.router.cases.unit_of_work import Changes
from services.router.cases.visibility import seen_by
from services.router.command_handling.actors import actor_of
from services.router.command_handling.commands_from_bodies import BODIES
from services.router.command_handling.handler import CommandHandler, CommandRequest
from services.router.domain.case import Case
from services.router.domain.case_parts.work import Part
from shared.city.pack import Pack
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportSubmitted
from shared.contracts.sight import names_of
from shared.kernel.durations import parse_duration
from shared.runtime.identity.directory import Principal
from tests.kit.expected_alerts import people_told
from tests.kit.expected_duty import roster_of
from tests.kit.made_reports import SECRET, TRACE
from tests.packs import GARDENS, pack_of

T = TypeVar("T")
MORNING = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
APP = Principal(kind="rider_app", city="gardens", app="rider-app-1")
_AWARE: CodecOptions[dict[str, object]] = CodecOptions(tz_aware=True, tzinfo=UTC)


def gardens() -> Pack:
    """The pack of the stories."""
    return pack_of(GARDENS)


@dataclass
class Duty:
    """One case of the gardens, and the clock on the wall."""

    case: Case
    now: datetime = MORNING
    heard: list[tuple[str, str]] = field(default_factory=list)
    """Who was told of which kind of event, in order."""
    keys: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        memory = cast(Any, _Memory(self))
        self._changes = Changes(memory, memory, memory, token_hex)
        self._handler = CommandHandler(
            store=memory,
            case_access=memory,
            changes=self._changes,
            packs=memory,
            photos=memory,
            merging=memory,
            words=SealedWords(SECRET),
            clock=memory,
        )

    @classmethod
    def reported(cls, words: str, place: str = "金港花园3号楼", by: Principal = APP, **said: Any) -> "Duty":
        """A rider's report, or an officer's find, becomes the case of the community. ``said``: further fields of its
        body."""
        given = {"kind": "hazard", "description": words, "location": {"address": place}, **said}
        body = msgspec.convert(given, ReportBody)
        submission = ReportValidator(SECRET).submission(body, by, words, gardens(), MORNING)
        event = submitted_event(record_of(submission, TRACE, MORNING))
        case, opened = assign(decode(event, ReportSubmitted), "gardens", gardens())
        duty = cls(case)
        duty._tell(to_envelopes(case, [opened], TRACE, seen_by=seen_by(case, gardens())))
        return duty

    @staticmethod
    def officer(person: str) -> Principal:
        """Somebody of the city, signed in."""
        who = gardens().people[person]
        return Principal(kind="officer", city="gardens", person=who.id, unit=who.unit, role=who.role)

    def does(self, person: str, command: str, **body: Any) -> dict[str, Any]:
        """The case as the router answers it to ``person`` after the command. Raises ``Refusal``."""
        principal = self.officer(person)
        given = msgspec.convert(body, BODIES[command])
        request = CommandRequest(name=command, case=self.case.id, body=given, by=principal, key=str(next(self.keys)))
        result = _at_once(self._handler.handle(request))
        shown = answer(result.case, actor_of(principal, result.case, gardens()), gardens())
        told: dict[str, Any] = msgspec.to_builtins(shown, builtin_types=(datetime,))
        return told

    def waits(self, span: str) -> None:
        """Time passes; the clocks fire when their moments come, not later."""
        ends = self.now + parse_duration(span).plain()
        while (moment := self.case.next_due) is not None and moment <= ends:
            self.now = max(self.now, moment)
            _at_once(self._changes.save(self._changes.of(self.case, [], at=self.now)))
        self.now = ends

    def part(self, unit: str) -> Part:
        """The unit's newest part."""
        return next(part for part in reversed(self.case.parts) if part.unit == unit)

    def told(self, person: str) -> list[str]:
        """Kinds of events that the person was told of."""
        return [what for who, what in self.heard if who == person]

    def after(self, days: int) -> datetime:
        return self.now + timedelta(days=days)

    def becomes(self, change: Change) -> None:
        """The change is stored and told."""
        stored = bson.encode(case_doc(change.after, change.seen_by))
        self.case = from_doc(dict(bson.decode(stored, codec_options=_AWARE)))
        self._tell(change.envelopes)

    def _tell(self, events: tuple[Envelope, ...]) -> None:
        for event in events:
            what = event.type.removesuffix(".v1")
            self.heard += [(person, what) for person in sorted(people_told(event, roster_of(GARDENS)))]


class _Memory:
    """What the handler and ``Changes`` need of the store, the relay, the packs and the clock, for the one case."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self.keys = self

    async def load(self, who: Principal, city: str, id_: str) -> tuple[Principal, Case, dict[str, Any]] | None:
        case = self._duty.case
        unseen = names_of(who.unit or "", who.who).isdisjoint(seen_by(case, gardens()))
        return None if unseen else (who, case, {})

    async def find(self, document: dict[str, Any], key: str) -> None:
        """Every key is a new one."""

    async def note(self, case: Case, key: str, fingerprint: str) -> bool:
        return True

    async def save(self, change: Change) -> bool:
        self._duty.becomes(change)
        return True

    def offer(self, id_: str, version: int, events: Sequence[Envelope]) -> None:
        """``becomes`` has told everybody."""

    def current(self, city: str) -> Pack:
        return gardens()

    async def get(self, city: str, version: str) -> Pack:
        return gardens()

    def now(self) -> datetime:
        return self._duty.now


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of what waits for nothing, without an event loop."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    raise AssertionError("the memory made somebody wait")
