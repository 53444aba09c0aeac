"""A record of the ring of live queues: raw bytes, with the names of those concerned, so that few are ever parsed."""

import contextlib
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple, assert_never

import msgspec
from msgspec import UNSET

from services.router.cases.case_answers import ClockView, LeftRow, PauseView, QueueRow
from services.router.stream.shapes import StreamedCase
from shared.contracts.cases import CaseEvent, ClockState
from shared.contracts.sight import Sight, as_person
from shared.kernel.vocabulary import ENDED_STATES

Told = Literal["case", "left", "change"]
"""What is sent of a record: its row; that it left the queue; to services the whole change."""
_encoder = msgspec.json.Encoder()
_event = msgspec.json.Decoder(CaseEvent)


class _Part(msgspec.Struct, frozen=True):
    unit: str
    state: str


class _State(msgspec.Struct, frozen=True):
    """The fields of a case that decide which listeners get its event."""

    unit: str
    state: str
    path: list[str]
    seen_by: list[str] = []
    offered_to: str | None = None
    assignee: str | None = None
    confidential: bool = False
    recused: bool = False
    parts: list[_Part] = []


class _Sight(msgspec.Struct, frozen=True):
    case: _State
    was_path: list[str] = []
    was_offered_to: str | None = None
    was_called: list[str] = []
    was_seen_by: list[str] = []


_sight = msgspec.json.Decoder(_Sight)


class ListedNames(NamedTuple):
    """A reader's names as ``in_list``: ``own`` are checked for cases closed to stand-ins, ``all`` for the others."""

    own: tuple[str, ...]
    all: tuple[str, ...]


class RingRecord(msgspec.Struct, frozen=True, gc=False):
    """A record, and the position after it. Lists are stored as text, each name between newlines.

    ``gc=False``: with twenty thousand records as tracked objects, garbage collection stopped the router for 0.2 s.
    """

    at: datetime
    partition: int
    offset: int
    value: bytes = b""
    type: str = ""
    city: str = ""
    open: bool = False
    queues: str = ""
    """Units that have the case in their own queue."""
    seen: str = ""
    """Units and persons that may see it after the event."""
    was_queues: str = ""
    """Units that have or had it in their own queue, before or after the event."""
    was_seen: str = ""
    """Units and persons that may see it before or after the event."""
    closed_to_stand_ins: bool = False

    def names(self) -> set[str]:
        """All units whose queue it may concern."""
        return set(self.was_queues.split("\n")) | set(self.was_seen.split("\n")) - {""}

    def is_for(self, unit: str, *, subtree: bool, sight: ListedNames | None) -> Literal["case", "left"] | None:
        """What the reader of the queue of ``unit`` is sent: ``case`` (in the queue), ``left`` (not any more), or None.

        ``sight``: the reader's names, None for ops. All names as ``in_list``.
        """
        if unit not in (self.was_seen if subtree else self.was_queues):  # most are another's
            return None
        if self.open and unit in (self.seen if subtree else self.queues) and self._shown(self.seen, sight):
            return "case"
        return "left" if self._shown(self.was_seen, sight) else None

    def _shown(self, seeing: str, sight: ListedNames | None) -> bool:
        return sight is None or any(name in seeing for name in (sight.own if self.closed_to_stand_ins else sight.all))

    def data(self, kind: Told) -> bytes | None:
        """JSON for the event: the case's row; id, version, state if it left. None: the record cannot be parsed."""
        try:
            event = _event.decode(self.value)
        except msgspec.MsgspecError:
            return None
        match kind:
            case "case":
                return _encoder.encode(_row(event))
            case "left":
                return _encoder.encode(LeftRow(event.case.id, event.case.version, event.case.state))
            case "change":
                return _encoder.encode(self._change(event))
        assert_never(kind)

    def _change(self, event: CaseEvent) -> StreamedCase:
        case = event.case
        return StreamedCase(
            city=self.city,
            what=self.type,
            by=event.by,
            row=_row(event),
            open=self.open,
            queues=_names(self.queues) if self.open else [],
            was_queues=_names(self.was_queues),
            seen_by=_names(self.seen),
            was_seen_by=_names(self.was_seen),
            closed_to_stand_ins=self.closed_to_stand_ins,
            sealed=case.confidential or case.sensitive is not None,
            lon=case.lon,
            lat=case.lat,
        )


