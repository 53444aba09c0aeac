"""Alerts of what a case said before it was raised to danger: they may be made after the case was signed.

A case that was raised says what comes after on another lane than what came before, and the lanes do not wait for each
other. Once there is no backlog the order is the usual one, so that only alerts of late events are looked after.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.runtime.storage.mongo import Collection, Document, UpdateMany, Write

LATE = timedelta(seconds=10)
SETTLED = ("acked", "over")
_TURNED = ("case", "case_version", "part", "state", "acked_at", "acked_by")


async def settled_before(alerts: Collection, made: Sequence[Document], now: datetime) -> list[Write]:
    """What turns late alerts as later ones of their case were turned already."""
    cases = {alert["case"] for alert in made if now - alert["event_at"] > LATE}
    if not cases:
        return []
    later = await alerts.find(
        {"case": {"$in": sorted(cases)}, "state": {"$in": list(SETTLED)}},
        dict.fromkeys(_TURNED, 1),
        limit=16 * len(cases),
    )
    return [_as(turned) for turned in later if "acked_at" in turned]


def _as(turned: Document) -> UpdateMany:
    whose: Document = {} if turned["state"] == "over" else {"part": turned.get("part")}
    earlier = {"case": turned["case"], "state": "sent", "case_version": {"$lt": turned["case_version"]}, **whose}
    return UpdateMany(earlier, {"$set": {n: turned.get(n) for n in ("state", "acked_at", "acked_by")}})
