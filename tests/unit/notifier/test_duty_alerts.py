"""Who takes a duty by a swap and who is appointed by a new pack is told, and what he reads."""

import json
from datetime import UTC, date, datetime
from typing import Any

from services.notifier.alerts.duty_alerts import plan_appointment_alerts, plan_swap_alerts
from services.notifier.documents.alert import Alert
from services.notifier.http.alert_views import command_of, view
from shared.city.pack import Pack
from shared.city.people.rota import RotaChange, RotaChanges
from shared.city.reading import read_folder, read_pack
from shared.contracts.catalogue import encode
from shared.contracts.cities import CityLoaded
from shared.contracts.envelope import Envelope
from shared.contracts.rota import ShiftSwapped
from tests.kit.made_reports import NOW
from tests.kit.made_rota import person
from tests.packs import HARBOUR, SHEYANG, pack_of

TUESDAY = date(2026, 3, 3)


def event_of(type_: str, data: Any) -> Envelope:
    return Envelope(
        id="g1.1.0",
        type=type_,
        topic="rota",
        key="k",
        subject="g1",
        city="harbour",
        sequence=1,
        time=NOW,
        data=encode(data),
    )


def swapped(pack: Pack, owner: str, by: str, **fields: Any) -> list[Alert]:
    made = {"made_by": "oh-chief", "on": TUESDAY, **fields}
    data = ShiftSwapped(change="g1", person=owner, by=by, since=NOW, **made)
    change = RotaChange(kind="swap", person=owner, by=by, on=data.on, in_return=data.in_return, since=NOW)
    return plan_swap_alerts(event_of("rota.shift_swapped.v1", data), data, pack, RotaChanges((change,)), NOW)


def test_who_takes_a_duty_reads_whose_where_and_when() -> None:
    alerts = swapped(pack_of(HARBOUR), "qs-desk", "qs-night")
    assert [(a.recipient, a.kind, a.unit, a.title) for a in alerts] == [
        ("qs-night", "duty", "quayside", "Your duty changes")
    ]
    assert alerts[0].text == "on 2026-03-03 08:00–18:00 you take the duty of Quayside desk one: post A at Quayside"


def test_in_return_the_other_is_told_too_and_who_entered_it_is_not() -> None:
    pack, back = pack_of(HARBOUR), date(2026, 3, 5)
    assert [a.recipient for a in swapped(pack, "qs-desk", "qs-night", in_return=back)] == ["qs-night", "qs-desk"]
    mine = swapped(pack, "qs-desk", "qs-night", in_return=back, made_by="qs-desk")
    assert [a.recipient for a in mine] == ["qs-night"]


def test_in_chinese_a_swap_is_said_by_date_person_and_post() -> None:
    pack = pack_of(SHEYANG)
    owner, by = (pack.people[id_] for id_ in ("jiaotonglu.duty1", "jiaotonglu.duty2"))
    (alert,) = swapped(pack, owner.id, by.id, made_by="hede.supervisor")
    assert alert.text.startswith("3月3日")
    assert alert.text.endswith(f"接替{owner.name}：交通路社区A岗")


def with_people(*people: dict[str, Any]) -> Pack:
    files = read_folder(HARBOUR)
    return read_pack({**files, "posts.yaml": json.dumps({"people": [person("top", unit="oosterhaven"), *people]})})


def appointed(was: Pack, pack: Pack) -> list[Alert]:
    loaded = CityLoaded(city="harbour", version=pack.version)
    return plan_appointment_alerts(event_of("city.loaded.v1", loaded), was, pack, NOW)


def test_who_is_new_or_has_another_post_is_told_and_nobody_else() -> None:
    was = with_people(person("a", unit="quayside"), person("b", unit="quayside"), person("c", unit="quayside"))
    pack = with_people(
        person("a", unit="quayside"),
        person("b", unit="quayside", post="B"),
        person("new", unit="quayside", valid_from="2026-03-09"),
        person("left", unit="quayside", valid_from="2025-01-01", valid_to="2026-01-01"),
    )
    alerts = {alert.recipient: alert for alert in appointed(was, pack)}
    assert {id_: alert.text for id_, alert in alerts.items()} == {
        "b": "you are appointed: post B at Quayside",
        "new": "you are appointed: post A at Quayside, from 2026-03-09 on",
    }
    assert {alert.kind for alert in alerts.values()} == {"appointed"}
    assert appointed(pack, pack) == []


def test_an_alert_of_a_duty_is_about_no_case_and_offers_nothing() -> None:
    (alert,) = swapped(pack_of(HARBOUR), "qs-desk", "qs-night")
    assert command_of(alert) is None
    assert view(alert).case is None
    assert alert.at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
