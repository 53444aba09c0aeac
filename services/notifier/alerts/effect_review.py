"""The day has come to review the effect of a closed case (效果检视), as its category asks."""

from shared.city.pack import Pack
from shared.contracts.cases import CaseState


def looks_at_effect(event_type: str, case: CaseState, pack: Pack) -> bool:
    """Whether an event reminds of that review. While a case is open, the same event type reminds of an agreement."""
    category = pack.categories.get(case.category)
    asked = category is not None and category.effect_check is not None
    return event_type == "case.follow_up.v1" and case.state == "closed" and asked
