"""A question is answered once: by however many presses, spellings of its address and texts."""

import asyncio
import urllib.parse
from collections import Counter
from datetime import timedelta
from secrets import token_hex
from typing import Any, cast

import msgspec
import pytest

from services.intake.http.answer_page import AnswerLinks
from services.intake.photos.photo_store import PhotoStore
from services.intake.privacy.sealing import Vault
from services.intake.reports.progress_record import ReportStatus, progress_of
from services.intake.reports.reporter_actions import ReporterActions
from shared.contracts.cases import CaseEvent, QuestionState
from shared.contracts.catalogue import decode
from shared.kernel.clock import StoppedClock
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, SECRET, TRACE, record
from tests.kit.made_services import Intake, intake, library, routed


class Page:
    """The address of one question, and what is stored of its answers."""

    def __init__(self, parts: Intake, links: AnswerLinks, status: ReportStatus) -> None:
        self._parts, self._links = parts, links
        self._report = status.report.id
        self.token = str(links.make(status)).rpartition("/")[2]

    async def press(self, text: str, token: str | None = None) -> int:
        form = f"text={urllib.parse.quote(text)}".encode()
        path = {"token": self.token if token is None else token}
        call = Call(cast(Any, None), Principal(kind="anybody", city=""), path, "", TRACE, form)
        return (await self._links.press(call)).status_code

    async def words(self) -> int:
        """How many later words the report has."""
        found = await self._parts.store.reports.find_one({"_id": self._report})
        assert found is not None
        return len(found.get("commands", ()))


@pytest.fixture
async def page(database: Database) -> Page:
    parts, clock, packs = intake(database), StoppedClock(NOW), await library(database)
    report = record()
    await parts.store.insert([report])
    case = progress_of(decode(routed()[1], CaseEvent))
    question = QuestionState(text="which lamp?", at=NOW, until=NOW + timedelta(hours=1))
    await parts.store.save_cases([msgspec.structs.replace(case, state="waiting_reporter", question=question)])
    actions = ReporterActions(
        parts.store, PhotoStore(database, SECRET, database.bucket, token_hex), Vault(SECRET), parts.outbox, clock
    )
    links = AnswerLinks(SECRET, "http://x", parts.store, actions, packs, clock)
    found = await parts.store.status("harbour", None, report.id)
    assert found is not None
    return Page(parts, links, found)


async def test_one_address_records_one_answer_however_it_is_spelt(page: Page) -> None:
    """B58: 59 spellings pressed at once were eight answers."""
    spelt = [page.token, *(page.token[:at] + "!" + page.token[at:] for at in range(1, len(page.token)))]
    answers = await asyncio.gather(*(page.press("the third one", token) for token in spelt))
    assert Counter(answers) == {200: 1, 404: len(spelt) - 1}
    assert await page.words() == 1


async def test_the_same_answer_again_is_thanked_for_and_another_one_is_told_that_it_is_over(page: Page) -> None:
    """B58: whatever is pressed at once or while the router has not heard of the first."""
    answers = await asyncio.gather(*(page.press(text) for text in ["the third one"] * 4))
    assert answers == [200] * 4
    assert [await page.press(f"another {n}") for n in range(3)] == [409] * 3
    assert await page.words() == 1
