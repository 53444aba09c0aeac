"""Several reports of one thing on a real database: one case, every report on it once, whatever is repeated."""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, cast

import pytest
from msgspec import structs
from pymongo.errors import AutoReconnect

from services.router.cases import case_store as store_module
from services.router.cases.case_store import Change
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from services.router.cases.stored.case_document import from_doc
from services.router.cases.visibility import seen_by
from services.router.consumers import ReportEvents
from services.router.dedup import merge_saga as merging_module
from services.router.dedup import reconciler
from services.router.dedup.attached_reports import AttachedReports, AttachedReportsQuery
from services.router.dedup.attacher import Attachments
from services.router.dedup.reconciler import Reconciler
from services.router.dedup.report_links import INDEXES as LINK_INDEXES
from services.router.dedup.report_links import Links
from services.router.domain import events as e
from services.router.domain.case import Case
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from services.router.domain.commands.merge import Merge, Merged, SecondMatter, SplitCase
from services.router.queues.nearby_routes import NearbyOpenCases, NearbyRoutes, OfficersNearbyQuery
from shared.city.pack import Pack
from shared.city.reading import read_pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode, encode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportRated, ReportSubmitted
from shared.kernel.clock import StoppedClock
from shared.kernel.ids import case_id, opening_report
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, TRACE, harbour, submitted
from tests.kit.made_services import Routing, hearing, merging, routing
from tests.packs import harbour_with_same

LON, LAT = 4.32, 52.12
OFFICER = Principal(kind="officer", city="harbour", person="qs-desk", unit="quayside", role="duty_officer", post="A")


@cache
def grouping() -> Pack:
    return read_pack(harbour_with_same())


@pytest.fixture
async def router(database: Database) -> AsyncIterator[Routing]:
    made = await routing(database)
    await made.packs.store(grouping(), harbour_with_same())
    await made.packs.switch("harbour", grouping().version, NOW)
    await Links(database).links.ensure_indexes(*LINK_INDEXES)
    yield made
    await made.packs.switch("harbour", harbour().version, NOW)


def report(key: str, words: str = "a burst pipe", metres: float = 0, minutes: float = 0, **more: Any) -> Envelope:
    """A report so many metres and minutes away from the first."""
    lon = LON + metres / 111_320 / math.cos(math.radians(LAT))
    where = {"lon": lon, "lat": LAT, "crs": "wgs84"}
    now = NOW + timedelta(minutes=minutes)
    event = submitted(key, now=now, description=words, location=where, **more)
    return structs.replace(event, data=event.data.replace(harbour().version, grouping().version))


PHOTO = "3c5a99e10f72d846"
CLOSE_TO_IT = "3c5a99e10f72d845"


@cache
def picky() -> Pack:
    """Asks for words in common."""
    return read_pack(harbour_with_same(words=0.5))


async def photographed(router: Routing, key: str, words: str, *looks: str, **more: Any) -> Envelope:
    """A report with photos that look like this, in a city that asks for words in common."""
    if router.packs.cities["harbour"] != picky().version:
        await router.packs.store(picky(), harbour_with_same(words=0.5))
        await router.packs.switch("harbour", picky().version, NOW)
    event = report(key, words, category="flooding", **more)
    said = structs.replace(decode(event, ReportSubmitted), looks=list(looks), pack_version=picky().version)
    return structs.replace(event, data=encode(said))


async def test_two_photos_of_one_thing_bring_together_what_words_would_not(router: Routing) -> None:
    first = await photographed(router, "k0", "it shoots up by the harbour office", PHOTO)
    same = await photographed(router, "k1", "everything is wet", CLOSE_TO_IT, metres=20, minutes=3)
    other = await photographed(router, "k2", "the cellar of the baker", "a" * 16, minutes=4)
    none = await photographed(router, "k3", "my shoes are soaked", minutes=5)
    told_ = await photographed(router, "k4", "it shoots up by the office", "a" * 16, minutes=6)
    for event in (first, same, other, none, told_):
        await hearing(router).handle([event])
    found = {case.id: case.report_count for case in await cases(router)}
    assert found == {of(first): 3, of(other): 1, of(none): 1}
    links = await Links(router.database).by_report([same.subject, told_.subject])
    assert (links[same.subject].by_photo, links[told_.subject].by_photo) == (True, False)
    attachments = Attachments(router.store, Links(router.database), router.changes, router.packs, StoppedClock(NOW))
    shown, _ = await AttachedReports(Links(router.database), attachments).page(
        await one(router, of(first)), AttachedReportsQuery()
    )
    assert {item.id: item.by_photo for item in shown} == {
        first.subject: False,
        same.subject: True,
        told_.subject: False,
    }


