"""Cases on a real database: guards, keys that were seen, and what the queries find."""

from datetime import timedelta
from typing import Any

import pytest

from services.router.domain import events as e
from services.router.domain.case import Case
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from services.router.domain.commands.field_work import Acknowledge, Claim
from services.router.domain.commands.transfer import Refuse, Transfer
from services.router.domain.values import replace
from services.router.queues.queue_pages import QueueQuery, Queues
from shared.contracts.sight import Sight, names_of
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.idempotency_keys import KEPT
from shared.runtime.storage.mongo import Database, Document
from tests.kit.made_cases import full
from tests.kit.made_reports import NOW, OTHER_APP
from tests.kit.made_services import Routing, routed, routing

DESK = Actor("qs-desk", "quayside", "duty_officer", "A")


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


async def stored(router: Routing, key: str = "k1", **fields: Any) -> Case:
    case, event, seen = routed(key, **fields)
    await router.store.insert_opened([(case, event, seen)])
    return case


async def loaded(router: Routing, id_: str) -> Case:
    found = await router.store.load(id_)
    assert found is not None
    return found[0]


async def test_a_case_is_read_as_it_was_stored(router: Routing) -> None:
    case = await stored(router)
    assert await loaded(router, case.id) == case


async def test_the_same_report_opens_one_case_and_its_first_event_is_told_again(router: Routing) -> None:
    """Nobody knows whether it was told before the crash that made the report come again."""
    opened, other = routed(), routed("k2")
    assert await router.store.insert_opened([opened]) == [opened[1]]
    again = await router.store.insert_opened([opened, other])
    assert sorted(again, key=lambda event: event.id) == sorted([opened[1], other[1]], key=lambda event: event.id)
    assert await router.store.cases.count({}, limit=10) == 2


async def test_a_case_opened_again_later_leaves_what_happened_meanwhile(router: Routing) -> None:
    case = await stored(router)
    assert await router.store.save(router.changes.of(case, [e.Noted(at=NOW, text="seen")]))
    await router.store.insert_opened([routed()])
    assert (await loaded(router, case.id)).version == 2


async def test_of_two_changes_of_the_same_version_one_takes(router: Routing) -> None:
    case = await stored(router)
    one = router.changes.of(case, decide(case, Acknowledge(), DESK, NOW))
    other = router.changes.of(case, decide(case, Claim(), DESK, NOW))
    assert await router.store.save(one)
    assert not await router.store.save(other)
    after = await loaded(router, case.id)
    assert (after.state, after.version) == ("acknowledged", 2)


async def test_a_key_that_was_seen_changes_nothing_even_at_the_right_version(router: Routing) -> None:
    case = await stored(router)
    assert await router.store.save(router.changes.of(case, [e.Noted(at=NOW, text="a")], key="k"))
    after = await loaded(router, case.id)
    assert not await router.store.save(router.changes.of(after, [e.Noted(at=NOW, text="a")], key="k"))
    assert await came(router, case.id, "k") == {"id": "k"}


async def came(router: Routing, case: str, key: str) -> Document | None:
    found = await router.store.get("harbour", case, None)
    assert found is not None
    return await router.store.keys.find(found[1], key)


async def test_no_key_of_a_case_is_forgotten_and_its_document_stays_small(router: Routing) -> None:
    """B56: each with the fingerprint of what came under it, however much happens to the case."""
    case = await stored(router)
    for n in range(5 * KEPT):
        assert await came(router, case.id, f"k{n}") is None
        change = router.changes.of(case, [e.Noted(at=NOW, text="a")], key=f"k{n}", fingerprint=f"f{n}")
        assert await router.store.save(change)
        case = change.after
    for n in range(5 * KEPT):
        assert await came(router, case.id, f"k{n}") == {"id": f"k{n}", "fingerprint": f"f{n}"}
    found = await router.store.cases.find_one({"_id": case.id})
    assert found is not None
    assert len(found["seen"]) <= 2 * KEPT


