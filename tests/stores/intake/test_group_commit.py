"""Group commit: an answer means durable, a key means one report, and what is not known is said."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from services.intake.reports import group_commit as commit_module
from services.intake.reports.group_commit import Receipt
from services.intake.reports.report_events import submitted_event
from services.intake.reports.report_record import from_doc
from services.intake.reports.validation import ReportValidator
from shared.kernel.errors import Refusal
from shared.runtime.kafka.outbox_relay import OfferedDocument
from shared.runtime.storage.mongo import Database, InsertResult
from tests.kit.made_reports import APP, OTHER_APP, SECRET, TRACE, body, submission, submitted
from tests.kit.made_services import Intake, intake
from tests.kit.waiting import running


@pytest.fixture
def door(database: Database) -> Intake:
    return intake(database)


async def commit(door: Intake, *keys: str, **fields: Any) -> list[Receipt | BaseException]:
    """Commit a report for each key, all at once."""
    async with running(door.commit.run()):
        return await asyncio.gather(
            *(door.commit.commit(submission(key, **fields), TRACE, None) for key in keys), return_exceptions=True
        )


def handed(door: Intake) -> list[OfferedDocument]:
    return [one for lane in door.relay._offered.values() for one in lane]


def receipts(outcomes: list[Receipt | BaseException]) -> list[Receipt]:
    assert all(isinstance(outcome, Receipt) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


async def test_an_answer_means_that_it_is_stored_with_its_event(door: Intake) -> None:
    (receipt,) = receipts(await commit(door, "k1"))
    assert not receipt.replayed
    stored = await door.store.reports.find_one({"_id": submission("k1").id})
    assert stored is not None
    assert submitted_event(from_doc(stored)).id == submitted("k1").id


async def test_many_at_once_are_all_stored(door: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is: whom it keeps waiting too long is refused, which other tests show."""
    monkeypatch.setattr(commit_module, "WAIT_SECONDS_MAX", 60.0)
    monkeypatch.setattr(commit_module, "LATE_SECONDS", 60.0)
    outcomes = receipts(await commit(door, *(f"k{n}" for n in range(600))))
    assert [r.replayed for r in outcomes] == [False] * 600
    assert await door.store.reports.count({}, limit=1000) == 600


async def test_fifty_parallel_equals_are_one_report_and_one_of_them_made_it(door: Intake) -> None:
    outcomes = receipts(await commit(door, *["k1"] * 50))
    assert {r.id for r in outcomes} == {submission("k1").id}
    assert sum(not r.replayed for r in outcomes) == 1
    assert await door.store.reports.count({}, limit=10) == 1


async def test_the_same_later_is_the_first_answer_again(door: Intake) -> None:
    await commit(door, "k1")
    (receipt,) = receipts(await commit(door, "k1"))
    assert receipt.replayed
    assert len(handed(door)) == 1


async def test_a_key_with_another_body_is_refused_and_nothing_is_stored(door: Intake) -> None:
    await commit(door, "k1")
    (refusal,) = await commit(door, "k1", description="another street light is out")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.kind) == (422, "idempotency-key-reused")
    stored = await door.store.reports.find({}, limit=10)
    assert [report["description"] for report in stored] == ["the street light is out"]


async def test_the_same_key_of_another_app_is_another_report(door: Intake) -> None:
    await commit(door, "k1")
    (receipt,) = receipts(await commit(door, "k1", who=OTHER_APP))
    assert not receipt.replayed


