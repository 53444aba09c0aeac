"""How much a city's pack may hold: ten times what the largest city of the accounts would need.

They are looked at before anything is made of what is counted, so that a pack that holds more is refused at the cost of
counting it.
"""

MOST = {
    "units": 20_000,
    "places": 50_000,
    "no_location": 1_000,
    "categories": 500,
    "feedback": 200,
    "rules": 1_000,
    "commitments": 5_000,
    "pauses": 200,
    "calendars": 500,
    "people": 20_000,
    "swaps": 20_000,
    "leave": 20_000,
    "covers": 5_000,
    "pairs": 20_000,
    "texts": 2_000,
}
"""Entries of each list."""
MOST_YAML_BYTES = 16 * 2**20
MOST_AREAS_BYTES = 24 * 2**20
"""What ``geojson.VERTICES_MAX`` corners take with all their digits."""
MOST_AREAS_VALUES = 4_000_000
"""Numbers, lists and members of ``areas.geojson``, editors' own with them; the corners take 1.6 million."""
MOST_NODES = 2_000_000
"""Values of all YAML files of a pack together."""
MOST_IN_A_LIST = 200_000
"""Values that stand side by side in one list or map of a YAML file."""
MOST_PROBLEMS = 1000
"""Problems that are named of a pack; reading ends with the last of them."""
NAME_SHOWN = 100
"""Characters of a name in a file that a problem repeats."""
