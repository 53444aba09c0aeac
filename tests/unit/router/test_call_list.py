"""Whose list of calls (回访) a case stands on: the filter of the query, on cases as they are stored."""

from datetime import UTC
from typing import Any

import bson
import pytest
from bson import CodecOptions

from services.router.cases.stored.case_document import to_doc
from services.router.cases.visibility import seen_by
from services.router.domain.case import Case
from services.router.domain.values import replace
from services.router.follow_up_calls.routes import CallQuery, listed_for
from shared.runtime.identity.directory import Principal
from tests.kit.duty import Duty, gardens
from tests.simulation.documents import matches

OPS = Principal(kind="ops", city="gardens")
UTC_AWARE: CodecOptions[dict[str, object]] = CodecOptions(tz_aware=True, tzinfo=UTC)


def waiting(**said: Any) -> Case:
    """The community mended a lamp; three days later somebody is to call."""
    duty = Duty.reported("金港花园3号楼路灯不亮", **said)
    duty.does("jingang.duty", "claim")
    duty.does("jingang.duty", "resolve", how="repair", text="换了灯泡")
    duty.does("jingang.second", "inspect", ok=True)
    duty.does("jingang.second", "close")
    duty.waits("P3D")
    return duty.case


def officer(person: str, **fields: Any) -> Principal:
    who = gardens().people[person]
    return Principal(kind="officer", city="gardens", person=who.id, unit=who.unit, role=who.role, **fields)


def stored(case: Case) -> dict[str, Any]:
    """The case's document, as it is read back."""
    return dict(bson.decode(bson.encode(to_doc(case, seen_by(case, gardens()))), codec_options=UTC_AWARE))


def stands(case: Case, who: Principal, unit: str, *, subtree: bool = False) -> bool:
    """Whether ``who`` finds the case on the list of ``unit``."""
    return matches(stored(case), listed_for(who, "gardens", unit, CallQuery(subtree=subtree)))


def test_it_stands_on_the_list_of_the_level_above_and_on_no_other() -> None:
    case = waiting()
    assert stands(case, officer("town.duty"), "town")
    assert stands(case, OPS, "town")
    assert not stands(case, officer("jingang.duty"), "jingang")
    assert not stands(case, officer("county.duty"), "county")
    assert stands(case, officer("county.duty"), "county", subtree=True)
    assert stands(case, officer("county.duty"), "town")


def test_who_handled_it_does_not_find_it_wherever_he_acts() -> None:
    case = waiting()
    assert not stands(case, officer("jingang.duty", on_duty_for=("town",)), "town")
    assert not stands(replace(case, handled_by=(*case.handled_by, "town.duty")), officer("town.duty"), "town")


def test_a_stand_in_from_the_unit_that_handled_it_does_not_find_it() -> None:
    other = replace(waiting(), handled_by=("jingang.second",))
    assert not stands(other, officer("jingang.duty", on_duty_for=("town",)), "town")


@pytest.mark.parametrize("unit", ["town", "jingang"])
def test_a_recused_unit_does_not_find_it_nor_does_another_city(unit: str) -> None:
    case = replace(waiting(), recused=("town",))
    assert not stands(case, officer("town.duty"), "town", subtree=True)
    assert not matches(stored(case), listed_for(OPS, "harbour", unit, CallQuery()))


def test_a_case_that_is_not_due_or_was_rated_stands_on_no_list() -> None:
    case = waiting()
    assert case.call_back is not None
    for off in (replace(case, call_back=None), replace(case, call_back=replace(case.call_back, since=None))):
        assert not stands(off, OPS, "town", subtree=True)