async def test_a_store_that_fails_is_a_503_for_everybody_in_the_group(
    door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> InsertResult:
        raise AutoReconnect("away")

    monkeypatch.setattr(door.store, "insert", away)
    outcomes = await commit(door, "k1", "k2")
    assert [o.status for o in outcomes if isinstance(o, Refusal)] == [503, 503]
    assert [o.retry_after for o in outcomes if isinstance(o, Refusal)] == [2, 2]
    assert not handed(door)


async def test_a_write_concern_that_failed_is_a_503_for_those_it_is_unknown_of(
    door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def half(_: object) -> InsertResult:
        return InsertResult(frozenset(), frozenset({1}))

    monkeypatch.setattr(door.store, "insert", half)
    first, second = await commit(door, "k1", "k2")
    assert isinstance(first, Receipt)
    assert isinstance(second, Refusal)
    assert second.status == 503


async def test_a_duplicate_that_no_majority_has_is_a_503_and_never_a_receipt(
    door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def duplicate(_: object) -> InsertResult:
        return InsertResult(frozenset({0}), frozenset())

    monkeypatch.setattr(door.store, "insert", duplicate)
    (refusal,) = await commit(door, "k1")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 503


async def test_after_a_503_the_same_key_finds_out(door: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = door.store.insert

    async def stored_but_unheard(documents: Any) -> InsertResult:
        await insert(documents)
        raise AutoReconnect("the answer was lost")

    with monkeypatch.context() as broken:
        broken.setattr(door.store, "insert", stored_but_unheard)
        (refusal,) = await commit(door, "k1")
    assert isinstance(refusal, Refusal)
    (receipt,) = receipts(await commit(door, "k1"))
    assert receipt.replayed
    assert [event.id for one in handed(door) for event in one.events] == [submitted("k1").id]
    await commit(door, "k1")
    assert len(handed(door)) == 1, "its event leaves once for that"


async def test_too_many_waiting_are_refused_before_anything_is_written(
    door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_module, "WAITING_MAX", 3)
    outcomes = await commit(door, *(f"k{n}" for n in range(5)))
    refused = [o for o in outcomes if isinstance(o, Refusal)]
    assert [(r.status, r.retry_after) for r in refused] == [(503, 2)] * 2
    assert await door.store.reports.count({}, limit=10) == 3


async def test_who_waited_too_long_behind_a_store_that_stood_still_is_refused_before_anything_is_written(
    door: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen (F22): eight seconds for the group ahead and eight for the own one are more than a phone waits."""
    late = door.commit.enqueue(submission("k1"), TRACE, None)
    since = time.monotonic() + commit_module.LATE_SECONDS
    monkeypatch.setattr(commit_module, "time", SimpleNamespace(monotonic=lambda: since))
    with pytest.raises(Refusal, match="Too many reports"):
        door.commit.enqueue(submission("k2"), TRACE, None)
    async with running(door.commit.run()):
        with pytest.raises(Refusal, match="nothing was stored"):
            await late
        assert await door.store.reports.count({}, limit=10) == 0
        assert not (await door.commit.commit(submission("k1"), TRACE, None)).replayed


async def test_a_client_that_goes_away_does_not_undo_its_report_or_its_neighbours(door: Intake) -> None:
    leaving = asyncio.ensure_future(door.commit.commit(submission("k1"), TRACE, None))
    staying = asyncio.ensure_future(door.commit.commit(submission("k2"), TRACE, None))
    await asyncio.sleep(0)
    leaving.cancel()
    async with running(door.commit.run()):
        assert not (await staying).replayed
    assert await door.store.reports.count({}, limit=10) == 2


async def test_personal_data_lies_beside_the_report_and_nowhere_in_it(door: Intake) -> None:
    fields = {"ref": "rider-9", "name": "Jan", "phone": "13812345678"}
    report, person = submission("k1", reporter=fields), ReportValidator(SECRET).person(body(reporter=fields), APP)
    async with running(door.commit.run()):
        await door.commit.commit(report, TRACE, person)
    stored = await door.store.reports.find_one({"_id": report.id})
    assert report.reporter is not None
    assert await door.identities.known([report.reporter]) == {report.reporter: fields}
    assert not any(word in str(stored) for word in fields.values())


async def test_a_line_of_the_log_names_the_report_and_nobody(door: Intake) -> None:
    with capture_logs() as lines:
        await commit(door, "k1", reporter={"ref": "rider-9", "name": "Jan", "phone": "13812345678"})
    (line,) = (line for line in lines if line["event"] == "reports.stored")
    assert line["report"] == submission("k1").id
    assert not any(word in str(lines) for word in ("rider-9", "Jan", "13812345678"))
