"""What a unit's level is called in words: 社区, 网格, "Community", "Grid"."""

from shared.city.pack import Pack
from shared.city.texts.reporter_steps import is_chinese

KNOWN: dict[str, tuple[str, str]] = {
    "city": ("市", "City"),
    "county": ("县", "County"),
    "municipality": ("市", "Municipality"),
    "district": ("区", "District"),
    "street": ("街道", "Street"),
    "town": ("镇", "Town"),
    "community": ("社区", "Community"),
    "village": ("村", "Village"),
    "grid": ("网格", "Grid"),
    "microgrid": ("微网格", "Microgrid"),
    "estate": ("小区", "Estate"),
    "building": ("楼栋", "Building"),
    "hub_household": ("党员中心户", "Hub household"),
    "department": ("职能部门", "Department"),
    "inspection": ("纪检机关", "Inspection"),
    "property": ("物业", "Property company"),
    "committee": ("业主委员会", "Owners' committee"),
    "resident": ("驻区单位", "Resident unit"),
    "industry": ("行业", "Industry"),
    "team": ("党员先锋队", "Team"),
}
"""Level → its usual words, Chinese and English, for the language in which a pack does not name its levels."""


def level_words(pack: Pack, unit: str) -> tuple[str, str]:
    """The level of ``unit`` in Chinese and English: as ``level_names`` say it in the city's language, else as it is
    usually called, else the pack's own word. Both are empty for a unit that the pack does not have."""
    if unit not in pack.units:
        return "", ""
    level = pack.units[unit].level
    named = pack.city.level_names.get(level, "")
    chinese, english = KNOWN.get(level, ("", ""))
    if is_chinese(pack.city.languages[0]):
        return named or chinese or level, english or _spelt(level)
    return chinese or named or level, _spelt(named) or english or _spelt(level)


def _spelt(word: str) -> str:
    """``hub_household``: Hub household."""
    return word[:1].upper() + word[1:].replace("_", " ")
