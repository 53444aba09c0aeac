"""Recusal (回避) by the pack: which units must not see a case that is about others, and which unit has it instead."""

from collections.abc import Collection

from services.router.domain.case import Case
from shared.city.pack import Pack


def is_recused(case: Case, unit: str, pack: Pack) -> bool:
    """Whether the case is about ``unit`` or about a unit above it. Of a case about the root the owner (``about_root``)
    and units below it are not meant, though they lie below the root."""
    if not case.recused:
        return False
    path = pack.units[unit].path if unit in pack.units else (unit,)
    above_owner = {up.id for up in case.path[:-1]}
    exempt = case.unit in path and case.unit not in case.recused
    return any(about in path and not (exempt and about in above_owner) for about in case.recused)


def owner_instead(pack: Pack, owner: str, recused: Collection[str]) -> str | None:
    """The unit that has a case instead of ``owner``: the nearest with a queue above all of ``recused``; where the root
    is among them, the pack's ``about_root``. None where no unit is left."""
    path = pack.units[owner].path
    first = next((place for place, unit in enumerate(path) if unit in recused), None)
    if first is None:
        return owner
    above = next((up for up in reversed(path[:first]) if pack.tree.owns_queue(up)), None)
    if above is not None:
        return above
    return pack.city.about_root if pack.city.about_root not in (None, *recused) else None
