"""Looking at the effect of what was closed (效果检视): its day has come, as the category asks."""

from shared.city.pack import Pack
from shared.contracts.cases import CaseState


def looks_at_effect(event_type: str, case: CaseState, pack: Pack) -> bool:
    """Whether an event reminds of that, and not of an agreement that the desk looks after while the case is open."""
    category = pack.categories.get(case.category)
    asked = category is not None and category.effect_check is not None
    return event_type == "case.follow_up.v1" and case.state == "closed" and asked