async def test_what_a_photo_brought_together_is_taken_apart_again_and_stays_so(router: Routing) -> None:
    first = await photographed(router, "k0", "it shoots up by the harbour office", PHOTO)
    same = await photographed(router, "k1", "everything is wet", PHOTO, minutes=3)
    await hearing(router).handle([first, same])
    await commanded(router, of(first), "s1", SplitCase(reports=(same.subject,)))
    await merging(router).finish("s1")
    await hearing(router).handle([first, same])
    assert {case.id: case.report_count for case in await cases(router)} == {of(first): 1, of(same): 1}
    assert not (await Links(router.database).by_report([same.subject]))[same.subject].by_photo


async def test_the_same_photo_of_two_buildings_is_of_two_things(router: Routing) -> None:
    batch = [await photographed(router, f"k{n}", f"water at building {n}", PHOTO) for n in (2, 12)]
    await hearing(router).handle(batch)
    assert [case.report_count for case in await cases(router)] == [1, 1]


def of(event: Envelope) -> str:
    return case_id(event.subject)


async def cases(router: Routing) -> list[Case]:
    return [from_doc(d) for d in await router.store.cases.find({}, sort=[("opened_at", 1), ("_id", 1)], limit=400)]


async def told(router: Routing) -> list[str]:
    """Reports that events say were attached, as often as they say it."""
    found: list[str] = []
    for document in await router.store.cases.find({}, limit=400):
        for pending in document.get("pending", ()):
            if pending["type"] in ("case.report_attached.v1", "case.confirmed.v1"):
                envelope = Envelope(**pending)
                found += [ref.id for ref in decode(envelope, CaseEvent).attached]
    return sorted(found)


async def test_several_reports_of_one_thing_make_one_case(router: Routing) -> None:
    batch = [report("k0"), *(report(f"k{n}", metres=10 * n, minutes=n) for n in range(1, 6))]
    await hearing(router).handle(batch)
    (case,) = await cases(router)
    assert (case.id, case.report_count) == (of(batch[0]), 6)
    assert {r.id for r in case.reports} == {event.subject for event in batch}
    assert await told(router) == sorted(event.subject for event in batch[1:])


async def test_what_only_looks_alike_has_cases_of_its_own(router: Routing) -> None:
    words = ("a burst pipe at building 2", "a burst pipe at building 12", "the street light is out", "something")
    await hearing(router).handle([report(f"k{n}", w) for n, w in enumerate(words)])
    await hearing(router).handle([report("far", words[0], metres=120), report("late", words[0], minutes=400)])
    found = await cases(router)
    assert len(found) == 6
    assert next(case for case in found if case.opened_at > NOW).linked_to is not None


@pytest.mark.parametrize("kind", ["confidential", "clue"])
async def test_what_is_confidential_or_a_clue_is_never_merged(router: Routing, kind: str) -> None:
    more: dict[str, Any] = {"kind": "clue"} if kind == "clue" else {"reporter": {"ref": "r1", "confidential": True}}
    await hearing(router).handle([report("k1"), report("k2", **more)])
    assert [case.report_count for case in await cases(router)] == [1, 1]


async def test_the_same_batches_in_any_order_and_twice_end_in_the_same_case(router: Routing) -> None:
    events = [report("k0"), *(report(f"k{n}", minutes=n) for n in range(1, 30))]
    chance = random.Random(7)
    await hearing(router).handle(events[:1])
    for _ in range(2):
        rest = chance.sample(events, len(events))
        for start in range(0, len(rest), 7):
            await hearing(router).handle(rest[start : start + 7])
    (case,) = await cases(router)
    assert case.report_count == 30
    assert [r.id for r in case.reports] == [event.subject for event in events[-20:]]
    assert await told(router) == sorted(event.subject for event in events[1:])


