"""What intake consumes: the events of cases, for what reporters are shown, and of packs that were switched."""

from collections.abc import Sequence
from datetime import datetime

from services.intake.reports.batch_pace import Backlog, CountBacklog
from services.intake.reports.progress_record import Attachment, progress_of
from services.intake.reports.report_store import ReportStore
from services.intake.reports.unrouted_watch import AnsweredUntil
from shared.contracts import cases, cities, reports
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode, lane_group, lane_topic
from shared.contracts.envelope import DANGER, HISTORY, LANES, LIVE, Envelope
from shared.kernel.ids import case_id
from shared.runtime.kafka.consumer import BACKGROUND_SPACING_SECONDS, every_event_consumer, latest_event_consumer
from shared.runtime.kafka.group_offsets import GroupProgress, LaneProgress
from shared.runtime.pack_library import PackFollower
from shared.runtime.service import Service
from shared.runtime.timekeeping.wall_clock import real_now

PROGRESS = "intake.progress"
"""The consumer group of case events, one in each lane."""
CITIES = "intake.cities"
ATTACHING = frozenset({"case.opened.v1", "case.report_attached.v1", "case.confirmed.v1"})


def subscribe(service: Service, store: ReportStore, follower: PackFollower) -> None:
    """Declare the service's consumers; they start when Kafka answers."""
    progress = ProgressEvents(store)
    for lane in LANES:
        service.consumes(
            every_event_consumer(
                cases.TOPIC,
                PROGRESS,
                progress.handle,
                service.dead_letters,
                service.clock,
                spacing=BACKGROUND_SPACING_SECONDS,
                lane=lane,
            )
        )

    async def pack_switched(_: Sequence[Envelope]) -> None:
        follower.wake()

    service.consumes(latest_event_consumer(cities.TOPIC, CITIES, pack_switched, service.dead_letters, service.clock))


class ProgressEvents:
    """Keeps the progress of reports up to date with their cases."""

    def __init__(self, store: ReportStore) -> None:
        self._store = store

    async def handle(self, events: Sequence[Envelope]) -> None:
        """Store the newest state of each case of the batch, and every report that was attached to one.

        An event that only changes a case's state is decoded only if it is the newest of its case.
        """
        newest = {event.subject: event for event in sorted(events, key=lambda event: event.sequence)}
        states, seconds = [], []
        attachments: list[Attachment] = []
        for event in events:
            is_newest = newest[event.subject] is event
            if not is_newest and event.type not in ATTACHING:
                continue
            data = decode(event, CaseEvent)
            case = data.case.id
            attachments += [Attachment(report.id, case, report.link, report.says) for report in data.attached]
            if event.type == "case.opened.v1":
                seconds += [(report.id, case) for report in data.case.reports if case_id(report.id) != case]
            if is_newest:
                states.append(progress_of(data))
        await self._store.save_cases(states)
        if attachments:
            await self._store.save_attachments(attachments)
        if seconds:
            await self._store.save_second_cases(seconds)


def live_backlog(service: Service) -> CountBacklog:
    """How many live reports wait for the router, by the offsets of its group."""
    group, topic = lane_group(reports.ROUTER_GROUP, LIVE), lane_topic(reports.TOPIC, LIVE)

    async def count() -> Backlog:
        position = await service.kafka.group_position(group, topic)
        waiting = sum(max(0, end - position.offsets.get(place, 0)) for place, end in position.ends.items())
        return Backlog(waiting, sum(position.offsets.values()))

    return count


def answered_until(service: Service) -> AnsweredUntil:
    """For a lane, the time up to which every published report has been routed: the earlier of how far the router has
    consumed reports and how far this service has consumed case events."""

    def offsets_of(lane: int) -> LaneProgress:
        answers = (HISTORY,) if lane == HISTORY else (DANGER, LIVE)
        progress = [
            GroupProgress(service.kafka, lane_group(PROGRESS, one), lane_topic(cases.TOPIC, one)) for one in answers
        ]
        router = GroupProgress(service.kafka, lane_group(reports.ROUTER_GROUP, lane), lane_topic(reports.TOPIC, lane))
        return LaneProgress(router, progress)

    lanes = {lane: offsets_of(lane) for lane in LANES}

    async def until(lane: int) -> datetime:
        return await lanes[lane].handled_until(real_now())

    return until
