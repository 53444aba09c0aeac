"""Bodies and queries are read at a bounded cost: what msgspec refuses is named, and never more than is asked for."""

import base64
import re
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.reports.bodies import BatchItem, ReportBody
from services.router.command_handling.commands_from_bodies import BODIES
from services.router.http.rota_routes import OnDutyQuery
from services.router.visits.bodies import CampaignBody, VisitQuery
from shared.kernel.errors import Refusal
from shared.runtime.http_server import request_times
from shared.runtime.http_server.decoding import PARAMETERS_MAX, Body, parameters, query
from shared.runtime.http_server.field_errors import MANY, field_errors
from shared.runtime.http_server.pagination import beyond, cursor_after

EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
GOOD: dict[str, Any] = {"kind": "hazard", "description": "dark", "location": {"address": "Quay 1"}}
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=8,
)


class Sort(msgspec.Struct, forbid_unknown_fields=True):
    """One field of each sort."""

    n: Annotated[int, msgspec.Meta(ge=0, le=9)]
    x: float | None = None
    word: Annotated[str, msgspec.Meta(max_length=3)] | int | None = None
    one: Literal["a", "b"] = "a"
    names: Annotated[list[Annotated[str, msgspec.Meta(pattern="^[a-z]{1,3}$")]], msgspec.Meta(max_length=2)] = []
    more: Annotated[dict[Annotated[str, msgspec.Meta(max_length=2)], int | bool], msgspec.Meta(max_length=2)] | None = (
        None
    )
    inner: "Sort | None" = None
    at: datetime | None = None


def errors(shape: Any, sent: Any) -> list[str]:
    with pytest.raises(Refusal) as refusal:
        Body(shape).read(sent if isinstance(sent, bytes) else msgspec.json.encode(sent))
    return [error.pointer for error in refusal.value.errors]


@given(st.dictionaries(st.sampled_from(["n", "x", "word", "one", "names", "more", "inner", "at", "?"]), VALUES))
def test_the_walk_finds_errors_where_the_decoder_does_and_nowhere_else(sent: dict[str, Any]) -> None:
    raw = msgspec.json.encode(sent)
    try:
        msgspec.json.decode(raw, type=Sort)
    except msgspec.ValidationError:
        found = field_errors(raw, Sort, "msgspec's own words")
        assert all("own words" not in error.detail for error in found), found
    else:
        assert [error.detail for error in field_errors(raw, Sort, "msgspec's own words")] == ["msgspec's own words"]


@pytest.mark.parametrize(
    "sent",
    [
        {**GOOD, "answers": {str(n): [] for n in range(60_000)}},
        {**GOOD, "answers": {str(n): {"deep": [{}]} for n in range(40)}},
        {f"unknown{n}": n for n in range(60_000)},
        {**GOOD, "photos": [[]] * 200_000},
        {**GOOD, "x" * 900_000: 1},
        {**GOOD, "location": {f"{n}": None for n in range(60_000)}},
    ],
    ids=["answers", "nested answers", "unknown names", "a long array", "a long name", "unknown names inside"],
)
def test_no_body_makes_more_errors_than_are_read(sent: Any) -> None:
    """B50: jsonschema collected every nested one before the first was looked at; 60,000 held the loop for 16 s."""
    raw = msgspec.json.encode(sent)
    with pytest.raises(Refusal) as refusal:
        Body(ReportBody).read(raw)
    assert 1 <= len(refusal.value.errors) <= MANY
    assert len(msgspec.json.encode(refusal.value.errors)) < 50_000


def test_the_walk_ends_at_the_last_error_that_is_named() -> None:
    """B50: what lies behind it costs nothing. Counted by memory, since a clock says little on a busy machine."""
    content = {**GOOD, "answers": {str(n): [] for n in range(50)}, **{f"unknown{n}": n for n in range(100_000)}}
    raw = msgspec.json.encode(content)
    msgspec.json.decode(raw)
    tracemalloc.start()
    plain = msgspec.json.decode(raw)
    whole = tracemalloc.get_traced_memory()[1]
    del plain
    tracemalloc.reset_peak()
    field_errors(raw, ReportBody, "")
    walked = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert walked < whole + 500_000