async def test_two_routers_at_once_lose_and_double_nothing(router: Routing) -> None:
    events = [report(f"k{n}", minutes=n / 10) for n in range(24)]
    await asyncio.gather(*(_until_done(hearing(router), events) for _ in range(3)))
    found = await cases(router)
    assert len(await Links(router.database).by_report([event.subject for event in events])) == 24
    assert sum(case.report_count for case in found) == 24
    attached = {event.subject for event in events} - {"r" + case.id[1:] for case in found}
    assert await told(router) == sorted(attached)


async def _until_done(heard: ReportEvents, events: Sequence[Envelope]) -> None:
    for _ in range(20):
        try:
            return await heard.handle(events)
        except TimeoutError:
            await asyncio.sleep(0.01)
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("dies", ["before_the_case", "before_the_change", "before_the_mark"])
async def test_a_router_that_dies_in_between_is_followed_by_one_that_ends_it(
    router: Routing, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [report("k0"), *(report(f"k{n}", minutes=n) for n in range(1, 5))]
    target, name = {
        "before_the_case": (router.store, "insert_opened"),
        "before_the_change": (router.changes, "save_all"),
        "before_the_mark": (Links, "mark_told"),
    }[dies]

    async def away(*_: Any) -> None:
        raise AutoReconnect("gone")

    with monkeypatch.context() as patch:
        patch.setattr(target, name, away)
        with pytest.raises(AutoReconnect):
            await hearing(router).handle(events)
    await hearing(router).handle(events)
    (case,) = await cases(router)
    assert case.report_count == 5
    assert await told(router) == sorted(event.subject for event in events[1:])


async def test_a_rising_count_raises_the_priority_once_per_threshold(router: Routing) -> None:
    heard = hearing(router)
    lamp = "the street light is out"
    await heard.handle([report("k0", lamp)])
    for n in range(1, 12):
        await heard.handle([report(f"k{n}", lamp, minutes=n)])
    (case,) = await cases(router)
    raised = [entry for entry in case.history if entry.what == "case.priority_raised"]
    assert (case.priority, case.risen, len(raised)) == ("danger", 10, 2)
    assert {entry.unit for entry in raised} == {"oosterhaven"}


async def test_a_closed_case_is_opened_again_one_level_up_within_the_window(router: Routing) -> None:
    heard = hearing(router)
    await heard.handle([report("k0")])
    (case,) = await cases(router)
    closed = router.changes.of(case, [e.Closed(at=NOW + timedelta(hours=1), by="qs-desk")])
    assert await router.changes.save(closed)
    await heard.handle([report("again", minutes=120), report("more", minutes=121)])
    (case,) = await cases(router)
    assert (case.state, case.unit, case.report_count, case.ended_at) == ("reopened", "oosterhaven", 3, None)
    assert sum(entry.what == "case.reopened" for entry in case.history) == 1


async def test_thanks_and_it_is_fixed_open_no_case_and_are_not_counted(router: Routing) -> None:
    heard = hearing(router)
    await heard.handle([report("k0")])
    await heard.handle(
        [
            report("k1", "the burst pipe is fixed", minutes=30),
            report("k2", "thank you for the burst pipe", minutes=31, kind="opinion"),
            report("k3", "thank you, here is a burst pipe", minutes=32),
            report("k4", "is fixed? the burst pipe is broken again", minutes=33),
        ]
    )
    (case,) = await cases(router)
    assert case.report_count == 3
    assert sum(entry.what == "case.confirmed" for entry in case.history) == 2
    assert await told(router) == sorted(report(f"k{n}").subject for n in range(1, 5))


DESK = Principal(kind="officer", city="harbour", person="oh-desk", unit="oosterhaven", role="duty_officer", post="A")


async def commanded(router: Routing, case: str, key: str, command: Merge | SplitCase, *, dies: bool = False) -> Case:
    """A merge or split as officers carry it out; ``dies``: right after the case changed."""
    made = merging(router)
    loaded = await router.store.load(case)
    assert loaded is not None
    command = await made.prepared(command, loaded[0], DESK)
    actor = Actor("oh-desk", "oosterhaven", "duty_officer", "A")
    happened = decide(loaded[0], command, actor, NOW)
    await made.intend(command, loaded[0], key)
    assert await router.changes.save(router.changes.of(loaded[0], happened, key=key))
    if not dies:
        await made.finish(key)
    return await one(router, case)


async def one(router: Routing, case: str) -> Case:
    loaded = await router.store.load(case)
    assert loaded is not None
    return loaded[0]


@pytest.mark.parametrize("dies", [False, True])
async def test_merged_into_the_older_one_and_taken_out_again_by_split(router: Routing, dies: bool) -> None:
    heard = hearing(router)
    first, other = report("k1", "a burst pipe at building 2"), report("k2", "a burst pipe at building 3", minutes=1)
    late = report("k3", "a burst pipe at building 3", minutes=2)
    await heard.handle([first, other, late])
    merged = await commanded(router, of(other), "m1", Merge(into=of(first)), dies=dies)
    assert (merged.state, merged.merged_into, merged.next_due) == ("merged", of(first), None)
    await merging(router).finish("m1")
    older = await one(router, of(first))
    assert (older.report_count, len(older.reports)) == (3, 3)
    await heard.handle([report("k4", "a burst pipe at building 3", minutes=3)])
    assert (await one(router, of(first))).report_count == 4, "what is like the merged one follows it"
    left = await commanded(router, of(first), "s1", SplitCase(reports=(other.subject,)), dies=dies)
    await merging(router).finish("s1")
    again = await one(router, of(other))
    assert (again.state, again.merged_into, again.report_count) == ("reopened", None, 3)
    assert left.report_count == 1


@pytest.mark.parametrize("dies", [False, True])
async def test_reports_that_were_attached_by_mistake_get_a_case_of_their_own(router: Routing, dies: bool) -> None:
    heard = hearing(router)
    batch = [report(f"k{n}", minutes=n) for n in range(4)]
    await heard.handle(batch)
    wrong = (batch[3].subject, batch[2].subject)
    left = await commanded(router, of(batch[0]), "s1", SplitCase(reports=wrong), dies=dies)
    for _ in range(2):
        await merging(router).finish("s1")
    assert left.report_count == 2
    own = await one(router, of(batch[2]))
    assert (own.report_count, own.linked_to, {r.id for r in own.reports}) == (2, of(batch[0]), set(wrong))
    await heard.handle(batch)
    assert [case.report_count for case in await cases(router)] == [2, 2]


async def test_a_second_matter_of_a_report_gets_a_case_with_words_of_its_own(router: Routing) -> None:
    event = report("k1")
    await hearing(router).handle([event])
    matter = SecondMatter(words="the street light is out too")
    await commanded(router, of(event), "s1", SplitCase(reports=(event.subject,), matter=matter))
    first, second = sorted(await cases(router), key=lambda case: case.linked_to is not None)
    assert (first.report_count, second.category, second.linked_to) == (1, "street_light", first.id)
    assert [r.id for r in second.reports] == [event.subject]


async def test_what_two_routers_opened_on_either_side_is_merged_by_the_look_over(router: Routing) -> None:
    await hearing(router).handle([report("k1", minutes=1)])
    young, old = report("k1", minutes=1), report("k0")
    pack = grouping()
    for event in (old,):
        submitted_ = decode(event, ReportSubmitted)
        case, opened = assign(submitted_, "harbour", pack)
        await router.store.insert_opened([(case, to_envelopes(case, [opened], TRACE)[0], seen_by(case, pack))])
    looking = Reconciler(router.store, merging(router), router.changes, router.packs, StoppedClock(NOW))
    looking._looked = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconciler, "SETTLED_AFTER", timedelta(seconds=-1))
        assert await looking.merge_duplicates() == 1
    assert (await one(router, of(young))).merged_into == of(old)
    assert (await one(router, of(old))).report_count == 2


