"""What the router consumes: reports become cases; later ratings, additions and withdrawals are written into them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import structlog

from services.router.cases.case_store import CaseStore
from services.router.cases.placing import placed
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign_each, fresh_resolve_clock
from services.router.cases.sla_from_pack import calendars_of, review_clock
from services.router.cases.unit_of_work import Changes
from services.router.cases.visibility import seen_by
from services.router.dedup.attacher import Attachments, LostRaceError
from services.router.dedup.placement import Newcomer, Placement
from services.router.domain import events as e
from services.router.domain.case import Case, State
from services.router.domain.case_parts.remark import Remark
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.request_info import InfoGiven, answered
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import as_of
from shared.contracts import reports as contract
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.vocabulary import RemarkCode, ReporterWord
from shared.runtime.kafka.broker import Publisher
from shared.runtime.observability.log_ids import ids_of
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()

ROUNDS_MAX = 5


class ReportEvents:
    """Handles the ``reports`` topic, each event once per id."""

    def __init__(
        self,
        store: CaseStore,
        changes: Changes,
        packs: PackLibrary,
        publisher: Publisher,
        placing: Placement,
        attachments: Attachments,
    ) -> None:
        self._store = store
        self._placing = placing
        self._attachments = attachments
        self._merge_chain = attachments.merge_chain
        self._changes = changes
        self._packs = packs
        self._publisher = publisher

    async def handle(self, events: Sequence[Envelope]) -> None:
        """Handles a batch: new reports in one insert, the others one by one."""
        submitted = [event for event in events if event.type == "report.submitted.v1"]
        if submitted:
            await self._open(submitted)
        for event in events:
            if event.type in ("report.rated.v1", "report.added.v1", "report.withdrawn.v1"):
                await self._record(event)

    async def _open(self, events: Sequence[Envelope]) -> None:
        """Opens or attaches. The batch serves as outbox: its Kafka offset is committed after the cases are stored and
        their first events acknowledged."""
        newcomers: dict[str, Newcomer] = {}
        for (city, version), group in groupby(
            ((decode(event, contract.ReportSubmitted), event) for event in events),
            key=lambda pair: (pair[1].city, pair[0].pack_version),
        ):
            pack = await self._packs.get(city, version)
            pairs = list(group)
            cases = assign_each([report for report, _ in pairs], city, pack)
            for (case, happened), (report, event) in zip(cases, pairs, strict=True):
                newcomers[case.id] = Newcomer(report, case, happened, pack, event.trace)
        alone, joining = await self._placing.placed(list(newcomers.values()))
        if alone:
            first = await self._store.insert_opened([_first(one) for one in alone])
            await self._publisher.publish(first)
        await self._attachments.join(joining)
        ids = ids_of("report", [event.subject for event in events])
        log.info("reports.placed", reports=len(events), **ids, opened=len(alone), attached=len(joining))

    async def _record(self, event: Envelope) -> None:
        """Writes the event into the case that has the report now, unless any case of the merge chain has it already."""
        data = _word(event)
        said = history_event(data, event)
        for _ in range(ROUNDS_MAX):
            loaded = await self._merge_chain.unless_done(data.case, event.id)
            if loaded is None or loaded[0].city != event.city:
                raise LookupError(f"no case {data.case} in {event.city} for {event.type}")
            case, came = loaded
            if came:
                return
            words = data.text if isinstance(data, contract.ReportAdded) else None
            happened = await self._follows(as_of(case, said.at), said, words)
            if await self._changes.save(self._changes.of(case, happened, key=event.id, trace=event.trace)):
                return
        raise LostRaceError(f"case {data.case}")

    async def _follows(self, case: Case, said: e.Rated | e.Noted, words: str | None) -> list[DomainEvent]:
        """The events that follow: a rating may reopen the case, an answer lets the work go on or says where it is.

        ``words``: what the reporter added."""
        if isinstance(said, e.Rated):
            pack = self._packs.current(case.city)
            decide = review_clock(case, pack, said.at) if case.state is State.REJECTED else None
            return judged(case, said, fresh_resolve_clock(case, pack, said.at, case.one_up), decide)
        if case.state is not State.WAITING_REPORTER:
            return [placed(case, said, words, self._packs.current(case.city)) or said]
        return _instead(said, answered(case, _answer(said), await calendars_of(case, self._packs)))


def _answer(said: e.Noted) -> InfoGiven:
    return InfoGiven(
        at=said.at, by=said.by, by_unit=said.by_unit, text=said.text, remark=said.remark, photos=said.photos
    )


def _instead(said: e.Noted, happened: list[DomainEvent]) -> list[DomainEvent]:
    """Who is asked and takes it back, or says that it is fixed, gives no answer: the desk is told what he says, and the
    work goes on by ``happened``."""
    if said.word not in ("fixed", "withdrawn"):
        return happened
    given, *running = happened
    return [said, replace(given, text=None, photos=(), quiet=True), *running]


def _first(one: Newcomer) -> tuple[Case, Envelope, list[str]]:
    seeing = seen_by(one.case, one.pack)
    return one.case, to_envelopes(one.case, [one.opened], one.trace, seen_by=seeing)[0], seeing


Word = contract.ReportRated | contract.ReportAdded | contract.ReportWithdrawn


def _word(event: Envelope) -> Word:
    """The data of a rating, addition or withdrawal."""
    shapes: dict[str, type[contract.ReportRated] | type[contract.ReportAdded] | type[contract.ReportWithdrawn]] = {
        "report.rated.v1": contract.ReportRated,
        "report.added.v1": contract.ReportAdded,
        "report.withdrawn.v1": contract.ReportWithdrawn,
    }
    return decode(event, shapes[event.type])


def history_event(data: Word, event: Envelope) -> e.Rated | e.Noted:
    at, by, unit = event.time, data.entered_by, data.entered_unit
    match data:
        case contract.ReportRated():
            remark = None if by is None else Remark("entered_rates", (("report", data.report),))
            return e.Rated(at=at, by=by, by_unit=unit, score=data.score, text=data.text, remark=remark)
        case contract.ReportAdded():
            word: ReporterWord = "fixed" if data.fixed else "added"
            remark, photos = _said(data, word), tuple(data.photos)
            return e.Noted(at=at, by=by, by_unit=unit, text=data.text, photos=photos, word=word, remark=remark)
        case contract.ReportWithdrawn():
            text, remark = data.reason or None, _said(data, "withdrawn")
            return e.Noted(at=at, by=by, by_unit=unit, text=text, word="withdrawn", remark=remark, report=data.report)


_SAID: Mapping[ReporterWord, tuple[RemarkCode, RemarkCode]] = {
    "added": ("reporter_adds", "entered_adds"),
    "fixed": ("reporter_fixed", "entered_fixed"),
    "withdrawn": ("reporter_withdraws", "entered_withdraws"),
}


def _said(data: Word, word: ReporterWord) -> Remark:
    """That the reporter says it; where an officer entered it, for the reporter of which report."""
    own, entered = _SAID[word]
    return Remark(own) if data.entered_by is None else Remark(entered, (("report", data.report),))
