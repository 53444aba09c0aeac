"""Promise: whoever is told because he is on duty for a unit sees its cases and acts on them as long as he is on duty,
and nothing confidential; rights follow the appointment."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.intake.http.report_access import sees
from services.intake.reports.progress_record import CaseProgress, progress_of
from services.notifier.alerts.confidential_recipients import permitted_recipients
from services.notifier.alerts.recipient_resolution import people_reached
from services.notifier.domain.recipients import Notice
from services.router.cases.published_events import to_state
from services.router.cases.visibility import seen_by
from services.router.command_handling.actors import actor_of
from services.router.domain.case import Case
from services.router.domain.commands.decide import open_commands
from services.router.domain.values import replace
from services.router.rota.rights import rights
from services.router.rota.stand_ins import StandIns
from services.router.stream.ring import listed, raw
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChange, RotaChanges
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import encode
from shared.kernel.clock import StoppedClock
from shared.runtime.identity.directory import Directory, Principal, at_minute
from shared.runtime.identity.principals import of_pack, officer
from tests.kit.made_rota import harbour_with_posts, person
from tests.kit.made_services import routed

MINUTE = timedelta(minutes=1)
TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
PEOPLE = [
    person("mf-desk", unit="millfield", shifts=[{"days": ["mon", "tue", "wed"], "hours": "08:00-18:00"}]),
    person("qs-desk", shifts=[{"days": ["mon", "tue", "wed"], "hours": "08:00-18:00"}]),
    person("qs-night", shifts=[{"hours": "18:00-08:00"}]),
    person("oh-desk", unit="oosterhaven"),
]
SWAPPED = {"people": PEOPLE, "swaps": [{"from": "qs-desk", "to": "mf-desk", "on": "2026-03-03"}]}
COVERED = {"people": PEOPLE, "cover": [{"unit": "millfield", "post": "A", "by": ["quayside"]}]}


def stand_in(id_: str, pack: Pack, at: datetime, since: RotaChanges = NO_CHANGES) -> Principal:
    """The rights as the directory reads them after the router wrote them."""
    rows = {r.id: {"_id": f"harbour/{r.id}", "city": "harbour", **of_pack(r)} for r in rights(pack)}
    minute = at.replace(second=0, microsecond=0)
    units = pack.posts.stand_ins(minute, since).get(id_, ())
    who = officer({**rows[id_], "stands_in": {"from": minute, "units": [list(units)]}}, at)
    assert who is not None
    return who


def case_of(unit: str, pack: Pack, **fields: Any) -> Case:
    case, _, _ = routed()
    path = tuple(replace(case.path[-1], id=id_) for id_ in pack.units[unit].path)
    return replace(case, path=path, within=None, **fields)


def intake_has(case: Case, pack: Pack) -> CaseProgress:
    """The case, as intake stores what the router tells."""
    return progress_of(CaseEvent(case=to_state(case, seen_by(case, pack))))


@pytest.mark.parametrize(
    ("posts", "who", "unit", "at"),
    [
        (SWAPPED, "mf-desk", "quayside", TUESDAY),
        (COVERED, "qs-night", "millfield", TUESDAY + timedelta(hours=11)),
    ],
    ids=["swap", "cover"],
)
def test_who_is_told_because_he_stands_in_sees_the_case_and_claims_it(
    posts: Any, who: str, unit: str, at: datetime
) -> None:
    pack = harbour_with_posts(**posts)
    case = case_of(unit, pack)
    assert who in {p.id for p in people_reached(Notice("new", unit, "A"), pack, at)}
    principal = stand_in(who, pack, at)
    assert unit in principal.on_duty_for
    assert principal.sight is not None
    assert principal.sight.sees(seen_by(case, pack), closed_to_stand_ins=False)
    actor = actor_of(principal, case, pack)
    assert (actor.unit, actor.guest) == (unit, False)
    assert {"claim", "acknowledge", "assign"} <= set(open_commands(case, actor))
    assert sees(principal, [intake_has(case, pack)], pack)
    later = stand_in(who, pack, at + timedelta(hours=14))
    assert unit not in later.on_duty_for
    assert actor_of(later, case, pack).guest


def test_a_stand_in_sees_nothing_confidential_of_the_unit() -> None:
    pack = harbour_with_posts(**SWAPPED)
    case = case_of("quayside", pack, confidential=True)
    who = stand_in("mf-desk", pack, TUESDAY)
    assert who.sight is not None
    assert not who.sight.sees(seen_by(case, pack), closed_to_stand_ins=True)
    assert actor_of(who, case, pack).unit == "millfield"
    assert actor_of(who, case, pack).guest
    assert not sees(who, [intake_has(case, pack)], pack)
    for confidential, kind in ((False, "case"), (True, None)):
        shown = replace(case, confidential=confidential)
        event = CaseEvent(case=to_state(shown, seen_by(shown, pack)))
        record = raw(TUESDAY, 0, 1, [("ce_city", b"harbour")], encode(event).encode())
        assert record.is_for("\nquayside\n", subtree=False, sight=listed(who.sight)) == kind


def test_who_has_a_case_and_stands_in_where_it_is_offered_accepts_it_there() -> None:
    pack = harbour_with_posts(**COVERED)
    who = stand_in("qs-night", pack, TUESDAY + timedelta(hours=11))
    case = case_of("quayside", pack, offered_to="millfield")
    assert actor_of(who, case, pack).unit == "quayside"
    assert actor_of(who, case, pack, "accept").unit == "millfield"


def test_a_shift_that_is_swapped_after_the_pack_was_written_opens_the_unit_from_then_on() -> None:
    pack = harbour_with_posts(people=PEOPLE)
    since = RotaChanges([RotaChange(kind="swap", person="qs-desk", by="mf-desk", on=TUESDAY.date(), since=TUESDAY)])
    assert pack.posts.stand_ins(TUESDAY - MINUTE, since) == {}
    assert pack.posts.stand_ins(TUESDAY, since) == {"mf-desk": ("quayside",)}


def test_a_home_is_open_to_whom_it_is_told() -> None:
    member = person("walker", unit="millfield", role="parttime_grid_member", post="B", home="quayside")
    pack = harbour_with_posts(people=[*PEOPLE, member])
    assert "walker" in {p.id for p in people_reached(Notice("new", "quayside", "B"), pack, TUESDAY)}
    assert stand_in("walker", pack, TUESDAY).on_duty_for == ("quayside",)


class Written(Directory):
    """What the router writes, in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}
        self.writes = 0

    async def renew_people(self, *_: Any) -> None:
        """Nobody has a bound."""

    async def stand_ins(self, city: str) -> dict[str, Any]:
        return dict(self.rows)

    async def put_stand_ins(self, city: str, at: datetime, units: Any) -> None:
        self.writes += 1
        for id_, told_ in units.items():
            self.rows.pop(id_, None)
            if any(told_):
                self.rows[id_] = (at, told_)