async def side_by_side_cases(router: Routing) -> tuple[str, str]:
    """Two cases of one thing, the younger and the older, that two routers opened without seeing each other."""
    young, old = report("k1", minutes=1), report("k0")
    for event in (young, old):
        case, opened = assign(decode(event, ReportSubmitted), "harbour", grouping())
        await router.store.insert_opened([(case, to_envelopes(case, [opened], TRACE)[0], seen_by(case, grouping()))])
    return of(young), of(old)


def looking_over(router: Routing) -> Reconciler:
    looking = Reconciler(router.store, merging(router), router.changes, router.packs, StoppedClock(NOW))
    looking._looked = datetime(2020, 1, 1, tzinfo=UTC)
    return looking


async def test_a_pair_whose_save_lost_to_an_attachment_is_merged_all_the_same(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B49: what only hangs on the younger case meanwhile is no reason to leave it apart."""
    young, old = await side_by_side_cases(router)
    save, overtaken = router.changes.save, list[str]()

    async def overtakes(change: Change) -> bool:
        if change.after.id == young and not overtaken:
            overtaken.append(young)
            stored = await one(router, young)
            assert await save(router.changes.of(stored, [e.Noted(at=NOW, text="the reporter adds: it is worse")]))
        return await save(change)

    monkeypatch.setattr(router.changes, "save", overtakes)
    monkeypatch.setattr(reconciler, "SETTLED_AFTER", timedelta(seconds=-1))
    assert await looking_over(router).merge_duplicates() == 1
    assert (await one(router, young)).merged_into == old


async def test_a_younger_case_is_merged_into_one_that_somebody_has_signed_for_already(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    young, old = await side_by_side_cases(router)
    await router.changes.save(router.changes.of(await one(router, old), [e.Acknowledged(at=NOW, by="oh-desk")]))
    monkeypatch.setattr(reconciler, "SETTLED_AFTER", timedelta(seconds=-1))
    assert await looking_over(router).merge_duplicates() == 1
    assert (await one(router, young)).merged_into == old


async def merged_in_a_row(router: Routing, count: int) -> list[str]:
    """Cases of which each but the oldest was merged into the next older one; the youngest first."""
    events = [report(f"c{n}", f"a burst pipe at building {n + 1}", minutes=count - n) for n in range(count)]
    await hearing(router).handle(events)
    ids = [of(event) for event in events]
    for younger, older in pairwise(ids):
        change = router.changes.of(await one(router, younger), [Merged(at=NOW, into=older, by="oh-desk")])
        assert await router.changes.save(change)
    return ids


def rating(case: str, sequence: int = 2) -> Envelope:
    """The reporter of ``case``'s first report is content."""
    report_ = opening_report(case)
    return Envelope(
        id=f"{report_}.{sequence}.0",
        type="report.rated.v1",
        topic="reports",
        key=case,
        subject=report_,
        city="harbour",
        sequence=sequence,
        time=NOW,
        trace=TRACE,
        data=encode(ReportRated(report=report_, case=case, score=3)),
    )


async def test_a_word_delivered_again_after_a_merge_is_on_record_once(router: Routing) -> None:
    """B47: what the younger case has seen is not said on the older one a second time."""
    heard = hearing(router)
    first, other = report("k1", "a burst pipe at building 2"), report("k2", "a burst pipe at building 3", minutes=1)
    await heard.handle([first, other])
    await heard.handle([rating(of(other))])
    await commanded(router, of(other), "m1", Merge(into=of(first)))
    older = await one(router, of(first))
    await heard.handle([rating(of(other))])
    assert (await one(router, of(first))) == older
    await heard.handle([rating(of(other), 3)])
    assert (await one(router, of(first))).rating == 3, "a new word goes to the case that holds the report"


async def test_a_report_delivered_again_after_a_merge_is_attached_and_told_once(router: Routing) -> None:
    heard = hearing(router)
    first, other = report("k1", "a burst pipe at building 2"), report("k2", "a burst pipe at building 3", minutes=1)
    late = report("k3", "a burst pipe at building 3", minutes=2)
    await heard.handle([first, other, late])
    await commanded(router, of(other), "m1", Merge(into=of(first)))
    before = await one(router, of(first))
    await Links(router.database).links.update({"_id": late.subject}, {"$unset": {"on": 1}})
    await heard.handle([late])
    assert await one(router, of(first)) == before, "it hangs there, although its link does not say so yet"


async def test_a_report_of_a_case_merged_many_times_over_stops_nothing(router: Routing) -> None:
    """B47: however many merges lie in between, the word arrives; a circle is parked and does not wait for ever."""
    ids = await merged_in_a_row(router, 26)
    heard = hearing(router)
    await heard.handle([rating(ids[0])])
    assert (await one(router, ids[-1])).rating == 3
    again = report("k-again", "a burst pipe at building 0", minutes=27)
    await heard.handle([again])
    home = await one(router, ids[-1])
    assert again.subject in {r.id for r in home.reports}
    await router.store.cases.update({"_id": ids[-1]}, {"$set": {"merged_into": ids[0], "state": "merged"}})
    with pytest.raises(LookupError, match="circle"):
        await heard.handle([rating(ids[0], 3)])


async def test_what_follows_a_merge_is_done_once_although_its_case_was_merged_on_meanwhile(router: Routing) -> None:
    heard = hearing(router)
    events = [report(f"k{n}", f"a burst pipe at building {n + 1}", minutes=n) for n in range(3)]
    await heard.handle(events)
    oldest, middle, youngest = map(of, events)
    await commanded(router, youngest, "m1", Merge(into=middle), dies=True)
    intent = await merging(router).intents.find_one({"_id": "m1"})
    assert intent is not None
    await merging(router).finish("m1")
    await commanded(router, middle, "m2", Merge(into=oldest))
    before = await one(router, oldest)
    await merging(router).intents.insert(intent)
    await merging(router).finish("m1")
    assert await one(router, oldest) == before
    assert before.report_count == 3


async def test_an_intention_that_always_fails_holds_up_no_other(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = hearing(router)
    events = [report(f"k{n}", f"a burst pipe at building {n + 1}", minutes=n) for n in range(4)]
    await heard.handle(events)
    one_, two, three, four = map(of, events)
    await commanded(router, two, "m1", Merge(into=one_), dies=True)
    await commanded(router, four, "m2", Merge(into=three), dies=True)
    await merging(router).intents.update({"_id": "m1"}, {"$set": {"into": "c-gone", "at": NOW}})
    monkeypatch.setattr(merging_module, "LEFT_AFTER", timedelta(seconds=-1))
    await merging(router).end_what_was_left()
    assert (await one(router, three)).report_count == 2


async def test_of_changes_written_together_only_the_lost_ones_are_tried_again(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B49: one report's case moved on meanwhile; the other reports of its batch are attached once."""
    heard = hearing(router)
    await heard.handle([report("k1", "a burst pipe at building 2"), report("k2", "a burst pipe at building 3")])
    ids = [of(report("k1")), of(report("k2"))]
    save_all = router.changes.save_all
    saved: list[tuple[list[str], list[str]]] = []

    async def overtaken(changes: Sequence[Change]) -> list[Change]:
        if not saved:
            stored = await one(router, ids[0])
            await router.changes.save(router.changes.of(stored, [e.Noted(at=NOW, text="quicker")]))
        took = await save_all(changes)
        saved.append(([c.after.id for c in changes], [c.after.id for c in took]))
        return took

    monkeypatch.setattr(router.changes, "save_all", overtaken)
    more = [report(f"k{n}", f"a burst pipe at building {n - 1}", minutes=1) for n in (3, 4)]
    await heard.handle(more)
    assert [sorted(asked) for asked, _ in saved] == [sorted(ids), [ids[0]]]
    assert [took for _, took in saved] == [[ids[1]], [ids[0]]]
    assert [(await one(router, id_)).report_count for id_ in ids] == [2, 2]


@pytest.mark.parametrize("mongo", ["pymongo"], indirect=True)
async def test_where_cases_lie_is_read_from_the_index_alone(router: Routing) -> None:
    """Of a million cases few are in memory: with documents the search took MongoDB four milliseconds a report."""
    await hearing(router).handle([report("k1"), report("k2", metres=1000)])
    store = router.store
    document = await store.cases.find_one({})
    assert document is not None
    assert len(await store.places([document["same"]["key"]], NOW)) >= 1
    where = {"same.key": {"$in": [document["same"]["key"]]}, "same.until": {"$gte": NOW}}
    raw: Any = store.cases._raw
    plan = await raw.find(where, store_module._PLACE).limit(store_module.COMPARED_MAX).hint("same_place").explain()
    assert plan["executionStats"]["nReturned"] >= 1
    assert plan["executionStats"]["totalDocsExamined"] == 0
    assert plan["executionStats"]["totalKeysExamined"] <= 2, "of other places nothing is looked at"


@pytest.mark.parametrize("mongo", ["pymongo"], indirect=True)
async def test_what_was_merged_into_a_case_is_found_without_looking_at_others(router: Routing) -> None:
    cases = [{"_id": f"c{n}", "merged_into": f"c{n + 1}" if n % 2 else None} for n in range(20)]
    await router.store.cases.insert_all(cases)
    assert await router.store.merged_into("c2", 10) == ["c1"]
    raw: Any = router.store.cases._raw
    plan = await raw.find({"merged_into": "c2"}).hint("merged").explain()
    assert plan["executionStats"]["totalKeysExamined"] <= 2


async def test_a_report_hangs_on_the_open_case_that_an_officer_named_however_unlike_it_is(router: Routing) -> None:
    first = report("k1")
    await hearing(router).handle([first])
    chosen = case_id(first.subject)
    other = report("k2", "the light is out", metres=900, same_as=chosen, channel="window", who=OFFICER)
    for _ in range(2):
        await hearing(router).handle([other])
    found = await router.store.load(chosen)
    assert found is not None
    assert ([one.id for one in found[0].reports], found[0].report_count) == ([first.subject, other.subject], 2)
    assert await router.store.load(case_id(other.subject)) is None


async def test_a_report_opens_its_own_case_where_the_named_one_has_ended_and_keeps_it(router: Routing) -> None:
    first = report("k1")
    await hearing(router).handle([first])
    chosen = case_id(first.subject)
    await router.store.cases.update({"_id": chosen}, {"$set": {"open": False}})
    other = report("k2", "the light is out", metres=900, same_as=chosen, channel="window", who=OFFICER)
    await hearing(router).handle([other])
    await router.store.cases.update({"_id": chosen}, {"$set": {"open": True}})
    await hearing(router).handle([other])
    found, own = await router.store.load(chosen), await router.store.load(case_id(other.subject))
    assert found is not None
    assert own is not None
    assert (found[0].report_count, own[0].report_count) == (1, 1)


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("the light is out", {"about_us": True}),
        ("the light is out", {"category": "about_us"}),
        ("one of your people broke the light", {}),
    ],
    ids=["the reporter's tick", "the category", "the words"],
)
async def test_what_is_about_a_unit_never_hangs_on_a_case_that_the_unit_reads(
    router: Routing, words: str, fields: dict[str, Any]
) -> None:
    """B122: `same_as` put a complaint about the desk into the desk's own case."""
    first = report("k1")
    await hearing(router).handle([first])
    other = report("k2", words, same_as=case_id(first.subject), channel="phone", who=OFFICER, **fields)
    await hearing(router).handle([other])
    found, own = await router.store.load(case_id(first.subject)), await router.store.load(case_id(other.subject))
    assert found is not None
    assert own is not None
    assert (found[0].report_count, own[0].discreet) == (1, True)


async def test_officers_are_shown_the_open_cases_around_of_those_that_they_see(router: Routing) -> None:
    near, far, ended = report("k1"), report("k2", "a lamp", metres=700), report("k3", "a hole", metres=50)
    await hearing(router).handle([near, far, ended])
    await router.store.cases.update({"_id": case_id(ended.subject)}, {"$set": {"open": False}})
    query = OfficersNearbyQuery(lon=LON, lat=LAT, crs="wgs84", radius=300)

    async def shown(who: Principal) -> list[str]:
        call = Call(cast(Any, None), who, {}, "", "", b"", query=query)
        told = (await NearbyRoutes(router.store, router.packs).nearby(call)).body
        assert isinstance(told, NearbyOpenCases)
        return [item.row.id for item in told.items]

    assert await shown(OFFICER) == [case_id(near.subject)]
    assert await shown(structs.replace(OFFICER, person="mf-desk", unit="millfield")) == []
