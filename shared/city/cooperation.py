"""Rules for units that work together: who can be called in, who may hold consultations, and the entry list (准入)."""

from shared.city.model.city import City
from shared.city.pack import Pack
from shared.city.place.reasons import reason
from shared.city.texts.reporter_steps import is_chinese

CALLED = frozenset({"department", "property", "industry", "team", "resident", "committee"})
"""Default of ``called_levels``: levels whose units can be called in; they are beside the ladder, not on it."""
PROTECTED = frozenset({"community", "village", "grid", "microgrid"})
"""Default of ``protected_levels``: levels to which departments may pass down only what the entry list admits."""


def called_levels(city: City) -> frozenset[str]:
    """Levels whose units can be called in."""
    return CALLED if city.called_levels is None else frozenset(city.called_levels)


def protected_levels(city: City) -> frozenset[str]:
    """Levels that the entry list protects."""
    return PROTECTED if city.protected_levels is None else frozenset(city.protected_levels)


def may_be_called(pack: Pack, unit: str) -> bool:
    """Whether ``unit`` is a department, a resident unit, a member team or another that can be called in."""
    return pack.units[unit].level in called_levels(pack.city)


def consults(pack: Pack, unit: str) -> bool:
    """Whether ``unit`` may hold consultations: its level is on the ladder, above those of communities."""
    beside = called_levels(pack.city) | protected_levels(pack.city)
    return pack.units[unit].level not in beside and pack.tree.owns_queue(unit)


def not_admitted(pack: Pack, category: str, loader: str, unit: str) -> str | None:
    """Why ``loader`` may not pass a case of this category down to ``unit`` (准入), in words; None when it may.

    Only units that can be called in are limited, and only towards protected levels and units below them.
    """
    protected = [up for up in pack.units[unit].path if pack.units[up].level in protected_levels(pack.city)]
    if not may_be_called(pack, loader) or not protected or set(protected) & set(pack.units[loader].path):
        return None
    known = pack.categories.get(category)
    admitted = True if known is None else known.admitted
    if admitted is True or (admitted is not False and loader in admitted):
        return None
    language = pack.city.languages[0]
    name = known.name if known is not None and is_chinese(language) else category
    return reason("not_admitted", language, category=name, unit=pack.units[loader].name)


def units_to_send_to(pack: Pack, category: str, owner: str, within: str) -> list[str]:
    """Units with a queue in the subtree of ``within`` to which that unit may send a case of ``owner``, by the entry
    list: first those beside the owner, then the others in the order of the pack."""
    parent = pack.units[owner].parent if owner in pack.units else None
    open_ = (
        unit
        for unit in pack.units.values()
        if within in unit.path
        and unit.id != owner
        and pack.tree.owns_queue(unit.id)
        and not any(not_admitted(pack, category, loader, unit.id) for loader in (owner, within) if loader in pack.units)
    )
    return [unit.id for unit in sorted(open_, key=lambda unit: unit.parent != parent)]
