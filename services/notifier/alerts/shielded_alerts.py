"""What was told of a case before it was shielded is taken back. What a channel has delivered cannot be taken back.

When a unit is recused, the alerts in its people's inboxes say only that, and what is not sent yet is not sent. When a
case is marked as sensitive, all its alerts lose their words, also those that are still to be sent. Alerts of visits for
the case, which tell of who invites and when, lose the place.
"""

from services.notifier.alerts.alert_plan import case_subject
from services.notifier.alerts.alert_store import SENSITIVE_EVENT, AlertStore
from services.notifier.alerts.visit_alerts import without_place
from services.notifier.alerts.wording import recused_text, title
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import RECUSED, SAYS_NOTHING
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent
from shared.contracts.envelope import Envelope
from shared.contracts.sight import names_of
from shared.runtime.storage.mongo import UpdateMany, Write

RECUSED_EVENT = "case.recused.v1"
SHIELDING_EVENTS = frozenset({RECUSED_EVENT, SENSITIVE_EVENT})


class ShieldedAlerts:
    """Takes back what earlier alerts of a case say."""

    def __init__(self, alerts: AlertStore, deliveries: AlertDeliveries) -> None:
        self._alerts = alerts
        self._deliveries = deliveries

    async def take_back(self, event: Envelope, data: CaseEvent, pack: Pack) -> list[Write]:
        """Ends their deliveries, and returns the writes for their alerts; both may be done again. To be called when the
        alerts of earlier events are stored."""
        visits = await self._alerts.of_visits_for(data.case.id)
        if event.type == SENSITIVE_EVENT:
            return [without_words(event, data, pack), *without_place(visits, pack)]
        case, language = data.case, pack.city.languages[0]
        told = await self._alerts.of_case(case.id)
        seeing = set(case.seen_by)
        blind = [alert for alert in told if not _sees(alert.recipient, seeing, pack)]
        await self._deliveries.end([alert.id for alert in blind])
        nothing = {
            "kind": RECUSED,
            "state": "over",
            "title": title(RECUSED, case.priority, language),
            "text": recused_text(pack),
            "group_text": recused_text(pack),
            "due_at": None,
            "due_name": None,
            "category": None,
            "acked_at": event.time,
        }
        people = sorted({alert.recipient for alert in blind})
        before = {"case": case.id, "case_version": {"$lt": case.version}}
        mute: list[Write] = [UpdateMany({**before, "recipient": {"$in": people}}, {"$set": nothing})] if people else []
        return mute + without_place([alert for alert in visits if not _sees(alert.recipient, seeing, pack)], pack)


def without_words(event: Envelope, data: CaseEvent, pack: Pack) -> Write:
    """Every earlier alert of the case says that it is sensitive, and nothing else of it."""
    about = case_subject(event, data, pack)
    said = {"text": about.text, "group_text": about.group_text, "category": None}
    before = {"case": data.case.id, "case_version": {"$lt": data.case.version}, "kind": {"$nin": sorted(SAYS_NOTHING)}}
    return UpdateMany(before, {"$set": said})


def _sees(person: str, seeing: set[str], pack: Pack) -> bool:
    known = pack.people.get(person)
    return not names_of(known.unit if known is not None else None, person).isdisjoint(seeing)
