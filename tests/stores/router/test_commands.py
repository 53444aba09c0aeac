"""Officers' commands on a real database: one key is one command, whatever comes at the same time or after a crash."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.router.command_handling.commands_from_bodies import BODIES
from services.router.command_handling.handler import CommandRequest
from services.router.http.kept_answers import KeptAnswers
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Answer
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.idempotency_keys import KEPT
from shared.runtime.storage.mongo import Database
from tests.kit.made_commands import DESK, commands
from tests.kit.made_reports import NOW
from tests.kit.made_services import Routing, merging, routed, routing

Told = int | str
"""What somebody was answered: a status, and ``again`` for a first answer that is repeated."""


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


@pytest.fixture
async def case(router: Routing) -> str:
    opened, event, seen = routed()
    await router.store.insert_opened([(opened, event, seen)])
    return opened.id


async def told(router: Routing, case: str, key: str, name: str, who: Principal = DESK, **fields: Any) -> Told:
    """The answer to ``who`` for a command."""
    body = msgspec.convert(fields, BODIES[name])
    try:
        answer = await commands(router).answer(CommandRequest(name=name, case=case, body=body, by=who, key=key))
    except Refusal as refusal:
        return "again" if refusal.replayed else refusal.status
    return "again" if "idempotent-replayed" in answer.headers else answer.status


async def events(router: Routing, case: str) -> list[str]:
    found = await router.store.load(case)
    assert found is not None
    return [entry.what for entry in found[0].history[1:]]


@pytest.mark.parametrize("other", ["note", "acknowledge", "escalate"])
async def test_of_two_commands_at_once_under_one_key_one_is_done_and_the_other_is_422(
    router: Routing, other: str
) -> None:
    """B56: 200 for what was never carried out."""
    fields = {"note": {"text": "a"}, "escalate": {"reason": "a"}}.get(other, {})
    for n in range(6):
        opened = routed(f"report {n}")
        await router.store.insert_opened([opened])
        asked: list[tuple[str, dict[str, Any]]] = (
            [("claim", {}), (other, fields)] if n % 2 else [(other, fields), ("claim", {})]
        )
        answers = await asyncio.gather(*(told(router, opened[0].id, "k", name, **more) for name, more in asked))
        assert sorted(answers, key=str) == [200, 422]
        assert len(await events(router, opened[0].id)) == 1


async def test_of_sixteen_notes_at_once_under_one_key_one_is_stored_and_one_is_200(router: Routing, case: str) -> None:
    """B56."""
    answers = await asyncio.gather(*(told(router, case, "k", "note", text=f"note {n}") for n in range(16)))
    assert Counter(answers) == {200: 1, 422: 15}
    assert await events(router, case) == ["case.noted"]


async def test_equals_at_once_are_done_once_and_all_are_200(router: Routing, case: str) -> None:
    answers = await asyncio.gather(*(told(router, case, "k", "note", text="a") for _ in range(8)))
    assert Counter(answers) == {200: 1, "again": 7}
    assert await events(router, case) == ["case.noted"]


async def test_a_command_that_changes_nothing_has_its_key_to_itself(router: Routing, case: str) -> None:
    """B56: an acknowledgement of what is acknowledged is 200, and then the key is spent."""
    assert await told(router, case, "k1", "acknowledge") == 200
    answers = await asyncio.gather(told(router, case, "k2", "acknowledge"), told(router, case, "k2", "note", text="a"))
    assert sorted(answers, key=str) == [200, 422]
    assert await told(router, case, "k1", "acknowledge") == "again"


async def test_who_died_before_the_answer_was_kept_left_the_key_with_what_it_stands_for(
    router: Routing, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B56: the window between the change and its answer, as long as the process was away."""

    async def dies(*_: Any) -> Answer:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(KeptAnswers, "keep", dies)
        with pytest.raises(SystemExit):
            await told(router, case, "k", "claim")
    assert await told(router, case, "k", "note", text="a") == 422
    assert await told(router, case, "k", "claim") == "again"
    assert await events(router, case) == ["case.claimed"]


async def test_a_key_is_known_after_hundreds_of_others_and_when_its_answer_is_gone(router: Routing, case: str) -> None:
    """B57: first answers are kept for thirty days, keys as long as the case."""
    assert await told(router, case, "first", "note", text="a") == 200
    for n in range(3 * KEPT):
        assert await told(router, case, f"k{n}", "note", text="b") == 200
    await router.store.answers.delete({})
    assert await told(router, case, "first", "note", text="a") == "again"
    assert await told(router, case, "first", "note", text="another") == 422
    assert await told(router, case, "first", "claim") == 422


async def test_a_refusal_for_good_does_not_hide_what_was_done_under_the_key(
    router: Routing, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B56: refused and done at the same moment; each hears again what it heard first."""
    assert await told(router, case, "k", "inspect", ok=True) == 409
    assert await told(router, case, "k", "claim") == 422
    with monkeypatch.context() as patched:
        patched.setattr(KeptAnswers, "of", _nothing_yet)
        assert await told(router, case, "k", "note", text="a") == 200
    assert await told(router, case, "k", "note", text="a") == "again"
    assert await told(router, case, "k", "inspect", ok=True) == "again"
    assert await told(router, case, "k", "claim") == 422


async def _nothing_yet(*_: Any) -> None:
    """Both looked before either was done."""


async def test_a_merge_that_lost_its_key_to_a_note_has_no_consequences(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B56: what was intended is carried out only if the case took that command, not another one under its key."""
    older, younger = routed("older"), routed("younger", now=NOW + timedelta(minutes=1))
    await router.store.insert_opened([older, younger])
    first, other = older[0].id, younger[0].id
    real = router.changes.save

    async def loses(change: Any) -> bool:
        """Another command of the same key was quicker."""
        monkeypatch.setattr(router.changes, "save", real)
        assert await told(router, other, "k", "note", text="a") == 200
        return await real(change)

    monkeypatch.setattr(router.changes, "save", loses)
    assert await told(router, other, "k", "merge", into=first) == 422
    made = merging(router)
    for intent in await made.intents.find({}, limit=10):
        await made._finish(intent["_id"])
    assert await made.intents.count({}, limit=1) == 0
    loaded = [await router.store.load(id_) for id_ in (first, other)]
    assert [(found[0].state, found[0].report_count) for found in loaded if found] == [("queued", 1), ("queued", 1)]
