"""Who an event of a case must alert, worked out from the event alone: the measure for what the notifier has."""

from services.notifier.alerts.confidential_recipients import permitted_recipients as seen_by_those
from services.notifier.alerts.effect_review import looks_at_effect
from services.notifier.alerts.on_duty import people_reached
from services.notifier.domain.recipients import AlertTrigger, notices
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope


def people_told(event: Envelope, pack: Pack) -> set[str]:
    """Ids of the people of ``pack`` who are told of a case's ``event``."""
    data = decode(event, CaseEvent)
    case = data.case
    told = AlertTrigger(
        type=event.type,
        unit=case.unit,
        within=case.within,
        offered_to=case.offered_to,
        act=data.act,
        tell=tuple(data.tell),
        assignee=case.assignee,
        early=data.due_at is not None and event.time < data.due_at,
        part=data.part,
        effect=looks_at_effect(event.type, case, pack),
    )
    if case.confidential:
        return set(seen_by_those(notices(told), case, pack, event.time, NO_CHANGES))
    return {person.id for notice in notices(told) for person in people_reached(notice, pack, event.time)}
