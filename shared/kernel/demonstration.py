"""What every page, message and answer of a city says that only demonstrates the system."""

_ZH = "演示系统，上报不会送达任何部门；紧急请拨119/110/120"
_EN = "A demonstration: no report reaches any authority; in an emergency call 119, 110 or 120"


def demonstration_notice(language: str) -> str:
    """The notice in ``language``, such as ``zh-CN``; English for all others."""
    return _ZH if language.startswith("zh") else _EN
