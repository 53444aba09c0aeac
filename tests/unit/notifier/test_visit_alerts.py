"""What invited units read of a visit: who invites, where and when; of a case of which no word leaves, not where."""

from datetime import timedelta

import msgspec

from services.notifier.alerts.visit_alerts import plan_visit_alerts
from shared.city.people.rota import RotaChanges
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.contracts.visits import VisitEvent
from tests.kit.made_reports import NOW, harbour

VISIT = VisitEvent(
    visit="v1",
    city="harbour",
    version=1,
    kind="joint_enforcement",
    state="planned",
    unit="quayside",
    place="fish-quay",
    at=NOW + timedelta(days=1),
    invited=["works"],
    pack_version="1",
    tell=["works"],
)


def read_by_the_works(data: VisitEvent) -> str:
    event = Envelope(
        id="v1.1.1",
        type="visit.planned.v1",
        topic="visits",
        key="v1",
        subject="v1",
        city="harbour",
        sequence=1,
        time=NOW,
        data=encode(data),
    )
    (alert,) = plan_visit_alerts(event, data, harbour(), RotaChanges([]), NOW)
    return f"{alert.text} {alert.group_text}"


def test_an_invitation_says_where_unless_no_word_of_its_case_leaves() -> None:
    assert "Quay" in read_by_the_works(msgspec.structs.replace(VISIT, unit="works"))
    secret = msgspec.structs.replace(VISIT, unit="works", place="")
    assert "Quay" not in read_by_the_works(secret)
    assert " ·  · " not in read_by_the_works(secret)