async def test_a_command_that_changes_nothing_takes_its_key_as_well(router: Routing) -> None:
    """B56: so that another that comes under it at the same moment is not done."""
    case = await stored(router)
    assert await router.store.note(case, "k", "nothing")
    other = router.changes.of(case, [e.Noted(at=NOW, text="a")], key="k", fingerprint="a note")
    assert not await router.store.save(other)
    assert await came(router, case.id, "k") == {"id": "k", "fingerprint": "nothing"}


async def test_keys_that_version_0_1_0_remembered_are_known(router: Routing) -> None:
    case = await stored(router)
    await router.store.cases.update({"_id": case.id}, {"$set": {"seen": [{"id": f"k{n}"} for n in range(64)]}})
    assert await came(router, case.id, "new") is None
    assert [await came(router, case.id, key) for key in ("k0", "k63")] == [{"id": "k0"}, {"id": "k63"}]


async def test_in_a_bulk_those_that_moved_on_are_left_and_the_rest_takes(router: Routing) -> None:
    cases = [await stored(router, f"k{n}") for n in range(3)]
    assert await router.store.save(router.changes.of(cases[1], [e.Noted(at=NOW, text="quicker")]))
    changes = [router.changes.of(case, [e.Noted(at=NOW, text="bulk")]) for case in cases]
    assert await router.store.save_all(changes) == 2
    last = [(await loaded(router, case.id)).history[-1].text for case in cases]
    assert last == ["bulk", "quicker", "bulk"]


async def test_a_change_carries_its_events_and_marks_the_outbox_with_the_urgent_lane(router: Routing) -> None:
    case = await stored(router, description="flood in the street")
    assert case.priority == "danger"
    await router.store.save(router.changes.of(case, [e.Noted(at=NOW, text="a"), e.Noted(at=NOW, text="b")]))
    document = await router.store.cases.find_one({"_id": case.id})
    assert document is not None
    assert [event["id"] for event in document["pending"]] == [f"{case.id}.2.0", f"{case.id}.2.1"]
    assert document["outbox"]["lane"] == 0


async def test_due_finds_the_longest_waiting_first_and_nothing_early(router: Routing) -> None:
    later = await stored(router, "later", now=NOW + timedelta(hours=1))
    sooner = await stored(router, "sooner")
    assert sooner.next_due is not None
    assert later.next_due is not None
    assert await router.store.next_due() == sooner.next_due
    assert await router.store.due(sooner.next_due - timedelta(milliseconds=1), 10) == []
    assert [case.id for case in await router.store.due(later.next_due, 10)] == [sooner.id, later.id]
    assert [case.id for case in await router.store.due(later.next_due, 1)] == [sooner.id]


async def test_a_case_that_owes_nothing_is_in_no_due_page(router: Routing) -> None:
    case = await stored(router)
    asked = router.changes.of(case, decide(case, full("reject"), DESK, NOW))
    assert await router.store.save(asked)
    granted = decide(asked.after, full("approve_reject"), Actor("oh-desk", "oosterhaven", "duty_officer", "A"), NOW)
    assert await router.store.save(router.changes.of(asked.after, granted))
    assert await router.store.next_due() is None
    assert await router.store.due(NOW + timedelta(days=1000), 10) == []


async def test_a_unit_sees_the_cases_of_its_subtree_and_no_others(router: Routing) -> None:
    case = await stored(router)
    assert case.unit == "quayside"
    for unit, sees in (("quayside", True), ("oosterhaven", True), ("millfield", False)):
        assert (await router.store.get("harbour", case.id, Sight(names_of(unit, "somebody"))) is not None) == sees
    assert await router.store.get("harbour", case.id, None) is not None
    assert await router.store.get("elsewhere", case.id, None) is None


