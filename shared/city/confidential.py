"""Determines category and priority of a confidential report from its words, before they are encrypted."""

from shared.city.pack import Pack
from shared.kernel.vocabulary import Priority


def category_and_priority(
    pack: Pack, category: str | None, kind: str, app: str, words: str, channel: str = "app"
) -> tuple[str, Priority]:
    """Category and priority by the pack's words and rules. ``category``: the one the report names, or None."""
    code = category or pack.classify(words).code
    priority: Priority = pack.categories[code].priority
    path = pack.units[pack.handlers.of_category(code).unit].path
    rule = pack.rule_for(code, kind, app, words, path, priority, channel)
    if rule is not None and rule.then.category is not None:
        code = rule.then.category
        priority = pack.categories[code].priority
    if rule is not None and rule.then.priority is not None:
        priority = rule.then.priority
    return code, priority
