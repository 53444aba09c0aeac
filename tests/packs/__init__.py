"""Small packs for tests, and where to find all packs."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shared.city import yaml_text
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack

HARBOUR = Path(__file__).parent / "harbour"
GARDENS = Path(__file__).parent / "gardens"
SHEYANG = Path(__file__).parents[2] / "deploy" / "cities" / "sheyang"


CLIMBING = Path(__file__).parent / "climbing.yaml"


@cache
def pack_of(folder: Path) -> Pack:
    """The pack in ``folder``, read once."""
    return read_pack(read_folder(folder))


def harbour_that_climbs(folder: Path) -> Path:
    """The harbour in ``folder``, with commitments whose ladders move up whatever nobody works at."""
    content = {**read_folder(HARBOUR), "commitments.yaml": CLIMBING.read_text(encoding="utf-8")}
    for name, text in content.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def lamps_in_desk_hours() -> dict[str, str]:
    """The file of the harbour in which the lamps of the quays count and ring while the desk is open, every day."""
    text = (HARBOUR / "commitments.yaml").read_text(encoding="utf-8")
    lamps = "resolve: PT8H, review: PT2H, calendar: "
    assert text.count(f"{lamps}always") == 1
    return {"commitments.yaml": text.replace(f"{lamps}always", f"{lamps}desk")}


def harbour_with_channels(
    city: Any = None, units: Mapping[str, Any] = {}, people: Mapping[str, Any] = {}
) -> dict[str, str]:
    """The harbour's files with the ``channels`` of the city, of units and of people."""
    files = read_folder(HARBOUR)
    content: Any = {name: yaml_text.parse(files[name]) for name in ("city.yaml", "units.yaml", "posts.yaml")}
    content["city.yaml"]["channels"] = city or {}
    for file, key, named in (("units.yaml", "units", units), ("posts.yaml", "people", people)):
        for entry in content[file][key]:
            entry["channels"] = named.get(entry["id"], {})
    return {**files, **{name: json.dumps(value, ensure_ascii=False) for name, value in content.items()}}


def harbour_with_same(words: float = 0) -> dict[str, str]:
    """The harbour's files with rules for reports of the same thing. ``words``: the share that they ask for."""
    files = read_folder(HARBOUR)
    content: Any = yaml_text.parse(files["categories.yaml"])
    same = {"radius_m": 100, "window": "PT6H", "reopens": "P2D", "reopens_at": "parent", "linked": "P30D"}
    asks = {"words": words} if words else {}
    rising = [{"reports": 3, "priority": "urgent"}, {"reports": 10, "priority": "danger", "tell": "municipality"}]
    for category in content["categories"]:
        if category["code"] in ("street_light", "flooding"):
            category["same"] = {**same, **asks, "rising": rising}
    content["feedback"] = [
        {"means": "fixed", "words": ["works again", "is fixed"], "not": ["not fixed", "broken again"]},
        {"means": "thanks", "words": ["thank"]},
    ]
    return {**files, "categories.yaml": json.dumps(content, ensure_ascii=False)}