def raw(
    at: datetime, partition: int, offset: int, headers: Iterable[tuple[str, bytes]], value: bytes | None
) -> RingRecord:
    """A record as the ring keeps it; ``offset`` is its own. A record that is not a case event concerns nobody."""
    place = (at, partition, offset + 1)
    told = {name: text for name, text in headers if name in ("ce_city", "ce_type")}
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
        said = _sight.decode(value or b"")
        case = said.case
        called = {part.unit for part in case.parts if part.state in ("called", "reported_in")}
        queues = {case.unit, case.offered_to, *called}
        seen = set(case.seen_by) or _as_before(case, called)
        was_seen = {*seen, *said.was_seen_by} if case.seen_by else {*seen, *said.was_path, *said.was_called}
        return RingRecord(
            *place,
            value or b"",
            sys.intern(told.get("ce_type", b"").decode()),
            told.get("ce_city", b"").decode(),
            case.state not in ENDED_STATES,
            _text(queues),
            _text(seen),
            _text({*queues, *said.was_path[-1:], said.was_offered_to, *said.was_called}),
            _text(was_seen | ({said.was_offered_to} if said.was_offered_to and not case.seen_by else set())),
            case.confidential or case.recused,
        )
    return RingRecord(*place)


def _as_before(case: _State, called: set[str]) -> set[str]:
    """For events of 0.1.0, which do not say who sees the case."""
    named = {name for name in (case.unit, case.offered_to, case.assignee) if name} | called
    own = {as_person(case.assignee)} if case.assignee else set()
    return named | own | (set() if case.confidential else set(case.path))


def _text(names: Iterable[str | None]) -> str:
    return "\n" + "\n".join(sorted(name for name in names if name)) + "\n"


def _names(text: str) -> list[str]:
    """The names that ``_text`` joined."""
    return [name for name in text.split("\n") if name]


def in_list(name: str) -> str:
    """``name`` with the newlines that delimit it in the joined lists."""
    return f"\n{name}\n"


def listed(sight: Sight) -> ListedNames:
    return ListedNames(tuple(map(in_list, sight.names)), tuple(map(in_list, sight.names | sight.others)))


def _row(event: CaseEvent) -> QueueRow:
    case = event.case
    waiting = [
        c.due_at
        for c in case.clocks
        if c.superseded_at is None and (c.state == "running" or (c.state == "breached" and c.met_at is None))
    ]
    return QueueRow(
        id=case.id,
        version=case.version,
        state=case.state,
        priority=case.priority,
        category=case.category,
        kind=case.kind,
        unit=case.unit,
        within=case.within,
        offered_to=case.offered_to,
        place=case.place,
        summary=case.summary or "",
        opened_at=case.opened_at,
        due_at=min(waiting, default=None),
        clocks=[_clock(clock) for clock in case.clocks],
        report_count=case.report_count,
        assignee=case.assignee,
        confidential=case.confidential,
        supervised_by=case.supervised_by,
        suspected=case.suspected,
        sensitive=case.sensitive,
        channel=UNSET if case.confidential else case.channel,
        sample=case.sample,
    )


def _clock(clock: ClockState) -> ClockView:
    return ClockView(
        kind=clock.kind,
        started_at=clock.started_at,
        target=clock.target,
        calendar=clock.calendar,
        due_at=clock.due_at,
        state=clock.state,
        pauses=[PauseView(from_=p.from_, until=p.until, reason=p.reason, to=p.to) for p in clock.pauses],
        met_at=clock.met_at,
        superseded_at=clock.superseded_at,
        part=clock.part,
    )
