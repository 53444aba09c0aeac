"""The indexes of the router's cases, and of the first answers to commands."""

from datetime import UTC, datetime

from shared.runtime.storage.mongo import IndexModel

EVER = datetime(1970, 1, 1, tzinfo=UTC)
_NOW = (("state", 1), ("priority", 1), ("due_at", 1), ("_id", 1))
"""Sorted by deadline within each state and priority: a query reads the wanted ones and merges them (MongoDB's sort
merge). With the deadline first in the index, finding fifty claimed cases among a million took 1.6 s."""
ANY_TEXT = {"$gt": ""}
"""Matches any text. With ``$type`` instead, MongoDB would read the whole index."""
INDEXES = (
    IndexModel([("next_due", 1)], name="next_due", sparse=True),
    IndexModel([("aside", 1)], name="aside", sparse=True),
    IndexModel([("city", 1), ("queues", 1), *_NOW, ("category", 1)], name="queue"),
    IndexModel([("city", 1), ("seen_by", 1), *_NOW], name="subtree"),
    IndexModel(
        [("city", 1), ("seen_by", 1), ("category", 1), ("state", 1), ("due_at", 1), ("_id", 1), ("priority", 1)],
        name="subtree_category",
    ),
    IndexModel(
        [("same.key", 1), ("same.until", 1), ("traits.lon", 1), ("traits.lat", 1), ("_id", 1)],
        name="same_place",
        partialFilterExpression={"same.key": ANY_TEXT},
    ),
    IndexModel([("city", 1), ("words", 1), ("opened_at", -1), ("_id", 1)], name="words"),
    IndexModel(
        [("city", 1), ("seen_by", 1), ("historic", 1), ("open", 1), ("opened_at", -1), ("_id", 1), ("state", 1)],
        name="opened",
    ),
    IndexModel([("location.cell", 1), ("open", 1), ("opened_at", -1)], name="cell"),
    IndexModel([("city", 1), ("state", 1)], name="patrol", partialFilterExpression={"channel": "patrol"}),
    IndexModel(
        [("city", 1), ("calls.path", 1), ("calls.since", 1), ("_id", 1)],
        name="calls",
        partialFilterExpression={"calls.since": {"$gt": EVER}},
    ),
    IndexModel(
        [("city", 1), ("heard.units", 1), ("heard.at", 1)],
        name="heard",
        partialFilterExpression={"heard.at": {"$gt": EVER}},
    ),
    IndexModel(
        [("city", 1), ("awaits", 1), ("due_at", 1), ("_id", 1)],
        name="awaits",
        partialFilterExpression={"awaits": ANY_TEXT},
    ),
    IndexModel([("merged_into", 1)], name="merged", partialFilterExpression={"merged_into": ANY_TEXT}),
)
OLD_INDEXES = ("subtree_filtered", "queue_filtered", "offered", "called", "same", "merged_into")
ANSWER_INDEXES = (IndexModel([("at", 1)], name="forgotten", expireAfterSeconds=30 * 24 * 3600),)
"""First answers are repeated for thirty days."""