async def test_whom_it_is_offered_to_sees_it_until_it_is_refused(router: Routing) -> None:
    case = await stored(router)
    transfer = Transfer(to="millfield", path=(), promise=None, reason="theirs")
    offer = router.changes.of(case, decide(case, transfer, DESK, NOW))
    assert await router.store.save(offer)
    assert await router.store.get("harbour", case.id, Sight(names_of("millfield", "mf-desk"))) is not None
    theirs = Actor("mf-desk", "millfield", "duty_officer", "A")
    refusal = decide(offer.after, Refuse(reason="not ours"), theirs, NOW)
    assert await router.store.save(router.changes.of(offer.after, refusal))
    assert await router.store.get("harbour", case.id, Sight(names_of("millfield", "mf-desk"))) is None


async def test_whom_it_is_assigned_to_sees_it_wherever_he_is_placed(router: Routing) -> None:
    case = await stored(router)
    given = replace(case, assignee="mf-desk")
    assert await router.store.save(router.changes.of(given, [e.Noted(at=NOW)]))
    assert await router.store.get("harbour", case.id, Sight(names_of("millfield", "mf-desk"))) is not None
    assert await router.store.get("harbour", case.id, Sight(names_of("millfield", "another"))) is None
    mine, another = (
        Principal(kind="officer", city="harbour", person=person, unit="oosterhaven") for person in ("mf-desk", "x")
    )
    await router.store.cases.update({"_id": case.id}, {"$set": {"seen_by": ["quayside", "@mf-desk"]}})
    assert (await Queues(router.store).page("harbour", "quayside", QueueQuery(), mine))[0]
    assert not (await Queues(router.store).page("harbour", "quayside", QueueQuery(), another))[0]


async def test_a_first_answer_is_kept_and_a_second_changes_nothing(router: Routing) -> None:
    await router.store.keep_answer({"_id": "k", "body": "first"})
    await router.store.keep_answer({"_id": "k", "body": "second"})
    assert await router.store.answered("k") == {"_id": "k", "body": "first"}
    assert await router.store.answered("other") is None


async def test_a_queue_is_paged_by_time_left_without_gaps_or_repeats(router: Routing) -> None:
    for n in range(7):
        await stored(router, f"k{n}", now=NOW + timedelta(minutes=n // 2))
    queues, seen, cursor = Queues(router.store), [], None
    while True:
        rows, cursor = await queues.page("harbour", "quayside", QueueQuery(limit=2, cursor=cursor))
        seen += [(row.due_at, row.id) for row in rows]
        if cursor is None:
            break
    assert len(set(seen)) == 7
    assert seen == sorted(seen)


async def test_a_queue_filters_by_words(router: Routing) -> None:
    await stored(router, "k1", description="the lamp (old) is dark")
    await stored(router, "k2", description="the lamp is new")
    for text, count in (("(OLD) lamp", 1), ("(o+)+$", 1), ("lam", 2), ("old new", 0), ("amp", 0)):
        rows, _ = await Queues(router.store).page("harbour", "quayside", QueueQuery(text=text))
        assert len(rows) == count, text


async def test_words_that_no_pattern_can_hold_are_refused_and_are_no_outage(router: Routing) -> None:
    with pytest.raises(Refusal) as refusal:
        await Queues(router.store).page("harbour", "quayside", QueueQuery(text="a\x00b"))
    assert [error.pointer for error in refusal.value.errors] == ["?text"]


@pytest.mark.parametrize("cursor", ["x", "bm90LWpzb24=", "WyJ4IiwieSJd", "é"])
async def test_a_cursor_of_somebody_else_is_refused(router: Routing, cursor: str) -> None:
    with pytest.raises(Refusal) as refusal:
        await Queues(router.store).page("harbour", "quayside", QueueQuery(cursor=cursor))
    assert [error.pointer for error in refusal.value.errors] == ["?cursor"]


async def test_another_apps_report_with_the_same_key_is_another_case(router: Routing) -> None:
    await stored(router, "k1")
    await stored(router, "k1", who=OTHER_APP)
    assert await router.store.cases.count({}, limit=10) == 2
