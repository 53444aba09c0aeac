"""What the router answers about the city: the officer's own unit, names of people and units, categories."""

from typing import Any

QUAYSIDE = {"name": "交通路社区", "name_en": "Quayside"}
QUESTIONS = {"type": "object", "properties": {"flow": {"title": "水有多大"}, "cut": {"title": "总阀已关"}}}


def answers(*, demonstration: bool) -> dict[str, Any]:
    """By method and path."""
    return {
        "GET /v1/names": {
            "timezone": "Asia/Shanghai",
            "people": {
                "qs-desk": {"name": "张三", "name_en": "Zhang San", "unit": QUAYSIDE, "role": "duty_officer"},
                "qs-night": {"name": "王五", "name_en": "Wang Wu", "unit": QUAYSIDE, "role": "duty_officer"},
                "qs-walk": {"name": "李四", "name_en": "Li Si", "unit": QUAYSIDE, "role": "grid_member"},
            },
            "units": {
                "quayside": QUAYSIDE,
                "county": {"name": "射阳县", "name_en": "Sheyang county"},
                "grid-1": {
                    "name": "交通路第一网格",
                    "name_en": "Quayside grid one",
                    "level": "网格",
                    "level_en": "Grid",
                },
                "works": {"name": "住房和城乡建设局", "name_en": "Department of works"},
            },
            "reasons": {"weather": {"name": "恶劣天气", "name_en": "Bad weather"}},
        },
        "GET /v1/units/quayside": {"id": "quayside", "path": ["county", "quayside"], **QUAYSIDE},
        "GET /v1/categories": {"items": _categories(), "notice": "演示系统" if demonstration else None},
    }


def _categories() -> list[dict[str, Any]]:
    return [
        {
            "code": "water_pipe",
            "name": "供水管网",
            "name_en": "Water pipe",
            "after_photo": "required",
            "questions": QUESTIONS,
        },
        {"code": "street_light", "name": "路灯", "name_en": "Street light"},
    ]