@pytest.mark.parametrize(
    "raw", [b'{"a":' * 200_000, b"[" * 500_000, b'{"zz":1,"b":"\\ud800"}', b'{"zz":1,"\\ud800":2}']
)
def test_deep_nesting_and_half_characters_are_no_json(raw: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        Body(BatchItem).read(raw)
    assert refusal.value.status == 400


@pytest.mark.parametrize("at", EDGES)
def test_a_time_that_no_zone_can_reckon_with_is_refused_in_every_body(at: str) -> None:
    """B52: each of them was a fault of ours, OverflowError."""
    visit = {"place": "quay", "at": at}
    bodies: list[tuple[Any, dict[str, Any], str]] = [
        (ReportBody, {**GOOD, "observed_at": at}, "/observed_at"),
        (BODIES["resolve"], {"how": "repair", "text": "done", "look_again": at}, "/look_again"),
        (BODIES["on_site"], {"at": at}, "/at"),
        (BODIES["plan"], {"parts": [{"body": "u", "work": "w", "due": at}]}, "/parts/0/due"),
        (CampaignBody, {"name": "n", "purpose": "p", "invited": ["u"], "visits": [visit]}, "/visits/0/at"),
    ]
    for shape, sent, pointer in bodies:
        assert errors(shape, sent) == [pointer]


@pytest.mark.parametrize("at", [*EDGES, "2026-03-02T08:00:00", "tomorrow"])
def test_a_time_that_no_zone_can_reckon_with_is_refused_in_every_query(at: str) -> None:
    """B52."""
    for shape, name in ((OnDutyQuery, "at"), (VisitQuery, "from"), (VisitQuery, "to")):
        with pytest.raises(Refusal) as refusal:
            query([(name, at)], shape)
        assert [error.pointer for error in refusal.value.errors] == [f"?{name}"]


@pytest.mark.parametrize("inner", [*EDGES[:2], 5, None, "now", "2026-03-02T08:00:00"])
@pytest.mark.parametrize("id_", ["c1", 7, None, "a\0b", "x" * 500])
def test_a_cursor_that_no_page_gave_is_refused(inner: Any, id_: Any) -> None:
    """B52."""
    cursor = base64.urlsafe_b64encode(msgspec.json.encode([inner, id_])).decode()
    with pytest.raises(Refusal) as refusal:
        beyond(cursor, "at", 1)
    assert refusal.value.errors[0].pointer == "?cursor"


def test_a_cursor_that_a_page_gave_goes_on_even_from_what_is_never_due() -> None:
    never = datetime(9999, 12, 31, tzinfo=UTC)
    assert beyond(cursor_after(never, "c1"), "due_at", 1)["due_at"] == {"$gte": never}


def test_times_come_out_in_utc_wherever_they_lie() -> None:
    read = Body(CampaignBody).read(
        msgspec.json.encode(
            {
                "name": "n",
                "purpose": "p",
                "invited": ["u"],
                "visits": [{"place": "quay", "at": "2026-03-02T08:00:00+08:00"}],
            }
        )
    )
    assert read.visits[0].at == datetime(2026, 3, 2, tzinfo=UTC)
    assert read.visits[0].at.utcoffset() == timedelta(0)


def test_every_wrong_parameter_is_named() -> None:
    """B54."""
    sent = [("limit", "0"), ("state", "asleep"), ("colour", "red"), ("from", "x"), ("cursor", "")]
    with pytest.raises(Refusal) as refusal:
        query(sent, VisitQuery)
    assert {error.pointer for error in refusal.value.errors} == {"?limit", "?state", "?colour", "?from", "?cursor"}


def test_a_parameter_said_twice_is_refused() -> None:
    """B54: of two, readers take different ones."""
    with pytest.raises(Refusal) as refusal:
        query([("limit", "5"), ("limit", "6")], VisitQuery)
    assert refusal.value.errors[0].pointer == "?limit"


def test_a_leap_second_may_be_asked_for() -> None:
    found = query([("from", "2026-06-30T23:59:60Z")], VisitQuery)
    assert isinstance(found, VisitQuery)
    assert found.from_ == datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)


def test_a_few_leap_seconds_are_read_and_thousands_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """B86: 30 reports of a batch with 5,000 each held the loop for half a second."""
    looked: list[bytes] = []

    def counted(leap: re.Match[bytes], really: Any = request_times._second_before) -> Any:
        looked.append(leap[0])
        return really(leap)

    monkeypatch.setattr(request_times, "_second_before", counted)
    leap, body = "2016-12-31T23:59:60Z", Body(BatchItem)
    item = {**GOOD, "idempotency_key": "k", "observed_at": leap}
    assert body.read(msgspec.json.encode(item)).observed_at == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    looked.clear()
    with pytest.raises(Refusal) as refusal:
        body.read(msgspec.json.encode({**item, "unknown": [leap] * 5000}))
    assert {error.pointer for error in refusal.value.errors} == {"/unknown"}
    assert len(looked) <= request_times.LEAPS_MAX


def test_more_parameters_than_anybody_has_are_refused_before_they_are_read() -> None:
    """B83."""
    assert len(parameters(b"&".join([b"a="] * PARAMETERS_MAX))) == PARAMETERS_MAX
    for many in (b"a=&" * 20_000, b"&".join(b"u%d=1" % n for n in range(PARAMETERS_MAX + 1))):
        with pytest.raises(Refusal) as refusal:
            parameters(many)
        assert [error.pointer for error in refusal.value.errors] == ["?"]
    assert parameters("text=井%20a+b&x".encode()) == [("text", "äº\x95 a b"), ("x", "")]
