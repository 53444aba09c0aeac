"""Who was told about a case: for those who see it, as the router says."""

from typing import Any, cast

import msgspec
import pytest

from services.notifier.alerts.alert_store import AlertStore
from services.notifier.documents.alert import UNATTENDED, Alert
from services.notifier.http.router_client import RouterClient
from services.notifier.http.told_routes import ToldAnswer, ToldQuery, ToldRoutes
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from tests.kit.made_alerts import ALERT


def alert(recipient: str, **fields: Any) -> Alert:
    return msgspec.structs.replace(ALERT, recipient=recipient, **fields)


class Case(AlertStore, RouterClient):
    """The alerts of a case, and who sees it."""

    def __init__(self, *alerts: Alert, seen_by: tuple[str, ...] = ("qs-desk",)) -> None:
        self.kept, self.seen_by = alerts, seen_by

    async def of_case(self, case: str) -> list[Alert]:
        return [one for one in self.kept if one.case == case]

    async def case(self, alert: Alert, person: str) -> Any:
        return object() if (alert.city, alert.case) == ("harbour", "c1") and person in self.seen_by else None


async def told(case: Case, person: str = "qs-desk", id_: str = "c1") -> list[str]:
    who = Principal(kind="officer", city="harbour", person=person, unit="quayside")
    call = Call(cast(Any, None), who, {}, "", "", b"", query=ToldQuery(id_))
    answer = await ToldRoutes(case, case).told(call)
    return cast(ToldAnswer, answer.body).people


async def test_who_else_was_alerted_is_named_once() -> None:
    case = Case(alert("qs-walk"), alert("qs-desk"), alert("qs-walk", kind="reminder"), alert("oh-chief"))
    assert await told(case) == ["qs-walk", "oh-chief"]


async def test_who_was_not_there_was_not_told_and_another_citys_alerts_are_none() -> None:
    case = Case(alert("qs-walk"), alert("qs-night", kind=UNATTENDED), alert("else", city="elsewhere"))
    assert await told(case) == ["qs-walk"]


@pytest.mark.parametrize(("person", "id_"), [("mf-desk", "c1"), ("qs-desk", "c2")])
async def test_a_case_that_one_does_not_see_is_not_found(person: str, id_: str) -> None:
    with pytest.raises(Refusal) as refused:
        await told(Case(alert("qs-walk")), person, id_)
    assert refused.value.status == 404
