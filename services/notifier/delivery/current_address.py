"""Where a delivery goes by the pack that is in force when it is sent. Pure.

A delivery may wait for hours: for an end of quiet hours, for a retry, for the time of a call. Meanwhile a telephone may
have changed, or belong to somebody else.
"""

from msgspec.structs import replace

from services.notifier.documents.alert import Alert
from services.notifier.documents.delivery import AlertDelivery
from shared.city.pack import Pack


def current_address(delivery: AlertDelivery, alert: Alert, pack: Pack) -> AlertDelivery | None:
    """``delivery`` to the receiver that its person or unit has today for the same kind of channel; unchanged where that
    is the one it was planned for. None where neither has a channel of this kind any more.

    A receiver that was changed is tried from the beginning: the failures so far were those of the old one.
    """
    receivers = pack.receivers
    own = receivers.of_person(alert.recipient)
    named = own if delivery.to == "person" else (*receivers.of_unit(alert.unit), *own)
    alike = [receiver for receiver in named if receiver.kind == delivery.channel]
    if not alike:
        return None
    still = [r for r in alike if r.id == delivery.receiver and (delivery.to == "person" or receivers.in_group(r))]
    today = (still or alike)[0]
    to = "unit" if receivers.in_group(today) else "person"
    if (today.id, to) == (delivery.receiver, delivery.to):
        return delivery
    changed = replace(delivery, receiver=today.id, to=to, pack_version=pack.version)
    return changed if today.id == delivery.receiver else replace(changed, attempts=0, form="")
