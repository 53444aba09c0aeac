"""Limits on the size of a pack: ten times what the largest city in our sources would need.

They are checked before the counted values are processed, so that refusing a larger pack costs only the counting.
"""

MOST = {
    "units": 20_000,
    "places": 50_000,
    "no_location": 1_000,
    "categories": 500,
    "feedback": 200,
    "suspicions": 200,
    "elsewhere": 100,
    "rules": 1_000,
    "commitments": 5_000,
    "pauses": 200,
    "returns": 200,
    "rejections": 200,
    "calendars": 500,
    "people": 20_000,
    "swaps": 20_000,
    "leave": 20_000,
    "covers": 5_000,
    "pairs": 20_000,
    "texts": 2_000,
    "bridges": 20,
}
"""Most entries of each list."""
MOST_YAML_BYTES = 16 * 2**20
MOST_AREAS_BYTES = 24 * 2**20
"""Room for ``geojson.VERTICES_MAX`` corners with all their digits."""
MOST_AREAS_VALUES = 4_000_000
"""Most numbers, lists and members of ``areas.geojson``, those of editors included; the corners take 1.6 million."""
MOST_NODES = 2_000_000
"""Most values in all YAML files of a pack together."""
MOST_IN_A_LIST = 200_000
"""Most values in one list or map of a YAML file."""
MOST_PROBLEMS = 1000
"""Most problems that are reported; parsing stops at the last."""
NAME_SHOWN = 100
"""Characters of a key that a problem's message repeats."""
