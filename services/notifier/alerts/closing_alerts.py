"""Those who were paged are told when it is over: over the same channels, unless they did it themselves."""

from datetime import datetime

from services.notifier.alerts.alert_record import Subject, record
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.domain.recipients import Notice
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent
from shared.contracts.envelope import Envelope
from shared.runtime.storage.mongo import Collection, Document

ENDINGS = frozenset({"case.closed.v1", "case.rejected.v1", "case.merged.v1"})
ALERTS_MAX = 500


class Endings:
    """Finds who was reached beside the inbox."""

    def __init__(self, alerts: Collection, owed: AlertDeliveries) -> None:
        self._alerts = alerts
        self._owed = owed

    async def of(
        self, event: Envelope, data: CaseEvent, pack: Pack, subject: Subject, now: datetime
    ) -> tuple[list[Document], dict[str, Document]]:
        """Alerts and deliveries of a case's end; none where nobody was paged."""
        if not pack.receivers or data.case.historic:
            return [], {}
        told = await self._alerts.find({"case": data.case.id}, sort=[("at", -1)], limit=ALERTS_MAX)
        acted = {a["recipient"] for a in told if a.get("acted") or a.get("acked_by") == a["recipient"]} | {data.by}
        others = {a["_id"]: a for a in told if a["recipient"] not in acted and a["kind"] not in ("over", "unattended")}
        paged = await self._owed.reached(list(others))
        by_person = {others[delivery["alert"]]["recipient"]: others[delivery["alert"]] for delivery in reversed(paged)}
        language = pack.city.languages[0]
        made = [
            {**record(event, subject, Notice("over", alert["unit"]), person, language, now), "state": "over"}
            for person, alert in by_person.items()
        ]
        places = {(others[delivery["alert"]]["recipient"], delivery["receiver"]) for delivery in paged}
        owners = {alert["_id"]: alert["recipient"] for alert in made}
        deliveries = {
            id_: delivery
            for id_, delivery in self._owed.of(pack, made).items()
            if (owners[delivery["alert"]], delivery["receiver"]) in places
        }
        return made, deliveries
