"""Promise: what is not dealt with here is answered at once with where to go, and nothing of it is stored."""

from typing import Any, cast

import pytest

from services.intake.reports.group_commit import Receipt
from services.intake.reports.report_intake import ReportIntake
from services.intake.reports.validation import ReportValidator
from shared.city.model.sorting import Elsewhere
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import Refusal
from tests.kit.made_reports import APP, IMPORTER, NOW, SECRET, TRACE, body, harbour
from tests.packs import HARBOUR


class Stored:
    """Everything of intake that would keep a report: what was stored, by id."""

    def __init__(self, pack: Pack | None = None) -> None:
        self.reports: list[Any] = []
        self._pack = pack or harbour()

    def current(self, _: str) -> Pack:
        return self._pack

    async def commit(self, report: Any, *_: Any) -> Receipt:
        self.reports.append(report)
        return Receipt(report.id, report.received_at, report.category, replayed=False)

    async def first_answers(self, _: Any) -> dict[str, Any]:
        return {}

    def charge_key(self, _: Any) -> None:
        """No limit here."""

    charge_reporter = charge_key


async def sent(stored: Stored, who: Any = APP, **fields: Any) -> Receipt | Elsewhere:
    memory = cast(Any, stored)
    intake = ReportIntake(memory, memory, memory, ReportValidator(SECRET), memory, memory, StoppedClock(NOW))
    return await intake.submit(body(**fields), who, "k1", TRACE)


def by_kind() -> Pack:
    files = read_folder(HARBOUR)
    files["categories.yaml"] = files["categories.yaml"].replace("kinds: []", "kinds: [opinion]")
    return read_pack(files)


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (harbour, {"category": "appeal"}),
        (by_kind, {"kind": "opinion"}),
        (harbour, {"elsewhere": "ombudsman"}),
    ],
    ids=["its category", "its kind", "the reporter agrees"],
)
async def test_the_answer_says_where_to_go_and_nothing_is_stored(pack: Any, said: dict[str, Any]) -> None:
    stored = Stored(pack())
    found = await sent(stored, **said)
    assert isinstance(found, Elsewhere)
    assert found.text == "Write to the ombudsman, Town Hall 1."
    assert stored.reports == []


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (APP, {"description": "a court case about my street light"}),
        (APP, {"description": "an appeal against my fine"}),
        (APP, {"description": "the street is a flood, burst pipe", "elsewhere": "ombudsman"}),
        (APP, {"category": "flooding", "elsewhere": "ombudsman"}),
        (IMPORTER, {"category": "appeal", "historic": True}),
    ],
    ids=["words alone", "words that sort it so", "danger by its words", "danger by its category", "history"],
)
async def test_words_alone_danger_and_history_are_stored(who: Any, said: dict[str, Any]) -> None:
    stored = Stored()
    assert isinstance(await sent(stored, who, **said), Receipt)
    assert len(stored.reports) == 1


async def test_what_the_city_does_not_have_is_a_wrong_field() -> None:
    with pytest.raises(Refusal) as refused:
        await sent(Stored(), elsewhere="nobody")
    assert [error.pointer for error in refused.value.errors] == ["/elsewhere"]


def test_words_suggest_where_to_go() -> None:
    pack = harbour()
    assert pack.elsewhere.suggested("a lawsuit", "other") is pack.elsewhere.get("ombudsman")
    assert pack.elsewhere.suggested("the street light is out", "street_light") is None
    assert pack.elsewhere.suggested("…", "appeal") is pack.elsewhere.get("ombudsman")


def test_a_category_of_danger_cannot_send_its_reports_elsewhere() -> None:
    files = read_folder(HARBOUR)
    wrong = files["categories.yaml"].replace("priority: low, elsewhere", "priority: danger, elsewhere")
    with pytest.raises(Exception, match="never turned away"):
        read_pack({**files, "categories.yaml": wrong})
    with pytest.raises(Exception, match="not in the list"):
        read_pack(
            {**files, "categories.yaml": files["categories.yaml"].replace("elsewhere: ombudsman", "elsewhere: x")}
        )