class _Rota:
    async def decided(self, *_: Any) -> RotaChanges:
        return NO_CHANGES


class _Packs:
    def __init__(self, pack: Pack) -> None:
        self.pack, self.cities = pack, {"harbour": pack.version}

    def current(self, city: str) -> Pack:
        return self.pack


async def test_the_router_writes_each_minute_before_it_begins_and_ends_a_duty_on_time() -> None:
    pack, clock, directory = harbour_with_posts(**SWAPPED), StoppedClock(TUESDAY), Written()
    packs = _Packs(pack)
    loop = StandIns(cast(Any, _Rota()), cast(Any, packs), directory, clock)
    end = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)  # 18:00 by the harbour's clocks
    at = end - timedelta(minutes=12)
    while at < end + timedelta(minutes=3):
        clock.move_to(at)
        await loop.write_due()
        for minute in (at, at + MINUTE):
            expected = ("quayside",) if minute < end else ()
            assert at_minute(directory.rows.get("mf-desk"), minute + timedelta(seconds=59)) == expected
        at += MINUTE
    assert directory.rows == {}
    assert directory.writes < 8
    clock.move_to(TUESDAY)
    await loop.write_due()
    packs.pack = harbour_with_posts(people=PEOPLE)
    await StandIns(cast(Any, _Rota()), cast(Any, packs), directory, clock).write_due()
    assert directory.rows == {}


def test_rights_begin_and_end_with_the_appointment_at_midnight_in_the_city() -> None:
    bounds = {"valid_from": "2026-03-03", "valid_to": "2026-03-05"}
    pack = harbour_with_posts(people=[*PEOPLE, person("sub", **bounds)])
    (row,) = [of_pack(r) for r in rights(pack) if r.id == "sub"]
    row |= {"_id": "harbour/sub", "city": "harbour"}
    begins = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # Amsterdam
    assert pack.city.timezone == "Europe/Amsterdam"
    for at, holds in (
        (begins - MINUTE / 60, False),
        (begins, True),
        (begins + timedelta(days=2) - MINUTE / 60, True),
        (begins + timedelta(days=2), False),
    ):
        assert (officer(row, at) is not None) is holds, at


def test_rows_that_an_older_version_wrote_have_no_bounds() -> None:
    row = {"_id": "harbour/x", "city": "harbour", "unit": "quayside", "role": "duty_officer", "post": "A"}
    assert officer(row, TUESDAY) == Principal(
        kind="officer", city="harbour", person="x", unit="quayside", role="duty_officer", post="A"
    )


@pytest.mark.parametrize("assignee", ["gone", "over", "coming"])
def test_for_somebody_who_is_not_appointed_the_desk_of_the_cases_unit_is_told(assignee: str) -> None:
    people = [
        *PEOPLE,
        person("over", unit="millfield", post="B", valid_to="2026-03-01"),
        person("coming", unit="millfield", post="B", valid_from="2026-04-01"),
    ]
    pack = harbour_with_posts(people=people)
    notice = Notice("assigned", "quayside", person=assignee)
    assert {p.id for p in people_reached(notice, pack, TUESDAY)} == {"qs-desk"}
    case = case_of("quayside", pack, assignee=assignee, confidential=True)
    state = to_state(case, seen_by(case, pack))
    assert set(permitted_recipients([notice], state, pack, TUESDAY, NO_CHANGES)) == {"qs-desk"}


def test_the_desk_of_a_unit_to_which_it_is_assigned_is_told_and_whoever_is_appointed_himself() -> None:
    pack = harbour_with_posts(people=[*PEOPLE, person("now", unit="millfield", valid_from="2026-03-01")])
    for assignee, who in (("millfield", {"mf-desk", "now"}), ("now", {"now"})):
        assert {p.id for p in people_reached(Notice("assigned", "quayside", person=assignee), pack, TUESDAY)} == who
